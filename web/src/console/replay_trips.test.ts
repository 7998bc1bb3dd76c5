import { expect, test } from 'vitest';
import type { TripMoment } from '../protocol/reads';
import { joinedMoments, tripsAt } from './replay_trips';

const PICKUP = { lat: 37.78, lng: -122.41 };
const moment = (trip: string, at: number, state: string, more: Partial<TripMoment> = {}): TripMoment => ({
  trip,
  at,
  event: state,
  state,
  ...more,
});
const MOMENTS = [
  moment('a', 10, 'matching', { pickup: PICKUP }),
  moment('a', 20, 'assigned', { vehicle: 'V1' }),
  moment('b', 25, 'cancelled'),
  moment('a', 90, 'paid', { vehicle: 'V1' }),
];
const OPEN = [{ trip: 'b', state: 'matching', origin: 'app', vehicle_class: 'standard', requested_at: 1 }];

test('a trip stands as the last moment before left it, with what was known of it', () => {
  expect(tripsAt(OPEN, MOMENTS, 15).get('a')).toMatchObject({ state: 'matching', pickup: PICKUP, requestedAt: 10 });
  const later = tripsAt(OPEN, MOMENTS, 24).get('a');
  expect(later).toMatchObject({ state: 'assigned', vehicle: 'V1', pickup: PICKUP, requestedAt: 10, since: 20 });
});

test('what was open at the beginning is there until it ends', () => {
  expect([...tripsAt(OPEN, MOMENTS, 5).keys()]).toEqual(['b']);
  expect([...tripsAt(OPEN, MOMENTS, 25).keys()]).toEqual(['a']);
  expect(tripsAt(OPEN, MOMENTS, 95).size).toBe(0);
});

test('pages are joined without repetitions', () => {
  expect(joinedMoments([MOMENTS.slice(2), MOMENTS.slice(0, 3)])).toEqual(MOMENTS);
});
