import { expect, test } from 'vitest';
import { apart, progress, type Way } from './route';

const way: Way = {
  points: [
    [37.78, -122.41],
    [37.78, -122.4],
    [37.79, -122.4],
  ],
  meters: 2000,
  seconds: 400,
  byRoad: true,
};

test('at the start all of it is left, at the end nothing', () => {
  expect(progress(way, [37.78, -122.41]).meters).toBeCloseTo(2000);
  expect(progress(way, [37.79, -122.4]).seconds).toBeCloseTo(0);
});

test('a car beside the line is told how far off it is, and what is left from the nearest point', () => {
  const beside = progress(way, [37.781, -122.405]);
  expect(beside.off).toBeCloseTo(apart([37.78, -122.405], [37.781, -122.405]), 0);
  expect(beside.meters).toBeGreaterThan(1400);
  expect(beside.meters).toBeLessThan(1700);
});
