import { expect, test } from 'vitest';
import { nextAskMs } from './verification_word';

test('the next word is asked for when the minute ends, whatever the two clocks say', () => {
  expect(nextAskMs(1005, 1000)).toBeCloseTo(5200);
  expect(nextAskMs(1060, 1000)).toBe(10_000);
  expect(nextAskMs(0, 1000)).toBe(1000);
});
