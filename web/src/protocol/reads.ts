// Generated from the structs in dispatch/ by `python -m dispatch.codegen.typescript`; do not edit.

import type { Alarm, MoneyView, Notice, Place, TripView, VehicleView } from './messages';

/**
 * `GET /v1/city`. `box` is south, west, north, east (None: unbounded). `tiles` is a tile server's address; if
 * it is empty, the map is drawn from the public GeoJSON files `/v1/city/land` and `/v1/city/streets`.
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
 * Places, best match first.
 */
export interface PlaceList {
  places: Place[];
}

/**
 * A vehicle of the registry and its current state (`state` is None if it was never in service).
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
 * `GET /v1/trips`: open trips, and trips requested in the last hour (with `?since=`: since that time).
 * `GET /v1/my/trips`: the passenger's own trips, newest first.
 */
export interface TripList {
  at: number;
  trips: TripView[];
}

/**
 * An event of a stream with its facts.
 */
export interface TimelineEvent {
  seq: number;
  at: number;
  event: string;
  facts?: Record<string, unknown>;
}

/**
 * One message to or from Alipay.
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
 * A vehicle near a request: the straight-line distance, the pick-up time in seconds if it was computed, and the
 * cause.
 */
export interface ConsideredVehicle {
  vehicle: string;
  meters: number;
  cause: string;
  pickup_s?: number;
}

/**
 * Why this vehicle, or none, was matched: the last matching window that contained the request.
 */
export interface MatchExplanation {
  at: number;
  windows: number;
  counts: Record<string, number>;
  nearest: ConsideredVehicle[];
  matched?: string;
}

/**
 * `GET /v1/trips/{trip}`: everything known of a trip.
 */
export interface TripDetail {
  seq: number;
  trip: TripView;
  timeline: TimelineEvent[];
  payments: PaymentDetail[];
  why?: MatchExplanation[];
}

/**
 * An offer and its one outcome: `accepted`, `declined`, `expired` or `withdrawn`; empty while it is
 * open.
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
 * Why a vehicle got no offer from `since` until `until` (None: still).
 */
export interface CauseSpan {
  since: number;
  cause: string;
  until?: number;
  detail?: string;
}

/**
 * `GET /v1/vehicles/{vehicle}`: the vehicle, its shift, its trip, and its offers of the last hour. Its last fix
 * is on the live map.
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
 * The results, newest trips first.
 */
export interface SearchHits {
  trips: TripView[];
  cars: FleetCar[];
}

/**
 * `GET /v1/alarms`: unsettled alarms and those settled in the last day, newest first.
 */
export interface AlarmList {
  alarms: Alarm[];
}

/**
 * A section of a vehicle's track. `points` holds 13 bytes per point, little-endian: `u32` tenths of a second
 * after `since`, `i32` latitude and `i32` longitude in millionths of a degree, `u8` the index of the state in
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
 * `GET /v1/replay?since=&until=` (at most 900 s of city time; a day with `&vehicle=`): the archived tracks that
 * overlap the span and the trip events in it, oldest first. `open` lists the trips that were open at its start, and
 * `archived_until` the time up to which the archive is complete.
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
 * `POST /v1/my/trips/{trip}/share`: a token with which anyone can follow the trip until `expires_at` (wall
 * time). It is meant for the fragment of a link, which is never sent to a server.
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
 * Earnings by payment method; an empty `method` means not paid yet.
 */
export interface ShiftSum {
  method: string;
  rides: number;
  amount: MoneyView;
}

/**
 * `GET /v1/my/shift`: the driver's rides since the start of the shift (otherwise of today), newest first.
 */
export interface ShiftAccount {
  since: number;
  at: number;
  sums: ShiftSum[];
  rides: ShiftRide[];
}

/**
 * `GET /v1/my/notices`: dispatchers' messages of the last 12 hours, newest first.
 */
export interface NoticeList {
  notices: Notice[];
}

/**
 * `POST /v1/places`: an address, a crossing or a landmark. Places close to `near` come first.
 */
export interface PlaceQuery {
  text: string;
  near?: [number, number] | null;
}

/**
 * `POST /v1/places/at`: the name of a point on the map.
 */
export interface PlaceAt {
  lat: number;
  lng: number;
}

/**
 * `POST /v1/search`: a trip id, a plate, a vehicle or driver number, or a phone number; partial text also
 * matches. The query is posted so that phone numbers do not appear in URLs.
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
 * The query of `GET /v1/trips`: city seconds, at most one day back.
 */
export interface TripsSince {
  since?: number | null;
}
