import { expect, test } from 'vitest';
import { countdown } from './countdown';

test('the ring empties with city time, and never runs past its end', () => {
  expect(countdown(100, 115, 100)).toEqual({ seconds: 15, share: 1, over: false });
  expect(countdown(100, 115, 107.5)).toEqual({ seconds: 8, share: 0.5, over: false });
  expect(countdown(100, 115, 200)).toEqual({ seconds: 0, share: 0, over: true });
  expect(countdown(100, 115, 90).share).toBe(1);
});
