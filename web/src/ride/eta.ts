/**
 * The arrival as a passenger is told it. The server says it anew with each fix, and each time a little different; a
 * number that goes up and down is not believed.
 *
 * Rule 1. What is left never grows by little: a later arrival makes the countdown slow, an earlier one makes it fast.
 * Rule 2. A large change that lasts is taken over at once and said (`change`).
 *
 * All times are city seconds, so that the countdown runs as fast as the city does.
 */
export type Change = 'later' | 'earlier';

/** While the car is late the countdown runs at this part of its speed, while it is early at this multiple. */
const LATE_PACE = 0.25;
const EARLY_PACE = 1.5;
/** A difference is large from so many seconds, or from this share of what is left. */
const LARGE_S = 120;
const LARGE_SHARE = 0.5;
/** One stray fix is no news. */
const LASTING_S = 8;
const SAID_FOR_S = 90;

export class Eta {
  private told: number | null = null;
  private heard = 0;
  private at = 0;
  private largeSince: number | null = null;
  private changed: { at: number; way: Change } | null = null;

  /** The server expects the car at `arrival`. */
  hear(arrival: number, now: number): void {
    this.heard = arrival;
    if (this.told === null) {
      this.told = arrival;
      this.at = now;
      return;
    }
    this.advance(now);
    const apart = arrival - this.told;
    if (Math.abs(apart) < this.large(now)) {
      this.largeSince = null;
      return;
    }
    this.largeSince ??= now;
    if (now - this.largeSince < LASTING_S) return;
    this.told = arrival;
    this.largeSince = null;
    this.changed = { at: now, way: apart > 0 ? 'later' : 'earlier' };
  }

  /** Seconds that are left, null as long as nothing was heard. */
  left(now: number): number | null {
    if (this.told === null) return null;
    this.advance(now);
    return Math.max(0, this.told - now);
  }

  /** A large change of late, to be said. */
  change(now: number): Change | null {
    return this.changed !== null && now - this.changed.at < SAID_FOR_S ? this.changed.way : null;
  }

  private large(now: number): number {
    return Math.max(LARGE_S, LARGE_SHARE * Math.max(0, (this.told ?? now) - now));
  }

  private advance(now: number): void {
    const passed = now - this.at;
    if (passed <= 0 || this.told === null) return;
    this.at = now;
    const apart = this.heard - this.told;
    const most = passed * (apart > 0 ? 1 - LATE_PACE : EARLY_PACE - 1);
    this.told += Math.sign(apart) * Math.min(Math.abs(apart), most);
  }
}

/** Whole minutes, rounded up, so that they only fall; 0 is less than one. */
export function minutesLeft(seconds: number): number {
  return seconds < 60 ? 0 : Math.ceil(seconds / 60);
}
