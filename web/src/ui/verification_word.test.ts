import { expect, test } from 'vitest';
import { nextRequestMs } from './verification_word';

test('the next word is requested when the minute ends, even if the two clocks differ', () => {
  expect(nextRequestMs(1005, 1000)).toBeCloseTo(5200);
  expect(nextRequestMs(1060, 1000)).toBe(10_000);
  expect(nextRequestMs(0, 1000)).toBe(1000);
});
