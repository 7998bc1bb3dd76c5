import { expect, test } from 'vitest';
import { metersBetween } from './geometry';
import { MarkerInterpolation } from './interpolation';

const fix = (lat: number, heading: number, at: number) => ({ lat, lng: -122, heading, at });

test('the first fix is shown at once, the next is reached in the time between two', () => {
  const car = new MarkerInterpolation();
  expect(car.pose(0)).toBeNull();
  car.add(fix(37, 90, 0), 0);
  expect(car.pose(0)).toMatchObject({ lat: 37, lng: -122, heading: 90 });
  car.add(fix(37.001, 90, 1), 1000);
  expect(car.pose(1500)?.lat).toBeCloseTo(37.0005, 9);
  expect(car.pose(5000)?.lat).toBe(37.001);
  expect(car.isAtRest(1999)).toBe(false);
  expect(car.isAtRest(2000)).toBe(true);
});

test('a new fix before the last was reached goes on from where the car is', () => {
  const car = new MarkerInterpolation();
  car.add(fix(37, 0, 0), 0);
  car.add(fix(37.001, 0, 1), 1000);
  const before = car.pose(1400);
  car.add(fix(37.002, 0, 1.4), 1400);
  expect(car.pose(1400)).toEqual(before);
});

test('a jump is a jump, unless the city runs so fast that the distance can be driven', () => {
  const shownAt = (seconds: number) => {
    const car = new MarkerInterpolation();
    car.add(fix(37, 0, 0), 0);
    car.add(fix(37.01, 0, seconds), 1000);
    return car.pose(1000)?.lat;
  };
  expect(shownAt(1)).toBe(37.01);
  expect(shownAt(20)).toBe(37);
});

test('it turns the short way round', () => {
  const car = new MarkerInterpolation();
  car.add(fix(37, 350, 0), 0);
  car.add(fix(37, 10, 1), 1000);
  expect(car.pose(1500)?.heading).toBeCloseTo(0, 9);
});

test('a thousandth of a degree of latitude is 111 metres', () => {
  expect(metersBetween({ lat: 37, lng: -122 }, { lat: 37.001, lng: -122 })).toBeCloseTo(111.2, 1);
});
