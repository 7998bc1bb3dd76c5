/**
 * Positions of this phone while the driver is on shift, about one a second.
 *
 * Browsers tell a position when it changes; a car that stands is asked for again, so that the server knows it is there.
 * A page in the background is told nothing: no browser lets it.
 */
import { signal } from '@preact/signals';
import type { GpsState } from './hearing';
import { type Position, positionOf } from './unheard';

const EXACT: PositionOptions = { enableHighAccuracy: true, maximumAge: 0, timeout: 10_000 };
const AT_MOST_EVERY_S = 0.9;
const ASK_AGAIN_S = 3;
const SILENT_MS = 15_000;

export class Gps {
  readonly state = signal<GpsState>('off');
  readonly here = signal<Position | null>(null);
  private watching: number | null = null;
  private asking = 0;
  private lastMs = 0;
  private sinceMs = 0;

  /** `speed`: how many seconds of the city pass in one; a faster city wants positions more often. */
  constructor(
    private readonly found: (position: Position) => void,
    private readonly speed: () => number,
  ) {}

  start(): void {
    if (this.watching !== null) return;
    if (!('geolocation' in navigator)) {
      this.state.value = 'missing';
      return;
    }
    this.state.value = 'searching';
    this.sinceMs = Date.now();
    this.watching = navigator.geolocation.watchPosition(this.heard, this.failed, EXACT);
    this.askAgain();
  }

  stop(): void {
    if (this.watching !== null) navigator.geolocation.clearWatch(this.watching);
    clearTimeout(this.asking);
    this.watching = null;
    this.state.value = 'off';
  }

  private askAgain(): void {
    const waitMs = Math.max(250, (ASK_AGAIN_S * 1000) / this.speed());
    this.asking = window.setTimeout(() => {
      const silentMs = Date.now() - Math.max(this.lastMs, this.sinceMs);
      if (silentMs > SILENT_MS && this.state.value !== 'denied') this.state.value = 'silent';
      if (silentMs >= waitMs * 0.9 && document.visibilityState === 'visible') {
        navigator.geolocation.getCurrentPosition(this.heard, this.failed, EXACT);
      }
      this.askAgain();
    }, waitMs);
  }

  private readonly heard = (found: GeolocationPosition): void => {
    if (this.watching === null) return;
    const now = Date.now();
    this.state.value = 'good';
    if (now - this.lastMs < (AT_MOST_EVERY_S * 1000) / this.speed()) return;
    this.lastMs = now;
    const position = positionOf(found, now / 1000);
    this.here.value = position;
    this.found(position);
  };

  private readonly failed = (error: GeolocationPositionError): void => {
    if (this.watching === null) return;
    if (error.code === error.PERMISSION_DENIED) this.state.value = 'denied';
    else if (Date.now() - Math.max(this.lastMs, this.sinceMs) > SILENT_MS) this.state.value = 'silent';
  };
}
