import { expect, test } from 'vitest';
import { nextRequestMs } from './verification_word';

test('the next word is asked for when the minute ends, whatever the two clocks say', () => {
  expect(nextRequestMs(1005, 1000)).toBeCloseTo(5200);
  expect(nextRequestMs(1060, 1000)).toBe(10_000);
  expect(nextRequestMs(0, 1000)).toBe(1000);
});
