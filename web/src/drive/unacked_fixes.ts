/**
 * The numbered positions of this phone that the server has not acknowledged. No I/O: `fix_store.ts` stores them across
 * restarts, `position_upload.ts` sends them.
 *
 * Rule 1. Numbers only increase, also across restarts: they start at the clock's milliseconds, above all stored fixes,
 *         and continue above every number that the server acknowledges.
 * Rule 2. A fix is stored with the phone's time and converted to city time when it is sent, because a phone that starts
 *         offline does not know the city time.
 * Rule 3. At most `MAX_KEPT` fixes are kept; then the oldest are dropped.
 */
import type { Fix } from '../protocol/messages';

export const MAX_IN_MESSAGE = 500;
/** One hour at one fix per second. */
export const MAX_KEPT = 3600;

/** A position of the phone; `at` is the phone's time in Unix seconds, `speed` m/s, `heading` degrees from north. */
export interface Position {
  at: number;
  lat: number;
  lng: number;
  speed: number | null;
  heading: number | null;
}

export interface NumberedFix extends Position {
  n: number;
}

export class UnackedFixes {
  private fixes: NumberedFix[];
  private last: number;
  private ackedUntil = -1;

  /** `stored` are the fixes of an earlier run, in any order; `first` is the first number to assign. */
  constructor(first: number, stored: readonly NumberedFix[] = []) {
    this.fixes = [...stored].sort((one, other) => one.n - other.n).slice(-MAX_KEPT);
    this.last = Math.max(first - 1, this.fixes.at(-1)?.n ?? -1);
  }

  get count(): number {
    return this.fixes.length;
  }

  add(position: Position): NumberedFix {
    this.last += 1;
    const fix = { ...position, n: this.last };
    this.fixes.push(fix);
    if (this.fixes.length > MAX_KEPT) this.fixes.splice(0, this.fixes.length - MAX_KEPT);
    return fix;
  }

  /** Drops all fixes up to `n`. True for an old number: the server has restarted and needs the rest again. */
  acknowledge(n: number): boolean {
    const isOld = n <= this.ackedUntil;
    this.ackedUntil = Math.max(this.ackedUntil, n);
    this.last = Math.max(this.last, n);
    this.fixes = this.fixes.filter((fix) => fix.n > n);
    return isOld;
  }

  /** All unacknowledged fixes in the order of their numbers, in parts that fit into a message. */
  batches(cityTime: (phoneTime: number) => number): Fix[][] {
    const parts: Fix[][] = [];
    for (let from = 0; from < this.fixes.length; from += MAX_IN_MESSAGE) {
      parts.push(this.fixes.slice(from, from + MAX_IN_MESSAGE).map((fix) => toWire(fix, cityTime)));
    }
    return parts;
  }
}

export function toWire(fix: NumberedFix, cityTime: (phoneTime: number) => number): Fix {
  return [fix.n, Math.max(0, cityTime(fix.at)), fix.lat, fix.lng, fix.speed, fix.heading];
}

const MAX_SPEED_MPS = 150;
/** Some browsers do not count the time of a position from 1970; such a time is replaced by the time of arrival. */
const CREDIBLE_S = 60;

/** A browser's position within the limits of the protocol. `now` is the phone's time in Unix seconds. */
export function positionOf(found: GeolocationPosition, now: number): Position {
  const { latitude, longitude, speed, heading } = found.coords;
  const at = found.timestamp / 1000;
  return {
    at: Math.abs(at - now) <= CREDIBLE_S ? Math.min(at, now) : now,
    lat: latitude,
    lng: longitude,
    speed: within(speed, MAX_SPEED_MPS),
    heading: within(heading, 360),
  };
}

function within(value: number | null, max: number): number | null {
  return value === null || !Number.isFinite(value) || value < 0 || value > max ? null : value;
}
