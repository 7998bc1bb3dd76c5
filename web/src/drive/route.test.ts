import { expect, test } from 'vitest';
import type { Route } from '../client/command_result';
import { metersBetween } from '../map/geometry';
import { progress } from './route';

const route: Route = {
  points: [
    [37.78, -122.41],
    [37.78, -122.4],
    [37.79, -122.4],
  ],
  meters: 2000,
  seconds: 400,
  by_road: true,
};

test('at the start all of it is left, at the end nothing', () => {
  expect(progress(route, { lat: 37.78, lng: -122.41 }).meters).toBeCloseTo(2000);
  expect(progress(route, { lat: 37.79, lng: -122.4 }).seconds).toBeCloseTo(0);
});

test('for a car beside the line it is how far off it is, and what is left from the nearest point', () => {
  const here = { lat: 37.781, lng: -122.405 };
  const beside = progress(route, here);
  expect(beside.offset).toBeCloseTo(metersBetween({ lat: 37.78, lng: -122.405 }, here), 0);
  expect(beside.meters).toBeGreaterThan(1400);
  expect(beside.meters).toBeLessThan(1700);
});
