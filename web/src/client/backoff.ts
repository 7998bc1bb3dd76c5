const FIRST_MS = 300;
const LONGEST_MS = 8_000;

/** The delay before the `attempt`th reconnect (from 0): exponential, with jitter by `random` in [0, 1). */
export function backoffMs(attempt: number, random: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return ceiling / 2 + (ceiling / 2) * random;
}
