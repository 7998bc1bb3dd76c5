import { expect, test } from 'vitest';
import type { Track } from '../protocol/reads';
import { CAR_COLOURS } from './car_colours';
import { HOLD_S, ReplayCars } from './replay_cars';

const ORIGIN = { lat: 37.77, lng: -122.42 };

function track(vehicle: string, since: number, points: [s: number, lat: number, lng: number, state: number][]): Track {
  const bytes = new Uint8Array(points.length * 13);
  const view = new DataView(bytes.buffer);
  points.forEach(([s, lat, lng, state], place) => {
    view.setUint32(place * 13, s * 10, true);
    view.setInt32(place * 13 + 4, Math.round(lat * 1e6), true);
    view.setInt32(place * 13 + 8, Math.round(lng * 1e6), true);
    view.setUint8(place * 13 + 12, state);
  });
  return { vehicle, since, until: since + (points.at(-1)?.[0] ?? 0), points: bytes };
}

function played(tracks: Track[]) {
  let now = 0;
  const cars = new ReplayCars(ORIGIN, CAR_COLOURS.light, () => now);
  cars.add(tracks);
  return (at: number) => {
    now = at;
    cars.move(0);
    return cars;
  };
}

const WAY = track('V1', 1000, [
  [0, 37.77, -122.42, 1],
  [10, 37.78, -122.42, 3],
  [20, 37.78, -122.41, 5],
]);

test('between two points a car is on the way, with the state of the first', () => {
  const at = played([WAY]);
  const cars = at(1005);
  const slot = cars.slotOf('V1') as number;
  expect(cars.pointOf(slot)[1]).toBeCloseTo(37.775, 5);
  expect(cars.stateOf(slot)).toBe(1);
  expect(cars.headings[slot]).toBeCloseTo(0, 3);
  at(1015);
  expect(cars.stateOf(slot)).toBe(3);
  expect(cars.headings[slot]).toBeCloseTo(90, 3);
});

test('time may run backwards: the same moment shows the same', () => {
  const at = played([WAY]);
  const first = at(1003).pointOf(0);
  at(1019);
  expect(at(1003).pointOf(0)).toEqual(first);
});

test('a car is shown from its first point until it was silent for long', () => {
  const at = played([WAY]);
  expect(at(999).slotOf('V1')).toBeUndefined();
  expect(at(1020 + HOLD_S).slotOf('V1')).toBeDefined();
  expect(at(1021 + HOLD_S).slotOf('V1')).toBeUndefined();
  expect(at(1021 + HOLD_S).nameOf(0)).toBeUndefined();
});

test('stretches join, in whatever order and however often they came', () => {
  const next = track('V1', 1030, [[0, 37.78, -122.4, 5]]);
  const at = played([next, WAY, WAY, next]);
  expect(at(1025).pointOf(0)[0]).toBeCloseTo(-122.405, 5);
});

test('many cars have room', () => {
  const at = played(Array.from({ length: 300 }, (_, n) => track(`V${n}`, 0, [[0, 37.77, -122.42, 1]])));
  expect(at(1).slotOf('V299')).toBe(299);
});

test('cars are counted by their state as long as they are shown', () => {
  const at = played([WAY]);
  expect(at(1005).count()[1]).toBe(1);
  expect(at(1015).count()[3]).toBe(1);
  const gone = at(1020 + HOLD_S + 1).count();
  expect(gone.reduce((sum, each) => sum + each, 0)).toBe(0);
});
