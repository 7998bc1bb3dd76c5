import { latLngToCell } from 'h3-js';
import { expect, test } from 'vitest';
import type { TripView } from '../protocol/messages';
import { DEMAND_S, demand, density, waits } from './heat';

const AT = { lat: 37.78, lng: -122.41 };
const CELL = latLngToCell(AT.lat, AT.lng, 8);
const trip = (requested_at: number, more: Partial<TripView> = {}): TripView => ({
  trip: `t${requested_at}`,
  state: 'matching',
  origin: 'app',
  vehicle_class: 'standard',
  requested_at,
  pickup: AT,
  ...more,
});

test('demand is what was requested within a quarter of an hour, hails apart', () => {
  const trips = [trip(1000), trip(100), trip(100 - DEMAND_S), trip(900, { origin: 'hail' })];
  expect(demand(trips, 1000)).toEqual([{ cell: CELL, value: 2 }]);
});

test('waiting time is the mean until the car was there, counted from the hour it was wanted', () => {
  const trips = [
    trip(0, { arrived_at: 100 }),
    trip(0, { pickup_at: 500, started_at: 700 }),
    trip(0, { pickup_at: 900, arrived_at: 800 }),
    trip(0),
  ];
  expect(waits(trips)).toEqual([{ cell: CELL, value: 100 }]);
});

test('cars are counted by cell', () => {
  expect(density([[AT.lng, AT.lat] as const, [AT.lng, AT.lat] as const])).toEqual([{ cell: CELL, value: 2 }]);
});
