import { expect, test } from 'vitest';
import { MAX_IN_MESSAGE, MAX_KEPT, type Position, positionOf, UnackedFixes } from './unacked_fixes';

const here = (at: number): Position => ({ at, lat: 37.78, lng: -122.41, speed: null, heading: null });
const same = (at: number) => at;

test('numbers count up, and go on above what an earlier run has left', () => {
  const unacked = new UnackedFixes(10, [
    { n: 41, ...here(2) },
    { n: 40, ...here(1) },
  ]);
  expect(unacked.add(here(3)).n).toBe(42);
  expect(unacked.batches(same)[0]?.map(([n]) => n)).toEqual([40, 41, 42]);
});

test('acknowledged fixes are dropped, and no others', () => {
  const unacked = new UnackedFixes(1);
  for (let at = 1; at <= 5; at += 1) unacked.add(here(at));
  expect(unacked.acknowledge(3)).toBe(false);
  expect(unacked.batches(same)[0]?.map(([n]) => n)).toEqual([4, 5]);
});

test('an old number means that the rest has to be sent again', () => {
  const unacked = new UnackedFixes(1);
  unacked.add(here(1));
  expect(unacked.acknowledge(0)).toBe(false);
  expect(unacked.acknowledge(0)).toBe(true);
  expect(unacked.count).toBe(1);
});

test('a phone whose clock is behind continues above the acknowledged numbers', () => {
  const unacked = new UnackedFixes(5);
  unacked.acknowledge(900);
  expect(unacked.add(here(1)).n).toBe(901);
});

test('at most an hour is kept, and it goes out in messages of 500 in order', () => {
  const unacked = new UnackedFixes(1);
  for (let at = 0; at < MAX_KEPT + 100; at += 1) unacked.add(here(at));
  const parts = unacked.batches(same);
  const numbers = parts.flat().map(([n]) => n);
  expect(Math.max(...parts.map((part) => part.length))).toBe(MAX_IN_MESSAGE);
  expect(numbers).toEqual(Array.from({ length: MAX_KEPT }, (_, index) => index + 101));
});

test('times become city times when they are sent', () => {
  const unacked = new UnackedFixes(1);
  unacked.add(here(100));
  unacked.add(here(101));
  const tenfold = (at: number) => 5000 + (at - 100) * 10;
  expect(unacked.batches(tenfold)[0]?.map(([, at]) => at)).toEqual([5000, 5010]);
});

test('a position is cut to what the wire allows', () => {
  const coords = { latitude: 1, longitude: 2, speed: Number.NaN, heading: -1, accuracy: 5 };
  const found = { coords, timestamp: 1_000_000 } as unknown as GeolocationPosition;
  expect(positionOf(found, 1000.5)).toEqual({ at: 1000, lat: 1, lng: 2, speed: null, heading: null });
  expect(positionOf(found, 999).at).toBe(999);
  expect(positionOf(found, 9_000_000).at).toBe(9_000_000);
});
