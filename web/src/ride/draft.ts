/** The ride that the passenger is entering; it is kept while another view is open. */
import { signal } from '@preact/signals';
import type { Need, VehicleClass } from '../client/ride_choices';
import type { Place } from '../protocol/messages';
import type { RideRequest } from './passenger_store';

export type End = 'pickup' | 'dropoff';

export const pickup = signal<Place | null>(null);
export const dropoff = signal<Place | null>(null);
/** The end that the pin on the map sets. */
export const pinEnd = signal<End>('pickup');
/** City time of a reservation, null for a ride now. */
export const at = signal<number | null>(null);
export const vehicleClass = signal<VehicleClass>('standard');
export const seats = signal(1);
export const needs = signal<readonly Need[]>([]);
export const note = signal('');

export function endSignal(end: End) {
  return end === 'pickup' ? pickup : dropoff;
}

/** The request for this ride, null while the pick-up is missing. */
export function rideRequest(): RideRequest | null {
  if (pickup.value === null) return null;
  const ride: RideRequest = { pickup: pickup.value, vehicle_class: vehicleClass.value, seats: seats.value };
  if (dropoff.value !== null) ride.dropoff = dropoff.value;
  if (at.value !== null) ride.at = at.value;
  if (needs.value.length > 0) ride.needs = [...needs.value];
  if (note.value.trim() !== '') ride.note = note.value.trim();
  return ride;
}

/** Clears what belongs to one ride; pick-up, class, seats and needs are kept for the next. */
export function reset(): void {
  dropoff.value = at.value = null;
  pinEnd.value = 'pickup';
  note.value = '';
}
