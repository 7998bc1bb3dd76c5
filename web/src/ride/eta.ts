/**
 * The arrival time as a passenger sees it. The server sends a slightly different estimate with each fix, and passengers
 * do not trust a number that goes up and down.
 *
 * Rule 1. The time left never grows by a small amount: the countdown runs slower while the car is late, faster while it
 *         is early.
 * Rule 2. A large change that lasts is adopted at once and reported (`change`).
 *
 * All times are city seconds, so that the countdown runs at the speed of the city.
 */
export type Change = 'later' | 'earlier';

/** Speed of the countdown while the car is late, and while it is early. */
const LATE_PACE = 0.25;
const EARLY_PACE = 1.5;
/** A difference is large from this many seconds, or from this share of the time left. */
const LARGE_S = 120;
const LARGE_SHARE = 0.5;
/** A large difference must last this long: a single stray fix is ignored. */
const LASTING_S = 8;
const REPORTED_FOR_S = 90;

export class Eta {
  private shown: number | null = null;
  private expected = 0;
  private at = 0;
  private largeSince: number | null = null;
  private changed: { at: number; change: Change } | null = null;

  /** The server expects the car at `arrival`. */
  update(arrival: number, now: number): void {
    this.expected = arrival;
    if (this.shown === null) {
      this.shown = arrival;
      this.at = now;
      return;
    }
    this.advance(now);
    const difference = arrival - this.shown;
    if (Math.abs(difference) < this.large(now)) {
      this.largeSince = null;
      return;
    }
    this.largeSince ??= now;
    if (now - this.largeSince < LASTING_S) return;
    this.shown = arrival;
    this.largeSince = null;
    this.changed = { at: now, change: difference > 0 ? 'later' : 'earlier' };
  }

  /** Seconds left, null before the first update. */
  left(now: number): number | null {
    if (this.shown === null) return null;
    this.advance(now);
    return Math.max(0, this.shown - now);
  }

  /** A recent large change. */
  change(now: number): Change | null {
    return this.changed !== null && now - this.changed.at < REPORTED_FOR_S ? this.changed.change : null;
  }

  private large(now: number): number {
    return Math.max(LARGE_S, LARGE_SHARE * Math.max(0, (this.shown ?? now) - now));
  }

  private advance(now: number): void {
    const passed = now - this.at;
    if (passed <= 0 || this.shown === null) return;
    this.at = now;
    const difference = this.expected - this.shown;
    const most = passed * (difference > 0 ? 1 - LATE_PACE : EARLY_PACE - 1);
    this.shown += Math.sign(difference) * Math.min(Math.abs(difference), most);
  }
}

/** Whole minutes, rounded up, so that they only fall; 0 is less than one. */
export function minutesLeft(seconds: number): number {
  return seconds < 60 ? 0 : Math.ceil(seconds / 60);
}
