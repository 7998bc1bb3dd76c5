/** How much of an offer's time is left. Times are seconds of the city's clock. */

export interface Countdown {
  seconds: number;
  /** From 1 (just made) to 0 (over). */
  share: number;
  over: boolean;
}

export function countdown(since: number, until: number, now: number): Countdown {
  const left = Math.max(0, until - now);
  const whole = Math.max(until - since, 1);
  return { seconds: Math.ceil(left), share: Math.min(1, left / whole), over: left === 0 };
}
