/**
 * The passenger's own trips, reduced from lists, snapshots and updates.
 *
 * Rule 1. The state from a stream is newer than any list.
 * Rule 2. A car is shown only while it is assigned to the trip, and only its newest position.
 */
import type { CarPosition, FromServer, TripView } from '../protocol/messages';

export interface OwnTrip {
  trip: TripView;
  /** Sequence number of the stream, 0 for a trip that is known from a list only. */
  seq: number;
  car?: CarPosition;
}

export type OwnTrips = ReadonlyMap<string, OwnTrip>;

export const NO_TRIPS: OwnTrips = new Map();

const ENDED = new Set(['paid', 'part_refunded', 'refunded', 'settled_otherwise', 'cancelled', 'unserved', 'ended']);
const WITH_CAR = new Set(['assigned', 'arrived', 'in_progress']);

/** True unless the trip has ended; an unknown state counts as open. */
export function isOpen(trip: TripView): boolean {
  return !ENDED.has(trip.state);
}

function hasCar(trip: TripView): boolean {
  return WITH_CAR.has(trip.state) && trip.car !== undefined;
}

/** The trips after a message; the same object if the message changes none. */
export function reduce(trips: OwnTrips, message: FromServer): OwnTrips {
  if (message.t === 'car') return withPosition(trips, message);
  if ((message.t !== 'update' && message.t !== 'snapshot') || message.trip === undefined) return trips;
  const before = trips.get(message.trip.trip);
  const sameCar = hasCar(message.trip) && before?.trip.car?.vehicle === message.trip.car?.vehicle;
  const own: OwnTrip = { trip: message.trip, seq: message.seq };
  if (sameCar && before?.car !== undefined) own.car = before.car;
  return new Map(trips).set(message.trip.trip, own);
}

function withPosition(trips: OwnTrips, position: CarPosition): OwnTrips {
  const own = trips.get(position.trip);
  if (own === undefined || !hasCar(own.trip) || (own.car !== undefined && own.car.at > position.at)) return trips;
  return new Map(trips).set(position.trip, { ...own, car: position });
}

/** The trips after a list was read. */
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

/** The trip to show when the page is opened: the newest open one that is not reserved for later. */
export function current(trips: OwnTrips): TripView | undefined {
  return newestFirst(trips).find((trip) => isOpen(trip) && trip.state !== 'reserved');
}
