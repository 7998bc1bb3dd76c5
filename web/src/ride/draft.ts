/** The ride that is being written, kept while one looks at something else. */
import { signal } from '@preact/signals';
import type { Place } from '../protocol/messages';
import type { Wishes } from './passenger_store';

export type End = 'pickup' | 'dropoff';
export type Need = NonNullable<Wishes['needs']>[number];
export type VehicleClass = NonNullable<Wishes['vehicle_class']>;

export const CLASSES: readonly VehicleClass[] = ['standard', 'comfort', 'van'];
export const NEEDS: readonly Need[] = ['wheelchair', 'child_seat'];
export const MOST_SEATS = 8;

export const pickup = signal<Place | null>(null);
export const dropoff = signal<Place | null>(null);
/** Which end the pin on the map sets. */
export const aimed = signal<End>('pickup');
/** City time of a reservation, null: now. */
export const at = signal<number | null>(null);
export const vehicleClass = signal<VehicleClass>('standard');
export const seats = signal(1);
export const needs = signal<readonly Need[]>([]);
export const note = signal('');

export function endSignal(end: End) {
  return end === 'pickup' ? pickup : dropoff;
}

/** What to ask for, null as long as the pick-up is missing. */
export function wishes(): Wishes | null {
  if (pickup.value === null) return null;
  const asked: Wishes = { pickup: pickup.value, vehicle_class: vehicleClass.value, seats: seats.value };
  if (dropoff.value !== null) asked.dropoff = dropoff.value;
  if (at.value !== null) asked.at = at.value;
  if (needs.value.length > 0) asked.needs = [...needs.value];
  if (note.value.trim() !== '') asked.note = note.value.trim();
  return asked;
}

export function startAnew(): void {
  dropoff.value = at.value = null;
  aimed.value = 'pickup';
  note.value = '';
}
