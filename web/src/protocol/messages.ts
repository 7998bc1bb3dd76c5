// Generated from the structs in dispatch/ by `python -m dispatch.codegen.typescript`; do not edit.

/**
 * A point in degrees, with an optional address or landmark.
 */
export interface Place {
  lat: number;
  lng: number;
  text?: string;
}

/**
 * A GPS fix: `n` counts up per phone, `at` is the phone's time, then degrees, m/s, and degrees from north.
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
 * One line of a fare: its kind, text, quantity and amount.
 */
export interface FareLineView {
  kind: string;
  text: string;
  quantity: number;
  unit: string;
  minor: number;
}

/**
 * A fare and its lines.
 */
export interface FareView {
  total: MoneyView;
  lines: FareLineView[];
}

/**
 * The assigned vehicle, as the passenger needs to identify it.
 */
export interface CarView {
  vehicle: string;
  plate: string;
  driver: string;
  vehicle_class?: string;
}

/**
 * An explanation of a payment's state and the advice for it, for drivers, cashiers and passengers.
 */
export interface PhraseView {
  en: string;
  zh: string;
  do_en: string;
  do_zh: string;
}

/**
 * The state of a trip's payment. `trade` is Alipay's number, with which the app opens Alipay's cashier; `code`
 * is the text of the code that the passenger scans from the driver's screen; `typed` is the fare that the passenger
 * of a vehicle without a meter typed, for the driver to confirm.
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
 * An offer to a driver. It expires at `expires_at`; the app shows the countdown.
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
 * The meter of the current ride.
 */
export interface MeterView {
  meters: number;
  waiting_s: number;
  fare: MoneyView;
}

/**
 * Vehicles of one `host` in one H3 cell of resolution 7, at a city time. A `whole` frame replaces everything
 * known of this host's vehicles in the cell.
 *
 * `cars` holds nine bytes per vehicle, little-endian: `u16` the vehicle's number at this host, `u16` x and
 * `u16` y, `u8` heading (0-254 for 0-360 degrees, 255 unknown), `u8` its index in `MAP_STATES` (255: it left
 * the cell), `u8` the fix's age in twentieths of a second when the frame was made (255: that or more). x and y count
 * from the south-west corner of a box around the cell's centre: `MAP_HALF_BOX_DEG` of latitude in either direction,
 * and the same divided by the cosine of the centre's latitude in longitude, in 65,536 steps. `names` maps numbers to
 * vehicle ids: of vehicles that are new here, or of all vehicles in a `whole` frame. If a host has sent no whole
 * frame of a cell for 20 wall seconds, the cell contains none of its vehicles any more.
 */
export type CellFrame = [cell: string, host: string, at: number, whole: boolean, cars: Uint8Array, names?: Record<number, string>];

/**
 * The number of vehicles of each state in a cell, in the order of `MAP_STATES`.
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
 * The first message: authenticates the client and names the last numbers it saw. `clock` is the phone's time,
 * from which the server measures its offset.
 */
export interface Hello {
  t: 'hello';
  token: string;
  clock?: number;
  resume?: Cursor[];
}

/**
 * Subscribe to a stream, starting after number `after`, or with a snapshot if it is left out.
 */
export interface Attach {
  t: 'attach';
  id: string;
  stream: string;
  after?: number;
}

/**
 * Unsubscribe from a stream.
 */
export interface Detach {
  t: 'detach';
  id: string;
  stream: string;
}

/**
 * Check the connection; the answer is `accepted`.
 */
export interface Ping {
  t: 'ping';
  id: string;
}

/**
 * Start the shift or end the break: the vehicle takes offers.
 */
export interface StartShift {
  t: 'online';
  id: string;
}

/**
 * End the shift.
 */
export interface EndShift {
  t: 'offline';
  id: string;
}

/**
 * Take no offers until `online`.
 */
export interface StartBreak {
  t: 'break';
  id: string;
}

/**
 * The vehicle's position. Fixes are not answered one by one: `heard` names the number up to which they are
 * stored.
 */
export interface GpsFix {
  t: 'fix';
  fix: Fix;
}

/**
 * Fixes that were collected offline or are not acknowledged yet, ordered by number.
 */
export interface GpsFixes {
  t: 'fixes';
  fixes: Fix[];
}

/**
 * Accept the offered trip.
 */
export interface AcceptOffer {
  t: 'accept';
  id: string;
  offer: string;
}

/**
 * Decline the offered trip.
 */
export interface DeclineOffer {
  t: 'decline';
  id: string;
  offer: string;
  reason?: string;
}

/**
 * The vehicle has arrived at the pick-up.
 */
export interface ArriveAtPickup {
  t: 'arrived';
  id: string;
  trip: string;
}

/**
 * The passenger is in the vehicle and gave the driver the ride code of four digits.
 */
export interface StartRide {
  t: 'start';
  id: string;
  trip: string;
  code: string;
}

/**
 * A passenger got in on the street: starts a trip without a known passenger.
 */
export interface StartHail {
  t: 'hail';
  id: string;
}

/**
 * The taximeter's current amount. The last report is the fare and replaces the GPS meter's.
 */
export interface ReportMeter {
  t: 'meter';
  id: string;
  amount: number;
  currency: string;
}

/**
 * The ride has ended and the fare is due.
 */
export interface FinishRide {
  t: 'finish';
  id: string;
  trip: string;
}

/**
 * The driver returns the trip before its start, and it is matched again. With `no_show` the trip ends, with a
 * fee.
 */
export interface ReturnTrip {
  t: 'give_back';
  id: string;
  trip: string;
  reason: string;
  no_show?: boolean;
}

/**
 * The taximeter was switched to hired: a street hail starts.
 */
export interface MeterHired {
  t: 'hired';
  id: string;
}

/**
 * The taximeter was switched to vacant: the ride ends.
 */
export interface MeterVacant {
  t: 'vacant';
  id: string;
}

/**
 * The driver collects the fare in cash, by a code on the driver's screen, or by the passenger's own code, which the
 * driver scanned (`auth_code`).
 */
export interface Collect {
  t: 'collect';
  id: string;
  trip: string;
  by: 'cash' | 'code' | 'scan';
  auth_code?: string;
}

/**
 * The driver of a vehicle without a meter confirms the fare that the passenger typed or said.
 */
export interface AgreeFare {
  t: 'agree_fare';
  id: string;
  trip: string;
  amount: number;
  currency: string;
}

/**
 * Get the rotating word. The passenger's page shows the same word, so a screenshot of an old payment is no
 * proof.
 */
export interface AskWord {
  t: 'word';
  id: string;
}

/**
 * Get the vehicle's payments and totals of today.
 */
export interface AskToday {
  t: 'today';
  id: string;
}

/**
 * Get the estimated fare and duration of a ride.
 */
export interface Estimate {
  t: 'estimate';
  id: string;
  pickup: Place;
  dropoff: Place;
  at?: number;
}

/**
 * Get the road route: the result holds `points` (latitude, longitude), `meters`, `seconds` and
 * `by_road`.
 */
export interface AskRoute {
  t: 'route';
  id: string;
  start: Place;
  end: Place;
}

/**
 * Request a vehicle now, or at `at` as a reservation, which is matched in time for the pick-up.
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
 * The passenger, or a dispatcher on behalf of a passenger, cancels the trip.
 *
 * With `fee_up_to`, a cancellation that would cost more is rejected (4010) and `amount` names the fee, so that a
 * person can agree to it first. Without it, the tariff's fee is charged.
 */
export interface CancelTrip {
  t: 'cancel';
  id: string;
  trip: string;
  reason: string;
  fee_up_to?: number;
}

/**
 * Pay the fare that is due: of the passenger's own `trip`, or of the `vehicle` whose QR code was scanned.
 *
 * `buyer` is the payer's Alipay user id; only that account can confirm the order.
 */
export interface PayFare {
  t: 'pay';
  id: string;
  trip?: string;
  vehicle?: string;
  buyer?: string;
}

/**
 * Stop the open payment in order to pay in another way. The payment is closed at Alipay first, and Alipay's answer
 * decides: either the fare is due again, or it was paid after all.
 */
export interface StopPay {
  t: 'stop_pay';
  id: string;
  trip: string;
}

/**
 * Rate a finished ride with one to five stars.
 */
export interface Rate {
  t: 'rate';
  id: string;
  trip: string;
  stars: number;
  comment?: string;
}

/**
 * Watch the vehicles in these H3 cells (resolution 7, as hexadecimal text), or with `counts` the number of
 * vehicles in every cell. Replaces the previous watch. For a newly watched cell, a whole frame is sent at once if one
 * is known.
 */
export interface Watch {
  t: 'watch';
  id: string;
  cells: string[];
  counts?: boolean;
}

/**
 * Book a ride for a caller.
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
 * Offer a waiting trip to this vehicle, independently of the matcher.
 */
export interface AssignManually {
  t: 'assign';
  id: string;
  trip: string;
  vehicle: string;
}

/**
 * Take the vehicle out of service; it gets no offers until it is returned.
 */
export interface TakeOutOfService {
  t: 'take_out';
  id: string;
  vehicle: string;
  reason: string;
}

/**
 * Return the vehicle to service; it can go online again.
 */
export interface ReturnToService {
  t: 'put_back';
  id: string;
  vehicle: string;
}

/**
 * Send a message to the drivers of these vehicles, or to all drivers if none is listed. Drivers who are offline
 * receive it when they return.
 */
export interface Broadcast {
  t: 'broadcast';
  id: string;
  text: string;
  vehicles?: string[];
}

/**
 * Settle an alarm, with a note on the outcome.
 */
export interface SettleAlarm {
  t: 'settle_alarm';
  id: string;
  alarm: string;
  note?: string;
}

/**
 * Refund a paid fare: `amount` of it, or everything that is left. `cancel` cancels the whole payment, which
 * Alipay allows on the day of the payment only. Requires the permission `refund`.
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
 * Settle the fare outside the system: written off, or paid at the office. Requires the permission `refund`.
 */
export interface SettleTrip {
  t: 'settle';
  id: string;
  trip: string;
  reason: string;
}

/**
 * The answer to `hello`. `session` identifies this connection in logs; `heard` is the number of the last
 * stored fix.
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
 * The command is committed, with the stream's number and state after it. `result` holds the answer to a query.
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
 * The command (or, without `id`, the message) was rejected and changed nothing. `amount` is the price, if that
 * is the reason.
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
 * Event number `seq` of a stream, and the trip or vehicle after it.
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
 * The state of a stream at `seq`. `recovered` is true if the missed updates were sent before it.
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
 * Fixes up to number `n` are stored; the app may discard them.
 */
export interface Heard {
  t: 'heard';
  n: number;
}

/**
 * The position of a trip's vehicle and its ETA at the pick-up. Only the latest counts; older ones may be
 * skipped.
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
 * Vehicles that moved or changed, by cell. A message may be skipped: the next whole frame of the cell repairs the
 * gap.
 */
export interface MapFrames {
  t: 'map';
  frames: CellFrame[];
}

/**
 * The number of vehicles of one `host` in every cell; replaces this host's previous counts.
 */
export interface MapCounts {
  t: 'map_counts';
  host: string;
  at: number;
  cells: CellCount[];
}

/**
 * The live map receives no positions (`stale`), or receives them again. Trips, offers and payments are not
 * affected.
 */
export interface MapStale {
  t: 'map_stale';
  stale: boolean;
}

/**
 * A trip's new state, for dispatchers. It may be skipped, unlike the updates of the trip's stream.
 */
export interface TripNotice {
  t: 'trip';
  trip: TripView;
}

/**
 * A problem that needs a dispatcher's attention; `settled_by` is set once somebody has settled it.
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
 * Another connection of the same driver or device has taken over; this connection is about to be closed.
 */
export interface Replaced {
  t: 'replaced';
}

export type FromClient =
  | Hello
  | Attach
  | Detach
  | Ping
  | StartShift
  | EndShift
  | StartBreak
  | GpsFix
  | GpsFixes
  | AcceptOffer
  | DeclineOffer
  | ArriveAtPickup
  | StartRide
  | StartHail
  | ReportMeter
  | FinishRide
  | ReturnTrip
  | MeterHired
  | MeterVacant
  | Collect
  | AgreeFare
  | AskWord
  | AskToday
  | Estimate
  | AskRoute
  | RequestRide
  | CancelTrip
  | PayFare
  | StopPay
  | Rate
  | Watch
  | BookByPhone
  | AssignManually
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
