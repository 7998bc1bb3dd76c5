/**
 * The positions of this phone during a shift, about one per second.
 *
 * Rule 1. Browsers report a position when it changes. After a silence the device is polled. If a standing car gets no
 *         answer, its last position is repeated for a minute. The position of a moving car is not repeated: it may be
 *         in a tunnel, and an outdated place would cost the meter the distance through it.
 * Rule 2. A page in the background gets no positions from any browser.
 */
import { signal } from '@preact/signals';
import type { GpsState } from './connection_health';
import { type Position, positionOf } from './unacked_fixes';

const EXACT: PositionOptions = { enableHighAccuracy: true, maximumAge: 0, timeout: 10_000 };
const AT_MOST_EVERY_S = 0.9;
const POLL_EVERY_S = 3;
const STANDING_BELOW_MPS = 1;
const REPEAT_FOR_MS = 60_000;
const SILENT_MS = 15_000;

export class Gps {
  readonly state = signal<GpsState>('off');
  readonly here = signal<Position | null>(null);
  private watching: number | null = null;
  private polling = 0;
  private latest: Position | null = null;
  /** When the device last reported a position (or `start` was called), and when one was last emitted. */
  private reportedMs = 0;
  private emittedMs = 0;

  /** `speed`: seconds of the city per second; a faster city needs positions more often. */
  constructor(
    private readonly onPosition: (position: Position) => void,
    private readonly speed: () => number,
  ) {}

  start(): void {
    if (this.watching !== null) return;
    if (!('geolocation' in navigator)) {
      this.state.value = 'missing';
      return;
    }
    this.state.value = 'searching';
    this.reportedMs = Date.now();
    this.latest = null;
    this.watching = navigator.geolocation.watchPosition(this.reported, this.failed, EXACT);
    this.poll();
  }

  stop(): void {
    if (this.watching !== null) navigator.geolocation.clearWatch(this.watching);
    clearTimeout(this.polling);
    this.watching = null;
    this.state.value = 'off';
  }

  private poll(): void {
    const waitMs = Math.max(250, (POLL_EVERY_S * 1000) / this.speed());
    this.polling = window.setTimeout(() => {
      const now = Date.now();
      const visible = document.visibilityState === 'visible';
      if (now - this.reportedMs >= waitMs * 0.9 && visible) {
        navigator.geolocation.getCurrentPosition(this.reported, this.failed, EXACT);
      }
      if (now - this.emittedMs >= waitMs * 0.9 && visible) this.repeat(now);
      this.checkSilence(now);
      this.poll();
    }, waitMs);
  }

  private repeat(now: number): void {
    const latest = this.latest;
    if (latest === null || now - this.reportedMs > REPEAT_FOR_MS) return;
    const stands = latest.speed === null || latest.speed < STANDING_BELOW_MPS;
    if (stands) this.emit({ ...latest, at: now / 1000 }, now);
  }

  private checkSilence(now: number): void {
    const repeats = this.latest !== null && now - this.emittedMs < SILENT_MS;
    if (now - this.reportedMs > SILENT_MS && !repeats && this.state.value !== 'denied') this.state.value = 'silent';
  }

  private readonly reported = (found: GeolocationPosition): void => {
    if (this.watching === null) return;
    const now = Date.now();
    this.state.value = 'good';
    this.reportedMs = now;
    this.latest = positionOf(found, now / 1000);
    this.here.value = this.latest;
    if (now - this.emittedMs >= (AT_MOST_EVERY_S * 1000) / this.speed()) this.emit(this.latest, now);
  };

  private emit(position: Position, now: number): void {
    this.emittedMs = now;
    this.onPosition(position);
  }

  private readonly failed = (error: GeolocationPositionError): void => {
    if (this.watching === null) return;
    if (error.code === error.PERMISSION_DENIED) this.state.value = 'denied';
    else this.checkSilence(Date.now());
  };
}
