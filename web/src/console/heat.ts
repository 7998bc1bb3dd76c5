/** The heat maps by H3 cell (resolution 8): demand, free cars and waiting times. */
import { latLngToCell } from 'h3-js';
import type { TripView } from '../protocol/messages';

export const HEAT_RESOLUTION = 8;
/** The period of demand, in city seconds. */
export const DEMAND_S = 900;

export interface Heated {
  cell: string;
  value: number;
}

/** Number of requests in the last 15 minutes, without street hails. */
export function demand(trips: Iterable<TripView>, now: number): Heated[] {
  const cells = new Map<string, number>();
  for (const trip of trips) {
    if (trip.pickup === undefined || trip.origin === 'hail' || now - trip.requested_at > DEMAND_S) continue;
    add(cells, latLngToCell(trip.pickup.lat, trip.pickup.lng, HEAT_RESOLUTION), 1);
  }
  return listed(cells);
}

/** Number of cars; the points are longitude and latitude. */
export function density(points: Iterable<readonly [number, number]>): Heated[] {
  const cells = new Map<string, number>();
  for (const [lng, lat] of points) add(cells, latLngToCell(lat, lng, HEAT_RESOLUTION), 1);
  return listed(cells);
}

/** Mean waiting time in seconds, from the request or the reserved time until the car arrived. */
export function waits(trips: Iterable<TripView>): Heated[] {
  const sums = new Map<string, number>();
  const counts = new Map<string, number>();
  for (const trip of trips) {
    const there = trip.arrived_at ?? trip.started_at;
    if (trip.pickup === undefined || there === undefined || trip.origin === 'hail') continue;
    const cell = latLngToCell(trip.pickup.lat, trip.pickup.lng, HEAT_RESOLUTION);
    add(sums, cell, Math.max(0, there - (trip.pickup_at ?? trip.requested_at)));
    add(counts, cell, 1);
  }
  return [...sums].map(([cell, sum]) => ({ cell, value: sum / (counts.get(cell) ?? 1) }));
}

function add(cells: Map<string, number>, cell: string, value: number): void {
  cells.set(cell, (cells.get(cell) ?? 0) + value);
}

function listed(cells: Map<string, number>): Heated[] {
  return [...cells].map(([cell, value]) => ({ cell, value }));
}
