import { expect, test } from 'vitest';
import { backoffMs } from './backoff';

test('waits grow to a ceiling, and clients do not come back all at once', () => {
  for (let attempt = 0; attempt < 30; attempt += 1) {
    const [soon, late] = [backoffMs(attempt, 0), backoffMs(attempt, 0.999)];
    expect(soon).toBeGreaterThanOrEqual(150);
    expect(late).toBeLessThanOrEqual(8000);
    expect(late).toBeGreaterThan(soon * 1.9);
  }
});
