/**
 * Positions of this phone while the driver is on shift, about one a second.
 *
 * Rule 1. Browsers tell a position when it changes. After silence the device is asked; if a car that stood gets no answer,
 *         its last position is told again for a minute. A car that drove is not: it may be in a tunnel, and a place where
 *         it no longer is would cost the meter the way through.
 * Rule 2. A page in the background is told nothing: no browser lets it.
 */
import { signal } from '@preact/signals';
import type { GpsState } from './connection_health';
import { type Position, positionOf } from './unacked_fixes';

const EXACT: PositionOptions = { enableHighAccuracy: true, maximumAge: 0, timeout: 10_000 };
const AT_MOST_EVERY_S = 0.9;
const ASK_AGAIN_S = 3;
const STANDS_BELOW_MPS = 1;
const STOOD_MS = 60_000;
const SILENT_MS = 15_000;

export class Gps {
  readonly state = signal<GpsState>('off');
  readonly here = signal<Position | null>(null);
  private watching: number | null = null;
  private asking = 0;
  private latest: Position | null = null;
  /** When the device last told a position, or was first asked; and when a position last went out. */
  private toldMs = 0;
  private sentMs = 0;

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
    this.toldMs = Date.now();
    this.latest = null;
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
      const now = Date.now();
      const looksAt = document.visibilityState === 'visible';
      if (now - this.toldMs >= waitMs * 0.9 && looksAt) {
        navigator.geolocation.getCurrentPosition(this.heard, this.failed, EXACT);
      }
      if (now - this.sentMs >= waitMs * 0.9 && looksAt) this.tellAgain(now);
      this.judgeSilence(now);
      this.askAgain();
    }, waitMs);
  }

  private tellAgain(now: number): void {
    const latest = this.latest;
    if (latest === null || now - this.toldMs > STOOD_MS) return;
    const stands = latest.speed === null || latest.speed < STANDS_BELOW_MPS;
    if (stands) this.tell({ ...latest, at: now / 1000 }, now);
  }

  private judgeSilence(now: number): void {
    const stood = this.latest !== null && now - this.sentMs < SILENT_MS;
    if (now - this.toldMs > SILENT_MS && !stood && this.state.value !== 'denied') this.state.value = 'silent';
  }

  private readonly heard = (found: GeolocationPosition): void => {
    if (this.watching === null) return;
    const now = Date.now();
    this.state.value = 'good';
    this.toldMs = now;
    this.latest = positionOf(found, now / 1000);
    this.here.value = this.latest;
    if (now - this.sentMs >= (AT_MOST_EVERY_S * 1000) / this.speed()) this.tell(this.latest, now);
  };

  private tell(position: Position, now: number): void {
    this.sentMs = now;
    this.found(position);
  }

  private readonly failed = (error: GeolocationPositionError): void => {
    if (this.watching === null) return;
    if (error.code === error.PERMISSION_DENIED) this.state.value = 'denied';
    else this.judgeSilence(Date.now());
  };
}
