/** The choices for a ride that the protocol allows. */
import type { BookByPhone } from '../protocol/messages';

export type VehicleClass = NonNullable<BookByPhone['vehicle_class']>;
export type Need = NonNullable<BookByPhone['needs']>[number];

export const CLASSES: readonly VehicleClass[] = ['standard', 'comfort', 'van'];
export const NEEDS: readonly Need[] = ['wheelchair', 'child_seat'];
export const MAX_SEATS = 8;
