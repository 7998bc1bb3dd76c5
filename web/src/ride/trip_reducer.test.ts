import { expect, test } from 'vitest';
import type { CarPosition, FromServer, TripView } from '../protocol/messages';
import { current, isOpen, NO_TRIPS, newestFirst, reduce, withList } from './trip_reducer';

const CAR = { vehicle: 'V1', plate: 'P1', driver: 'Ada' };

function trip(state: string, more: Partial<TripView> = {}): TripView {
  return { trip: 't1', state, origin: 'app', vehicle_class: 'standard', requested_at: 100, ...more };
}

function update(seq: number, view: TripView): FromServer {
  return { t: 'update', stream: `trip:${view.trip}`, seq, event: 'e', at: 0, trip: view };
}

function position(at: number): CarPosition {
  return { t: 'car', trip: 't1', n: at, at, lat: 37, lng: -122 };
}

test('the last update stands, and a snapshot may go back', () => {
  let trips = reduce(NO_TRIPS, update(3, trip('assigned', { car: CAR })));
  trips = reduce(trips, { t: 'snapshot', stream: 'trip:t1', seq: 2, recovered: false, trip: trip('matching') });
  expect(trips.get('t1')).toEqual({ trip: trip('matching'), seq: 2 });
});

test('a car is shown while its trip has it; an older position is dropped', () => {
  let trips = reduce(NO_TRIPS, position(5));
  expect(trips.size).toBe(0);
  trips = reduce(trips, update(1, trip('assigned', { car: CAR })));
  trips = reduce(trips, position(5));
  trips = reduce(trips, position(4));
  expect(trips.get('t1')?.car?.at).toBe(5);
  trips = reduce(trips, update(2, trip('arrived', { car: CAR })));
  expect(trips.get('t1')?.car?.at).toBe(5);
  trips = reduce(trips, update(3, trip('assigned', { car: { ...CAR, vehicle: 'V2' } })));
  expect(trips.get('t1')?.car).toBeUndefined();
  trips = reduce(reduce(trips, position(9)), update(4, trip('fare_due', { car: CAR })));
  expect(trips.get('t1')?.car).toBeUndefined();
});

test('a list adds trips that no stream contains, and changes no other', () => {
  let trips = reduce(NO_TRIPS, update(1, trip('assigned', { car: CAR })));
  trips = withList(trips, [trip('matching'), trip('paid', { trip: 't0', requested_at: 50 })]);
  expect(newestFirst(trips).map((each) => [each.trip, each.state])).toEqual([
    ['t1', 'assigned'],
    ['t0', 'paid'],
  ]);
  trips = withList(trips, [trip('refunded', { trip: 't0', requested_at: 50 })]);
  expect(trips.get('t0')?.trip.state).toBe('refunded');
});

test('the ride to be shown is open and not for later', () => {
  const trips = withList(NO_TRIPS, [
    trip('reserved', { trip: 't3', requested_at: 300 }),
    trip('fare_due', { trip: 't2', requested_at: 200 }),
    trip('paid', { trip: 't4', requested_at: 400 }),
  ]);
  expect(current(trips)?.trip).toBe('t2');
  expect(current(NO_TRIPS)).toBeUndefined();
});

test('an unknown state of a newer server counts as open', () => {
  expect(isOpen(trip('something_new'))).toBe(true);
  expect(isOpen(trip('unserved'))).toBe(false);
});

test('other messages change nothing', () => {
  expect(reduce(NO_TRIPS, { t: 'heard', n: 1 })).toBe(NO_TRIPS);
});
