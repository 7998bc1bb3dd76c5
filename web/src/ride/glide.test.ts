import { expect, test } from 'vitest';
import { Glide, metersApart } from './glide';

test('the first fix is shown at once, the next is reached in the time between two', () => {
  const dot = new Glide();
  expect(dot.at(0)).toBeNull();
  dot.hear({ lat: 37, lng: -122 }, 90, 0);
  expect(dot.at(0)).toEqual({ lat: 37, lng: -122, heading: 90 });
  dot.hear({ lat: 37.001, lng: -122 }, 90, 1000);
  expect(dot.at(1500)?.lat).toBeCloseTo(37.0005, 9);
  expect(dot.at(5000)?.lat).toBe(37.001);
  expect(dot.rests(1999)).toBe(false);
  expect(dot.rests(2000)).toBe(true);
});

test('a new fix before the last was reached goes on from where the dot is', () => {
  const dot = new Glide();
  dot.hear({ lat: 37, lng: -122 }, 0, 0);
  dot.hear({ lat: 37.001, lng: -122 }, 0, 1000);
  const before = dot.at(1400);
  dot.hear({ lat: 37.002, lng: -122 }, 0, 1400);
  expect(dot.at(1400)).toEqual(before);
});

test('a jump is a jump', () => {
  const dot = new Glide();
  dot.hear({ lat: 37, lng: -122 }, 0, 0);
  dot.hear({ lat: 37.1, lng: -122 }, 0, 1000);
  expect(dot.at(1000)?.lat).toBe(37.1);
});

test('it turns the short way round', () => {
  const dot = new Glide();
  dot.hear({ lat: 37, lng: -122 }, 350, 0);
  dot.hear({ lat: 37, lng: -122 }, 10, 1000);
  expect(dot.at(1500)?.heading).toBeCloseTo(0, 9);
});

test('a thousandth of a degree of latitude is 111 metres', () => {
  expect(metersApart({ lat: 37, lng: -122 }, { lat: 37.001, lng: -122 })).toBeCloseTo(111.2, 1);
});
