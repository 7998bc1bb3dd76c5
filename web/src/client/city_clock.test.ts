import { expect, test } from 'vitest';
import { CityClock } from './city_clock';

test('city time runs at its speed, and waits are converted to wall time', () => {
  let wall = 100;
  const clock = new CityClock(() => wall);
  clock.set(5000, 10);
  wall += 2;
  expect(clock.now()).toBe(5020);
  expect(clock.msUntil(5070)).toBe(5000);
  expect(clock.msUntil(0)).toBe(0);
});

test('a time of this device is converted to city time, also one from before the clock was set', () => {
  const clock = new CityClock(() => 100);
  clock.set(5000, 10);
  expect(clock.at(101)).toBe(5010);
  expect(clock.at(99)).toBe(4990);
});
