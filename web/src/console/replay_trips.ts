/** The trips at a past time: those open at the start, changed by the moments since. */
import type { Place, TripView } from '../protocol/messages';
import type { TripMoment } from '../protocol/reads';
import { groupOf } from './trip_board';

export interface PastTrip {
  trip: string;
  state: string;
  since: number;
  requestedAt: number;
  vehicle?: string;
  pickup?: Place;
  dropoff?: Place;
}

/** Trips that had not ended at `now`, by their ids. `moments` are sorted by time. */
export function tripsAt(open: readonly TripView[], moments: readonly TripMoment[], now: number): Map<string, PastTrip> {
  const trips = new Map<string, PastTrip>();
  for (const { trip, state, requested_at, car, pickup, dropoff } of open) {
    trips.set(trip, {
      trip,
      state,
      since: requested_at,
      requestedAt: requested_at,
      vehicle: car?.vehicle,
      pickup,
      dropoff,
    });
  }
  for (const moment of moments) {
    if (moment.at > now) break;
    const before = trips.get(moment.trip);
    if (groupOf(moment) === 'ended') {
      trips.delete(moment.trip);
      continue;
    }
    trips.set(moment.trip, {
      trip: moment.trip,
      state: moment.state,
      since: moment.at,
      requestedAt: before?.requestedAt ?? moment.at,
      vehicle: moment.vehicle ?? undefined,
      pickup: moment.pickup ?? before?.pickup,
      dropoff: moment.dropoff ?? before?.dropoff,
    });
  }
  return trips;
}

/** The moments of all pages as one list without duplicates, sorted by time. */
export function joinedMoments(pages: readonly (readonly TripMoment[])[]): TripMoment[] {
  const seen = new Set<string>();
  const all = pages.flat().filter((moment) => {
    const key = `${moment.trip} ${moment.at} ${moment.event}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  return all.sort((a, b) => a.at - b.at);
}
