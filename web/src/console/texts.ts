/** Texts for the values of the protocol: places, trips, events, actors, payments and causes. */
import type { Place, TripView } from '../protocol/messages';
import { wireText } from '../ui/i18n';
import { placeText } from '../ui/place_search';
import { causeName, eventName, text, valueName } from './i18n';

export function placeName(place: Place | undefined): string {
  return place === undefined ? text('place.unknown') : placeText(place);
}

/** The requirements of a trip on the car; empty if any car will do. */
export function requirementsText(trip: TripView): string {
  const needs = (trip.needs ?? []).map((need) => wireText('need', need));
  const seats = trip.seats ?? 1;
  const kind = trip.vehicle_class === 'standard' ? [] : [wireText('class', trip.vehicle_class)];
  return [...kind, ...(seats > 1 ? [text('trip.seats', { seats })] : []), ...needs].join(' · ');
}

export function originText(origin: string): string {
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

export function eventText(event: string): string {
  return eventName(event) ?? event.replaceAll('_', ' ');
}

/** A message to or from Alipay: `attempt`, `notification` or `answer:CALL:NUMBER:N`. */
export function exchangeText(kind: string): string {
  return eventText(kind.split(':', 2).join('.'));
}

/** A role, a role with an id (`driver:D7`), or an id. The id of a passenger is not shown. */
export function actorText(by: string): string {
  const [role = '', ...id] = by.split(':');
  const name = valueName(`by.${role}`) ?? role;
  return role === 'passenger' || id.length === 0 ? name : `${name} ${id.join(':')}`;
}

export const methodText = (method: string): string => valueName(`method.${method}`) ?? method;
export const paymentStateText = (state: string): string => valueName(`state.${state}`) ?? state;
export const causeText = (cause: string): string => causeName(cause) ?? cause;
