/**
 * The positions that this phone has numbered and the server has not yet called safe. No I/O: `fix_store.ts` keeps them
 * over a restart, `cab.ts` sends them.
 *
 * Rule 1. Numbers only grow, also over restarts: they begin at the clock's milliseconds, above whatever is kept, and go
 *         on above whatever number the server names.
 * Rule 2. A fix is kept with the phone's time and is turned into city time when it is sent, because a phone that starts
 *         without a connection does not know the city's time yet.
 * Rule 3. At most `MAX_KEPT` are kept; then the oldest go.
 */
import type { Fix } from '../protocol/messages';

export const MAX_IN_MESSAGE = 500;
/** An hour at one a second. */
export const MAX_KEPT = 3600;

/** A position as the phone told it; `at` is the phone's time in Unix seconds, `speed` m/s, `heading` degrees. */
export interface Position {
  at: number;
  lat: number;
  lng: number;
  speed: number | null;
  heading: number | null;
}

export interface KeptFix extends Position {
  n: number;
}

export class UnheardFixes {
  private fixes: KeptFix[];
  private last: number;
  private heardUntil = -1;

  /** `kept` are those of an earlier run, in any order; `first` is the first number to be given. */
  constructor(first: number, kept: readonly KeptFix[] = []) {
    this.fixes = [...kept].sort((one, other) => one.n - other.n).slice(-MAX_KEPT);
    this.last = Math.max(first - 1, this.fixes.at(-1)?.n ?? -1);
  }

  get count(): number {
    return this.fixes.length;
  }

  /** The number up to which the server has said that all is safe; -1: nothing yet. */
  get heard(): number {
    return this.heardUntil;
  }

  add(position: Position): KeptFix {
    this.last += 1;
    const fix = { ...position, n: this.last };
    this.fixes.push(fix);
    if (this.fixes.length > MAX_KEPT) this.fixes.splice(0, this.fixes.length - MAX_KEPT);
    return fix;
  }

  /** All up to `n` are safe. True where that is no news: the other side began anew and wants the rest once more. */
  hear(n: number): boolean {
    const stale = n <= this.heardUntil;
    this.heardUntil = Math.max(this.heardUntil, n);
    this.last = Math.max(this.last, n);
    this.fixes = this.fixes.filter((fix) => fix.n > n);
    return stale;
  }

  /** Everything unheard, in the order of the numbers, in parts that fit into a message. */
  batches(cityTime: (phoneTime: number) => number): Fix[][] {
    const parts: Fix[][] = [];
    for (let from = 0; from < this.fixes.length; from += MAX_IN_MESSAGE) {
      parts.push(this.fixes.slice(from, from + MAX_IN_MESSAGE).map((fix) => onWire(fix, cityTime)));
    }
    return parts;
  }
}

export function onWire(fix: KeptFix, cityTime: (phoneTime: number) => number): Fix {
  return [fix.n, Math.max(0, cityTime(fix.at)), fix.lat, fix.lng, fix.speed, fix.heading];
}

const MOST_MPS = 150;
/** Some browsers count a position's time from another moment than 1970: then the time of hearing is taken. */
const CREDIBLE_S = 60;

/** A browser's position as the wire allows it. `now` is the phone's time in Unix seconds. */
export function positionOf(found: GeolocationPosition, now: number): Position {
  const { latitude, longitude, speed, heading } = found.coords;
  const told = found.timestamp / 1000;
  return {
    at: Math.abs(told - now) <= CREDIBLE_S ? Math.min(told, now) : now,
    lat: latitude,
    lng: longitude,
    speed: within(speed, MOST_MPS),
    heading: within(heading, 360),
  };
}

function within(value: number | null, most: number): number | null {
  return value === null || !Number.isFinite(value) || value < 0 || value > most ? null : value;
}
