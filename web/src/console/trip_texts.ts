/** Trips in words: where from, where to, for whom. */

import type { FareLineView, Place, TripView } from '../protocol/messages';
import { named } from '../ui/words';
import { text } from './texts';
import { en } from './words_en';

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

/** What a line of a fare is for; a kind that this version does not know is shown as the tariff calls it. */
export function lineWords(line: FareLineView): string {
  const key = `line.${line.kind}`;
  return key in en ? text(key as keyof typeof en) : line.text || line.kind;
}
