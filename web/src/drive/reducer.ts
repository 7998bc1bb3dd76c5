/**
 * What the driver has to know, folded from the streams of the car and of its trips. No I/O.
 *
 * Rule 1. The vehicle's last view says what the car does; nothing here contradicts it.
 * Rule 2. A ride that was finished stays among `fares` until it is paid or settled and the driver has put it away:
 *         new offers may come while a fare is still due.
 */
import type { OfferView, Snapshot, TripView, Update, VehicleView } from '../protocol/messages';

export type Outcome = 'expired' | 'withdrawn';

export interface OpenOffer {
  view: OfferView;
  /** City time from which its countdown runs. */
  since: number;
}

export interface Duty {
  vehicle: VehicleView | null;
  trips: Readonly<Record<string, TripView>>;
  offer: OpenOffer | null;
  /** How the last offer ended without this driver. */
  missed: { view: OfferView; outcome: Outcome } | null;
  /** A trip that was taken from this car before its start. */
  lost: string | null;
  /** City time of the meter's last reading. */
  readAt: number | null;
  /** Finished rides whose fares the driver has not put away yet, the newest last. */
  fares: readonly string[];
}

export const NOTHING_YET: Duty = {
  vehicle: null,
  trips: {},
  offer: null,
  missed: null,
  lost: null,
  readAt: null,
  fares: [],
};

const READINGS: ReadonlySet<string> = new Set(['ride_started', 'meter_checkpointed', 'meter_read']);
const MISSED: Readonly<Record<string, Outcome>> = { offer_expired: 'expired', offer_withdrawn: 'withdrawn' };
const SETTLED: ReadonlySet<string> = new Set(['paid', 'part_refunded', 'refunded', 'settled_otherwise']);
const WITHOUT_FARE: ReadonlySet<string> = new Set(['cancelled', 'unserved']);

export function isSettled(trip: TripView): boolean {
  return SETTLED.has(trip.state) || WITHOUT_FARE.has(trip.state);
}

/** `now` is city time, for the countdown of an offer whose beginning was not seen. */
export function fold(duty: Duty, message: Update | Snapshot, now: number): Duty {
  if (message.trip !== undefined) {
    return { ...duty, trips: { ...duty.trips, [message.trip.trip]: message.trip } };
  }
  if (message.vehicle === undefined) return duty;
  const event = message.t === 'update' ? message.event : '';
  const at = message.t === 'update' ? Math.min(message.at, now) : now;
  return { ...duty, ...ride(duty, message.vehicle, event, at), ...offered(duty, message.vehicle, event, at) };
}

function offered(duty: Duty, vehicle: VehicleView, event: string, at: number): Pick<Duty, 'offer' | 'missed'> {
  const before = duty.offer;
  const view = vehicle.state === 'offered' ? vehicle.offer : undefined;
  if (view !== undefined) {
    const known = before?.view.offer === view.offer;
    return { offer: { view, since: known ? before.since : at }, missed: known ? duty.missed : null };
  }
  const outcome = MISSED[event];
  if (before !== null && outcome !== undefined) return { offer: null, missed: { view: before.view, outcome } };
  return { offer: null, missed: vehicle.state === 'idle' ? duty.missed : null };
}

function ride(
  duty: Duty,
  vehicle: VehicleView,
  event: string,
  at: number,
): Pick<Duty, 'vehicle' | 'fares' | 'lost' | 'readAt'> {
  const before = duty.vehicle;
  const left = before?.trip !== undefined && before.trip !== vehicle.trip ? before.trip : null;
  const finished = left !== null && before?.state === 'on_trip' && !duty.fares.includes(left);
  const taken = left !== null && event === 'trip_released';
  return {
    vehicle,
    readAt: READINGS.has(event) ? at : vehicle.meter === undefined ? null : (duty.readAt ?? at),
    fares: finished ? [...duty.fares, left] : duty.fares,
    lost: taken ? left : vehicle.trip === undefined ? duty.lost : null,
  };
}

/** The trips to follow: the car's own, those whose fares are not put away, and one that was taken away, to say why. */
export function followed(duty: Duty): string[] {
  const own = duty.vehicle?.trip;
  const named = [...(own === undefined ? [] : [own]), ...duty.fares, ...(duty.lost === null ? [] : [duty.lost])];
  return [...new Set(named)];
}

/** The driver has seen that a fare is paid, or leaves it to the office. */
export function putAway(duty: Duty, trip: string): Duty {
  return { ...duty, fares: duty.fares.filter((each) => each !== trip) };
}

/** A fare that waits, to be collected now. */
export function takeUp(duty: Duty, trip: string): Duty {
  return { ...duty, fares: [...duty.fares.filter((each) => each !== trip), trip] };
}

export function withoutNews(duty: Duty): Duty {
  return { ...duty, missed: null, lost: null };
}

export type Scene = 'loading' | 'off' | 'break' | 'out' | 'free' | 'offer' | 'to_pickup' | 'waiting' | 'ride' | 'fare';

const SCENES: Readonly<Record<string, Scene>> = {
  offline: 'off',
  break: 'break',
  out_of_service: 'out',
  idle: 'free',
  to_pickup: 'to_pickup',
  at_pickup: 'waiting',
  on_trip: 'ride',
};

/** What fills the screen. An offer goes before a fare: it does not wait; a ride under way goes before both. */
export function scene(duty: Duty, fare: string | null): Scene {
  if (duty.vehicle === null) return 'loading';
  if (duty.offer !== null) return 'offer';
  const work = SCENES[duty.vehicle.state] ?? 'free';
  const driving = work === 'to_pickup' || work === 'waiting' || work === 'ride';
  return fare !== null && !driving ? 'fare' : work;
}
