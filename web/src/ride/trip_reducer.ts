/**
 * The passenger's own trips, folded from lists, snapshots and updates.
 *
 * Rule 1. What a stream said is newer than any list.
 * Rule 2. A car is shown only while its trip has it, and only its newest position.
 */
import type { CarPosition, FromServer, TripView } from '../protocol/messages';

export interface OwnTrip {
  trip: TripView;
  /** The stream's number, 0 where only a list has told of the trip. */
  seq: number;
  car?: CarPosition;
}

export type OwnTrips = ReadonlyMap<string, OwnTrip>;

export const NO_TRIPS: OwnTrips = new Map();

const ENDED = new Set(['paid', 'part_refunded', 'refunded', 'settled_otherwise', 'cancelled', 'unserved', 'ended']);
const WITH_CAR = new Set(['assigned', 'arrived', 'in_progress']);

/** Whether something may still happen to it. */
export function isOpen(trip: TripView): boolean {
  return !ENDED.has(trip.state);
}

export function hasCar(trip: TripView): boolean {
  return WITH_CAR.has(trip.state) && trip.car !== undefined;
}

/** What is known after a message; the same object where it said nothing of trips. */
export function fold(trips: OwnTrips, message: FromServer): OwnTrips {
  if (message.t === 'car') return moved(trips, message);
  if ((message.t !== 'update' && message.t !== 'snapshot') || message.trip === undefined) return trips;
  const before = trips.get(message.trip.trip);
  const sameCar = hasCar(message.trip) && before?.trip.car?.vehicle === message.trip.car?.vehicle;
  const own: OwnTrip = { trip: message.trip, seq: message.seq };
  if (sameCar && before?.car !== undefined) own.car = before.car;
  return new Map(trips).set(message.trip.trip, own);
}

function moved(trips: OwnTrips, position: CarPosition): OwnTrips {
  const own = trips.get(position.trip);
  if (own === undefined || !hasCar(own.trip) || (own.car !== undefined && own.car.at > position.at)) return trips;
  return new Map(trips).set(position.trip, { ...own, car: position });
}

/** What is known after a list was read. */
export function withList(trips: OwnTrips, listed: readonly TripView[]): OwnTrips {
  const all = new Map(trips);
  for (const trip of listed) {
    if ((all.get(trip.trip)?.seq ?? 0) === 0) all.set(trip.trip, { trip, seq: 0 });
  }
  return all;
}

export function newestFirst(trips: OwnTrips): TripView[] {
  return [...trips.values()].map((own) => own.trip).sort((a, b) => b.requested_at - a.requested_at);
}

/** The ride that a passenger who opens the page wants to see: the newest that goes on and is not for later. */
export function current(trips: OwnTrips): TripView | undefined {
  return newestFirst(trips).find((trip) => isOpen(trip) && trip.state !== 'reserved');
}
