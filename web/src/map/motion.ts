/**
 * How one position is glided to the next.
 *
 * Rule 1. A glide lasts as long as this car usually takes from fix to fix, `LONGEST_MS` at most: so the car moves on
 *         without halts, and what is shown lies between its last two fixes.
 * Rule 2. It ends when its fix is `OLDEST_SHOWN_MS` old: no longer glide makes up for a slow way here.
 * Rule 3. A car that cannot have driven there is put there at once.
 */
export const LONGEST_MS = 1000;
export const SHORTEST_MS = 80;
export const OLDEST_SHOWN_MS = 1300;
/** No car drives faster (m/s of city time); with `SLACK_M` for what GPS makes up. */
const FASTEST = 60;
const SLACK_M = 150;

/** How long to glide (ms of wall), when the fix is `ageMs` old and fixes usually come each `usualMs`. */
export function glideMs(usualMs: number, ageMs: number): number {
  return Math.max(SHORTEST_MS, Math.min(LONGEST_MS, usualMs, OLDEST_SHOWN_MS - ageMs));
}

/** Whether a way of `meters` in so many city seconds is too far to be driven. */
export function isJump(meters: number, citySeconds: number): boolean {
  return meters > SLACK_M + FASTEST * Math.max(0, citySeconds);
}
