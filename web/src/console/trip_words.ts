/** Trips in words: where from, where to, for whom. */
import { named } from '../shell/words';
import type { Place, TripView } from '../wire/messages';
import { text } from './texts';

export function placeWords(place: Place | undefined): string {
  if (place === undefined) return text('place.unknown');
  return place.text || `${place.lat.toFixed(5)}, ${place.lng.toFixed(5)}`;
}

/** What a car has to be for this trip; empty where any will do. */
export function wants(trip: TripView): string {
  const needs = (trip.needs ?? []).map((need) => named('need', need));
  const seats = trip.seats ?? 1;
  const kind = trip.vehicle_class === 'standard' ? [] : [named('class', trip.vehicle_class)];
  return [...kind, ...(seats > 1 ? [text('trip.seats', { seats })] : []), ...needs].join(' · ');
}

export function originWords(origin: string): string {
  switch (origin) {
    case 'app':
      return text('origin.app');
    case 'phone':
      return text('origin.phone');
    case 'hail':
      return text('origin.hail');
    default:
      return origin;
  }
}
