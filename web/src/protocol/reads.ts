// Made from the structs in dispatch/ by `python -m dispatch.codegen.typescript`; do not edit.

import type { Alarm, MoneyView, Notice, Place, TripView, VehicleView } from './messages';

/**
 * `GET /v1/city`: `box` is south, west, north, east (None: unbounded); `tiles` a tile server's address, or
 * empty: the map is then drawn from `/v1/city/land` and `/v1/city/streets` (GeoJSON, public).
 */
export interface CityFacts {
  name: string;
  title: string;
  time_zone: string;
  currency: string;
  speed: number;
  center: [number, number];
  box?: [number, number, number, number];
  tiles?: string;
  sources?: string[];
  development?: boolean;
  alipay?: boolean;
}

/**
 * The best first.
 */
export interface PlaceList {
  places: Place[];
}

/**
 * A car of the registry, and what it does now (`state` is None for one that was never in service).
 */
export interface FleetCar {
  vehicle: string;
  plate: string;
  company: string;
  vehicle_class: string;
  seats: number;
  wheelchair?: boolean;
  child_seat?: boolean;
  active?: boolean;
  state?: string;
  since?: number;
  driver?: string;
  driver_name?: string;
  trip?: string;
}

/**
 * `GET /v1/vehicles`.
 */
export interface FleetList {
  cars: FleetCar[];
}

/**
 * `GET /v1/trips`: open trips, and those that were requested in the last hour (`?since=`: since then).
 * `GET /v1/my/trips`: a passenger's own, the newest first.
 */
export interface TripList {
  at: number;
  trips: TripView[];
}

/**
 * An event of a stream, with what it says.
 */
export interface TimelineEvent {
  seq: number;
  at: number;
  event: string;
  facts?: Record<string, unknown>;
}

/**
 * One thing that was said to or by Alipay.
 */
export interface PaymentExchange {
  at: number;
  kind: string;
  order: string;
  facts?: Record<string, unknown>;
}

/**
 * A payment with each attempt.
 */
export interface PaymentDetail {
  payment: string;
  state: string;
  method?: string;
  amount?: MoneyView;
  refunded?: MoneyView;
  order?: string;
  trade?: string;
  opened_at?: number;
  paid_at?: number;
  unclear?: string;
  timeline?: TimelineEvent[];
  said?: PaymentExchange[];
}

/**
 * A car near a request: metres by straight line, seconds to the pick-up where they were asked for, the cause.
 */
export interface ConsideredVehicle {
  vehicle: string;
  meters: number;
  cause: string;
  pickup_s?: number;
}

/**
 * Why this car, or none: the last matching window that held the request.
 */
export interface MatchExplanation {
  at: number;
  windows: number;
  counts: Record<string, number>;
  nearest: ConsideredVehicle[];
  matched?: string;
}

/**
 * `GET /v1/trips/{trip}`: all that is known of a trip.
 */
export interface TripDetail {
  seq: number;
  trip: TripView;
  timeline: TimelineEvent[];
  payments: PaymentDetail[];
  why?: MatchExplanation[];
}

/**
 * An offer and its one outcome: `accepted`, `declined`, `expired`, `withdrawn`; empty while it is open.
 */
export interface OfferDetail {
  offer: string;
  trip: string;
  made_at: number;
  pickup_s: number;
  outcome?: string;
  ended_at?: number;
  reason?: string;
}

/**
 * Why a car got nothing, from `since` until `until` (None: still).
 */
export interface CauseSpan {
  since: number;
  cause: string;
  until?: number;
  detail?: string;
}

/**
 * `GET /v1/vehicles/{vehicle}`: the car, its shift, its trip, its offers of the last hour. Its last fix is on the
 * map.
 */
export interface VehicleDetail {
  seq: number;
  car: FleetCar;
  view: VehicleView;
  shift_since?: number;
  offers?: OfferDetail[];
  timeline?: TimelineEvent[];
  why?: CauseSpan[];
}

/**
 * What was found, the newest trips first.
 */
export interface SearchHits {
  trips: TripView[];
  cars: FleetCar[];
}

/**
 * `GET /v1/alarms`: those that nobody has settled, and those settled in the last day; the newest first.
 */
export interface AlarmList {
  alarms: Alarm[];
}

/**
 * A stretch of a car's way. `points` holds 13 bytes each, little-endian: `u32` tenths of a second after
 * `since`, `i32` latitude and `i32` longitude in millionths of a degree, `u8` the place of the state in
 * `MAP_STATES`.
 */
export interface Track {
  vehicle: string;
  since: number;
  until: number;
  points: Uint8Array;
}

/**
 * A trip's event in a replay.
 */
export interface TripMoment {
  trip: string;
  at: number;
  event: string;
  state: string;
  vehicle?: string;
  pickup?: Place;
  dropoff?: Place;
}

/**
 * `GET /v1/replay?since=&until=` (900 s of city time at most; `&vehicle=` one car, then a day): archived tracks
 * that touch the span, and what happened to trips in it, the oldest first. `open` are the trips that
 * looked for a car or had one at its beginning. `archived_until`: how far the archive reaches.
 */
export interface Replay {
  since: number;
  until: number;
  archived_until: number;
  tracks: Track[];
  moments: TripMoment[];
  open: TripView[];
}

/**
 * `POST /v1/my/trips/{trip}/share`: a token with which anybody may follow the trip until `expires_at` (wall),
 * for the fragment of a link, which no server sees.
 */
export interface ShareLink {
  token: string;
  expires_at: number;
}

/**
 * `GET /v1/my/trips/{trip}/receipt`.
 */
export interface Receipt {
  trip: TripView;
  company: string;
  issued_at: number;
}

/**
 * A ride of the shift.
 */
export interface ShiftRide {
  trip: string;
  finished_at: number;
  payment_state: string;
  fare: MoneyView;
  method?: string;
}

/**
 * What was earned in one way; an empty `method`: not paid yet.
 */
export interface ShiftSum {
  method: string;
  rides: number;
  amount: MoneyView;
}

/**
 * `GET /v1/my/shift`: the driver's rides since the shift began (else of today), the newest first.
 */
export interface ShiftAccount {
  since: number;
  at: number;
  sums: ShiftSum[];
  rides: ShiftRide[];
}

/**
 * `GET /v1/my/notices`: dispatchers' messages of the last 12 hours, the newest first.
 */
export interface NoticeList {
  notices: Notice[];
}

/**
 * `POST /v1/places`: an address, a crossing or a landmark; places near `near` first.
 */
export interface PlaceQuery {
  text: string;
  near?: [number, number] | null;
}

/**
 * `POST /v1/places/at`: what a point on the map is called.
 */
export interface PlaceAt {
  lat: number;
  lng: number;
}

/**
 * `POST /v1/search`: a trip's id, a plate, a vehicle's or a driver's number, or a phone number; parts will do.
 * Posted, because a phone number has no place in an address.
 */
export interface SearchQuery {
  text: string;
}

/**
 * The query of `GET /v1/replay`.
 */
export interface ReplaySpan {
  since: number;
  until: number;
  vehicle?: string | null;
}

/**
 * The query of `GET /v1/trips`: city seconds, a day back at most.
 */
export interface TripsSince {
  since?: number | null;
}
