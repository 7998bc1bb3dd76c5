/**
 * The state of the driver's app, reduced from the streams of the vehicle and of its trips. No I/O.
 *
 * Rule 1. The last view of the vehicle determines its state; nothing here contradicts it.
 * Rule 2. A finished ride stays in `fares` until it is paid or settled and the driver has closed it: new offers may
 *         arrive while a fare is still due.
 */
import type { OfferView, Snapshot, TripView, Update, VehicleView } from '../protocol/messages';

export type Outcome = 'expired' | 'withdrawn';

export interface OpenOffer {
  view: OfferView;
  /** City time at which its countdown starts. */
  since: number;
}

export interface DriverState {
  vehicle: VehicleView | null;
  trips: Readonly<Record<string, TripView>>;
  offer: OpenOffer | null;
  /** The last offer, if it expired or was withdrawn. */
  missed: { view: OfferView; outcome: Outcome } | null;
  /** A trip that was released from this vehicle before the ride began. */
  lost: string | null;
  /** City time of the last meter reading. */
  readAt: number | null;
  /** Finished rides whose fares the driver has not closed, the newest last. */
  fares: readonly string[];
}

export const INITIAL_STATE: DriverState = {
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

/** The state after a message. `now` is city time; the countdown of an offer from a snapshot starts there. */
export function reduce(state: DriverState, message: Update | Snapshot, now: number): DriverState {
  if (message.trip !== undefined) {
    return { ...state, trips: { ...state.trips, [message.trip.trip]: message.trip } };
  }
  if (message.vehicle === undefined) return state;
  const event = message.t === 'update' ? message.event : '';
  const at = message.t === 'update' ? Math.min(message.at, now) : now;
  return {
    ...state,
    ...rideAfter(state, message.vehicle, event, at),
    ...offerAfter(state, message.vehicle, event, at),
  };
}

function offerAfter(
  state: DriverState,
  vehicle: VehicleView,
  event: string,
  at: number,
): Pick<DriverState, 'offer' | 'missed'> {
  const before = state.offer;
  const view = vehicle.state === 'offered' ? vehicle.offer : undefined;
  if (view !== undefined) {
    const known = before?.view.offer === view.offer;
    return { offer: { view, since: known ? before.since : at }, missed: known ? state.missed : null };
  }
  const outcome = MISSED[event];
  if (before !== null && outcome !== undefined) return { offer: null, missed: { view: before.view, outcome } };
  return { offer: null, missed: vehicle.state === 'idle' ? state.missed : null };
}

function rideAfter(
  state: DriverState,
  vehicle: VehicleView,
  event: string,
  at: number,
): Pick<DriverState, 'vehicle' | 'fares' | 'lost' | 'readAt'> {
  const before = state.vehicle;
  const left = before?.trip !== undefined && before.trip !== vehicle.trip ? before.trip : null;
  const finished = left !== null && before?.state === 'on_trip' && !state.fares.includes(left);
  const released = left !== null && event === 'trip_released';
  return {
    vehicle,
    readAt: READINGS.has(event) ? at : vehicle.meter === undefined ? null : (state.readAt ?? at),
    fares: finished ? [...state.fares, left] : state.fares,
    lost: released ? left : vehicle.trip === undefined ? state.lost : null,
  };
}

/** The trips to subscribe to: the vehicle's own, those with open fares, and a released one, for its reason. */
export function subscribedTrips(state: DriverState): string[] {
  const own = state.vehicle?.trip;
  const trips = [...(own === undefined ? [] : [own]), ...state.fares, ...(state.lost === null ? [] : [state.lost])];
  return [...new Set(trips)];
}

/** Removes a fare that is paid or left to the office. */
export function closeFare(state: DriverState, trip: string): DriverState {
  return { ...state, fares: state.fares.filter((each) => each !== trip) };
}

/** Makes an open fare the newest one, to be collected now. */
export function collectFare(state: DriverState, trip: string): DriverState {
  return { ...state, fares: [...state.fares.filter((each) => each !== trip), trip] };
}

export function withoutNews(state: DriverState): DriverState {
  return { ...state, missed: null, lost: null };
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

/** The content of the screen. An offer precedes a fare, because it expires; a ride in progress precedes both. */
export function scene(state: DriverState, fare: string | null): Scene {
  if (state.vehicle === null) return 'loading';
  if (state.offer !== null) return 'offer';
  const work = SCENES[state.vehicle.state] ?? 'free';
  const driving = work === 'to_pickup' || work === 'waiting' || work === 'ride';
  return fare !== null && !driving ? 'fare' : work;
}
