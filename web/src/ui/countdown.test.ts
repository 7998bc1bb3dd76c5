import { expect, test } from 'vitest';
import { timeLeft } from './countdown';

test('the ring empties with city time, and never runs past its end', () => {
  expect(timeLeft(100, 115, 100)).toEqual({ seconds: 15, share: 1, isOver: false });
  expect(timeLeft(100, 115, 107.5)).toEqual({ seconds: 8, share: 0.5, isOver: false });
  expect(timeLeft(100, 115, 200)).toEqual({ seconds: 0, share: 0, isOver: true });
  expect(timeLeft(100, 115, 90).share).toBe(1);
});
