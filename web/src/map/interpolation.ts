/**
 * Interpolation between the positions of a car: the rules for all cars, and one car on the map of a passenger.
 *
 * Rule 1. An interpolation lasts as long as this car usually takes from fix to fix, `LONGEST_MS` at most. The car moves
 *         without halts, and the position shown lies between its last two fixes.
 * Rule 2. It ends when its fix is `OLDEST_SHOWN_MS` old; a fix that arrived late is interpolated faster.
 * Rule 3. A car that cannot have driven the distance is moved at once.
 */
import { metersBetween, type Point } from './geometry';

export const LONGEST_MS = 1000;
export const SHORTEST_MS = 80;
export const OLDEST_SHOWN_MS = 1300;
/** Upper bound of a car's speed, m/s of city time; `SLACK_M` allows for errors of GPS. */
const FASTEST = 60;
const SLACK_M = 150;

/** Duration of an interpolation (wall ms) to a fix that is `ageMs` old, if fixes usually come each `usualMs`. */
export function interpolationMs(usualMs: number, ageMs: number): number {
  return Math.max(SHORTEST_MS, Math.min(LONGEST_MS, usualMs, OLDEST_SHOWN_MS - ageMs));
}

/** True if no car drives `meters` within this time (city seconds). */
export function isJump(meters: number, citySeconds: number): boolean {
  return meters > SLACK_M + FASTEST * Math.max(0, citySeconds);
}

export interface Pose extends Point {
  /** Degrees from north. */
  heading: number;
}

interface Fix extends Point {
  /** Degrees from north, if known. */
  heading?: number | undefined;
  /** City time, seconds. */
  at: number;
}

const FIRST_MS = 1000;
const MARKER_SHORTEST_MS = 150;
const MARKER_LONGEST_MS = 3000;

/** One car with its heading: it reaches a fix when the next one is due. */
export class MarkerInterpolation {
  private from: Pose | null = null;
  private to: (Pose & { at: number }) | null = null;
  private since = 0;
  private durationMs = FIRST_MS;

  add(fix: Fix, nowMs: number): void {
    const before = this.pose(nowMs);
    const to = { lat: fix.lat, lng: fix.lng, heading: fix.heading ?? before?.heading ?? 0, at: fix.at };
    const jumps = this.to !== null && isJump(metersBetween(this.to, to), fix.at - this.to.at);
    if (this.to !== null) {
      this.durationMs = Math.min(MARKER_LONGEST_MS, Math.max(MARKER_SHORTEST_MS, nowMs - this.since));
    }
    this.from = before === null || jumps ? to : before;
    this.to = to;
    this.since = nowMs;
  }

  pose(nowMs: number): Pose | null {
    if (this.from === null || this.to === null) return null;
    const done = Math.min(1, Math.max(0, (nowMs - this.since) / this.durationMs));
    const turn = ((((this.to.heading - this.from.heading) % 360) + 540) % 360) - 180;
    return {
      lat: this.from.lat + (this.to.lat - this.from.lat) * done,
      lng: this.from.lng + (this.to.lng - this.from.lng) * done,
      heading: (this.from.heading + turn * done + 360) % 360,
    };
  }

  /** True if the newest fix is reached. */
  isAtRest(nowMs: number): boolean {
    return nowMs - this.since >= this.durationMs;
  }
}
