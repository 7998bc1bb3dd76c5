const FIRST_MS = 300;
const MOST_MS = 8_000;

/** How long to wait before connecting for the `attempt`th time (from 0): doubled, and spread by `chance` in [0, 1). */
export function backoffMs(attempt: number, chance: number): number {
  const ceiling = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return ceiling / 2 + (ceiling / 2) * chance;
}
