// Made from the structs in dispatch/ by `python -m dispatch.codegen.typescript`; do not edit.

/**
 * A point in degrees, with an optional address or landmark.
 */
export interface Place {
  lat: number;
  lng: number;
  text?: string;
}

/**
 * A GPS fix: `n` counts up for each phone, `at` is the phone's time, then degrees, m/s, degrees from north.
 */
export type Fix = [n: number, at: number, lat: number, lng: number, speed?: number | null, heading?: number | null];

/**
 * The last number that a client saw of a stream.
 */
export interface Cursor {
  stream: string;
  seq: number;
}

/**
 * An amount in whole minor units.
 */
export interface MoneyView {
  minor: number;
  currency: string;
}

/**
 * One line of a fare: what for, how much of it, and what that costs.
 */
export interface FareLineView {
  kind: string;
  text: string;
  quantity: number;
  unit: string;
  minor: number;
}

/**
 * A fare and how it was made.
 */
export interface FareView {
  total: MoneyView;
  lines: FareLineView[];
}

/**
 * The car that comes, as a passenger needs to know it.
 */
export interface CarView {
  vehicle: string;
  plate: string;
  driver: string;
  vehicle_class?: string;
}

/**
 * What happened to a payment, and what to do, for drivers, cashiers and passengers.
 */
export interface PhraseView {
  en: string;
  zh: string;
  do_en: string;
  do_zh: string;
}

/**
 * Where the payment of a trip stands. `trade` is Alipay's number, for its cashier; `code` the text of the
 * code that the passenger scans from the driver's screen; `typed` what the passenger of a car without a meter
 * typed, for the driver to confirm.
 */
export interface PaymentView {
  state: string;
  method?: string;
  amount?: MoneyView;
  order?: string;
  trade?: string;
  reason?: string;
  code?: string;
  phrase?: PhraseView;
  typed?: MoneyView;
  refunded?: MoneyView;
}

/**
 * An offer to a driver. It expires at `expires_at`; the countdown is the app's to draw.
 */
export interface OfferView {
  offer: string;
  trip: string;
  pickup: Place;
  pickup_s: number;
  expires_at: number;
  dropoff?: Place;
  passengers?: number;
  needs?: string[];
  note?: string;
}

/**
 * What the meter of the ride shows.
 */
export interface MeterView {
  meters: number;
  waiting_s: number;
  fare: MoneyView;
}

/**
 * Cars of one `host` in one H3 cell of resolution 7, at a city time; `whole` replaces what was known of this
 * host's cars there.
 *
 * `cars` holds nine bytes a car, little-endian: `u16` the car's number at this host, `u16` x and `u16` y,
 * `u8` heading (0-254 for 0-360 degrees, 255 unknown), `u8` its place in `MAP_STATES` (255: it left the cell),
 * `u8` the fix's age in twentieths of a second when the frame was made (255: that or more).
 * x and y count from the south-west corner of a box around the cell's centre: `MAP_HALF_BOX_DEG` of latitude
 * either way, and as much divided by the cosine of the centre's latitude of longitude, in 65,536 steps.
 * `names` gives the vehicle of each number that is new here, and of all in a `whole` frame. A cell that a host has
 * not told whole for 20 s of the wall holds none of its cars any more.
 */
export type CellFrame = [cell: string, host: string, at: number, whole: boolean, cars: Uint8Array, names?: Record<number, string>];

/**
 * How many cars of each state are in a cell, in the order of `MAP_STATES`.
 */
export type CellCount = [cell: string, cars: number[]];

/**
 * A trip, as its reader may see it.
 */
export interface TripView {
  trip: string;
  state: string;
  origin: string;
  vehicle_class: string;
  requested_at: number;
  pickup?: Place;
  dropoff?: Place;
  pickup_at?: number;
  seats?: number;
  needs?: string[];
  note?: string;
  car?: CarView;
  code?: string;
  eta_at?: number;
  assigned_at?: number;
  arrived_at?: number;
  started_at?: number;
  finished_at?: number;
  fare?: FareView;
  payment?: PaymentView;
  cancelled_by?: string;
  cancel_reason?: string;
  stars?: number;
  passenger?: string;
}

/**
 * A vehicle, as its driver, its taximeter or a dispatcher may see it.
 */
export interface VehicleView {
  vehicle: string;
  state: string;
  driver?: string;
  offer?: OfferView;
  trip?: string;
  meter?: MeterView;
  paid?: PaymentView;
  reason?: string;
}

/**
 * The first message: who is there, and what it last saw. `clock` is the phone's time, to measure its offset.
 */
export interface Hello {
  t: 'hello';
  token: string;
  clock?: number;
  resume?: Cursor[];
}

/**
 * Follow a stream, from the number after `after` (none: from a snapshot on).
 */
export interface Attach {
  t: 'attach';
  id: string;
  stream: string;
  after?: number;
}

/**
 * No longer follow a stream.
 */
export interface Detach {
  t: 'detach';
  id: string;
  stream: string;
}

/**
 * Is somebody there? Phones' sockets die without a word; `accepted` is the sign of life.
 */
export interface Ping {
  t: 'ping';
  id: string;
}

/**
 * The shift begins, or the break ends: the car takes offers.
 */
export interface GoOnline {
  t: 'online';
  id: string;
}

/**
 * The shift ends.
 */
export interface GoOffline {
  t: 'offline';
  id: string;
}

/**
 * No offers until `online`.
 */
export interface TakeBreak {
  t: 'break';
  id: string;
}

/**
 * Where the car is. Not answered one by one: `heard` tells up to which number fixes are safe.
 */
export interface GpsFix {
  t: 'fix';
  fix: Fix;
}

/**
 * Fixes gathered while the phone was offline, or not yet heard, in the order of their numbers.
 */
export interface GpsFixes {
  t: 'fixes';
  fixes: Fix[];
}

/**
 * Take the offered trip.
 */
export interface AcceptOffer {
  t: 'accept';
  id: string;
  offer: string;
}

/**
 * Leave the offered trip to others.
 */
export interface DeclineOffer {
  t: 'decline';
  id: string;
  offer: string;
  reason?: string;
}

/**
 * The car waits at the pick-up.
 */
export interface Arrived {
  t: 'arrived';
  id: string;
  trip: string;
}

/**
 * The passenger is in the car and has said the ride code of four digits.
 */
export interface StartRide {
  t: 'start';
  id: string;
  trip: string;
  code: string;
}

/**
 * A passenger got in on the street: a trip without a known passenger begins.
 */
export interface StartHail {
  t: 'hail';
  id: string;
}

/**
 * What the taximeter shows for the ride. The last reading is the fare, in place of the GPS meter's.
 */
export interface MeterReport {
  t: 'meter';
  id: string;
  amount: number;
  currency: string;
}

/**
 * The ride is over: the fare is due.
 */
export interface FinishRide {
  t: 'finish';
  id: string;
  trip: string;
}

/**
 * The driver gives the trip back before its start: it is matched again. `no_show` ends it, with a fee.
 */
export interface TripReturn {
  t: 'give_back';
  id: string;
  trip: string;
  reason: string;
  no_show?: boolean;
}

/**
 * The taximeter was switched to hired: a street hail begins.
 */
export interface MeterHired {
  t: 'hired';
  id: string;
}

/**
 * The taximeter was switched to vacant: the ride is over.
 */
export interface MeterVacant {
  t: 'vacant';
  id: string;
}

/**
 * The driver collects the fare that is due: in cash, by a code on the driver's screen, or by the passenger's own
 * code, which the driver scanned (`auth_code`).
 */
export interface Collect {
  t: 'collect';
  id: string;
  trip: string;
  by: 'cash' | 'code' | 'scan';
  auth_code?: string;
}

/**
 * The driver of a car without a meter confirms the fare, as the passenger typed it or said it.
 */
export interface AgreeOnFare {
  t: 'agree_fare';
  id: string;
  trip: string;
  amount: number;
  currency: string;
}

/**
 * The minute's word: it stands on the passenger's page too, so that a picture of another payment is no proof.
 */
export interface AskWord {
  t: 'word';
  id: string;
}

/**
 * Today's payments and totals of the vehicle, to check accounts.
 */
export interface AskToday {
  t: 'today';
  id: string;
}

/**
 * What a ride would cost, and how long it would take.
 */
export interface Estimate {
  t: 'estimate';
  id: string;
  pickup: Place;
  dropoff: Place;
  at?: number;
}

/**
 * The way by road: `points` (latitude, longitude), `meters`, `seconds` and `by_road` in the result.
 */
export interface AskRoute {
  t: 'route';
  id: string;
  start: Place;
  end: Place;
}

/**
 * A car now, or at `at`: then it is a reservation, matched with enough lead.
 */
export interface RequestRide {
  t: 'request';
  id: string;
  pickup: Place;
  dropoff?: Place;
  vehicle_class?: 'comfort' | 'standard' | 'van';
  seats?: number;
  needs?: ('child_seat' | 'wheelchair')[];
  at?: number;
  note?: string;
}

/**
 * The passenger, or a dispatcher for somebody, no longer wants the trip.
 *
 * With `fee_up_to` a cancellation that would cost more is refused (4010) and tells the fee in `amount`, so that a
 * person has agreed to what it costs. Without it the tariff's fee is taken.
 */
export interface CancelTrip {
  t: 'cancel';
  id: string;
  trip: string;
  reason: string;
  fee_up_to?: number;
}

/**
 * Pay the fare that is due: of one's own `trip`, or of the car whose QR code was scanned (`vehicle`).
 *
 * `buyer` is the Alipay user id of whoever pays; only that account can confirm the order.
 */
export interface Pay {
  t: 'pay';
  id: string;
  trip?: string;
  vehicle?: string;
  buyer?: string;
}

/**
 * Another way of paying is wanted. The open payment is closed first, and Alipay has the last word: the fare is due
 * again, or it was paid after all.
 */
export interface StopPay {
  t: 'stop_pay';
  id: string;
  trip: string;
}

/**
 * One to five stars for a finished ride.
 */
export interface Rate {
  t: 'rate';
  id: string;
  trip: string;
  stars: number;
  comment?: string;
}

/**
 * See the cars in these H3 cells (resolution 7, as hexadecimal text), or with `counts` how many cars there are in
 * every cell. Replaces the last watch. A cell that is new here is told whole at once, as far as it is known.
 */
export interface Watch {
  t: 'watch';
  id: string;
  cells: string[];
  counts?: boolean;
}

/**
 * A ride for somebody who called.
 */
export interface BookByPhone {
  t: 'book';
  id: string;
  phone: string;
  pickup: Place;
  dropoff?: Place;
  vehicle_class?: 'comfort' | 'standard' | 'van';
  seats?: number;
  needs?: ('child_seat' | 'wheelchair')[];
  at?: number;
  note?: string;
}

/**
 * Offer a waiting trip to this car, whatever the matcher would do.
 */
export interface ManualAssignment {
  t: 'assign';
  id: string;
  trip: string;
  vehicle: string;
}

/**
 * The car gets no offers until it is put back.
 */
export interface TakeOutOfService {
  t: 'take_out';
  id: string;
  vehicle: string;
  reason: string;
}

/**
 * The car may go online again.
 */
export interface ReturnToService {
  t: 'put_back';
  id: string;
  vehicle: string;
}

/**
 * A message to the drivers of these vehicles, or (none named) to all drivers. Who is away gets it on return.
 */
export interface Broadcast {
  t: 'broadcast';
  id: string;
  text: string;
  vehicles?: string[];
}

/**
 * Somebody has looked at an alarm, and says what came of it.
 */
export interface SettleAlarm {
  t: 'settle_alarm';
  id: string;
  alarm: string;
  note?: string;
}

/**
 * Give a paid fare back: `amount` of it, or all that is left. `cancel` undoes the whole payment, which Alipay
 * does on the day of the payment only. Needs the permission `refund`.
 */
export interface RefundTrip {
  t: 'refund';
  id: string;
  trip: string;
  reason: string;
  amount?: number;
  currency?: string;
  cancel?: boolean;
}

/**
 * The fare is settled outside the system: written off, or paid at the office. Needs the permission `refund`.
 */
export interface SettleTrip {
  t: 'settle';
  id: string;
  trip: string;
  reason: string;
}

/**
 * The answer to `hello`. `session` names this connection in logs.
 */
export interface Welcome {
  t: 'welcome';
  role: 'device' | 'dispatcher' | 'driver' | 'guest' | 'passenger';
  subject: string;
  session: string;
  city_time: number;
  speed: number;
  vehicle?: string;
  heard?: number;
}

/**
 * The command is committed: the stream, its number and state now. `result` where something was asked.
 */
export interface Accepted {
  t: 'accepted';
  id: string;
  stream?: string;
  seq?: number;
  state?: string;
  result?: Record<string, unknown>;
}

/**
 * The command (or, without an `id`, the message) was refused and changed nothing. `amount` is what it would
 * have cost, where that is why.
 */
export interface Rejected {
  t: 'rejected';
  code: number;
  text: string;
  retryable: boolean;
  id?: string;
  field?: string;
  amount?: MoneyView;
}

/**
 * Number `seq` of a stream: what happened, and how the trip or vehicle stands after it.
 */
export interface Update {
  t: 'update';
  stream: string;
  seq: number;
  event: string;
  at: number;
  trip?: TripView;
  vehicle?: VehicleView;
}

/**
 * How a stream stands at `seq`. `recovered` tells whether the updates since the asked number came before.
 */
export interface Snapshot {
  t: 'snapshot';
  stream: string;
  seq: number;
  recovered: boolean;
  trip?: TripView;
  vehicle?: VehicleView;
}

/**
 * Fixes up to number `n` are safe; the app may forget them.
 */
export interface Heard {
  t: 'heard';
  n: number;
}

/**
 * Where the car of a trip is, and when it will be at the pick-up. Only the newest counts; it may be skipped.
 */
export interface CarPosition {
  t: 'car';
  trip: string;
  n: number;
  at: number;
  lat: number;
  lng: number;
  heading?: number;
  eta_at?: number;
}

/**
 * Cars that have moved or changed, cell by cell. It may be skipped: the next whole frame of a cell mends it.
 */
export interface MapFrames {
  t: 'map';
  frames: CellFrame[];
}

/**
 * How many cars of one `host` are in every cell; replaces what this host told before.
 */
export interface MapCounts {
  t: 'map_counts';
  host: string;
  at: number;
  cells: CellCount[];
}

/**
 * The map gets no positions now (`stale`), or again. Trips, offers and payments go on.
 */
export interface MapStale {
  t: 'map_stale';
  stale: boolean;
}

/**
 * A trip's new state, for dispatchers. May be skipped; the trip's stream never is.
 */
export interface TripNotice {
  t: 'trip';
  trip: TripView;
}

/**
 * Something a dispatcher has to look at, or (`settled_by`) that somebody has looked at.
 */
export interface Alarm {
  t: 'alarm';
  alarm: string;
  name: string;
  at: number;
  fields: Record<string, string | number | number | null>;
  settled_by?: string;
  settled_at?: number;
  note?: string;
}

/**
 * A dispatcher's message to drivers. An app shows each `notice` once.
 */
export interface Notice {
  t: 'notice';
  notice: string;
  at: number;
  by: string;
  text: string;
}

/**
 * Another connection of the same driver or device has taken over; this one is about to be closed.
 */
export interface Replaced {
  t: 'replaced';
}

export type FromClient =
  | Hello
  | Attach
  | Detach
  | Ping
  | GoOnline
  | GoOffline
  | TakeBreak
  | GpsFix
  | GpsFixes
  | AcceptOffer
  | DeclineOffer
  | Arrived
  | StartRide
  | StartHail
  | MeterReport
  | FinishRide
  | TripReturn
  | MeterHired
  | MeterVacant
  | Collect
  | AgreeOnFare
  | AskWord
  | AskToday
  | Estimate
  | AskRoute
  | RequestRide
  | CancelTrip
  | Pay
  | StopPay
  | Rate
  | Watch
  | BookByPhone
  | ManualAssignment
  | TakeOutOfService
  | ReturnToService
  | Broadcast
  | SettleAlarm
  | RefundTrip
  | SettleTrip;

export type FromServer =
  | Welcome
  | Accepted
  | Rejected
  | Update
  | Snapshot
  | Heard
  | CarPosition
  | MapFrames
  | MapCounts
  | MapStale
  | TripNotice
  | Alarm
  | Notice
  | Replaced;
