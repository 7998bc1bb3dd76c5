"""Events of vehicles and trips: the content of the journal.

Events are facts and are kept permanently: fields may be added with defaults, never removed or given another meaning.
``at`` is city time. Each stream contains the events of one kind of entity only.
"""

import msgspec

from dispatch.domain.commands import VehicleProfile
from dispatch.domain.entity import Event
from dispatch.domain.fare.fare import FareLine
from dispatch.domain.fare.gps_meter import MeterCheckpoint
from dispatch.values.money import Money
from dispatch.values.place import Place


class ShiftStarted(Event, frozen=True, tag="shift_started"):
    """The driver is online and the vehicle takes offers."""

    profile: VehicleProfile


class ShiftEnded(Event, frozen=True, tag="shift_ended"):
    """The driver is offline."""


class BreakStarted(Event, frozen=True, tag="break_started"):
    """The vehicle takes no offers for a while."""


class OfferMade(Event, frozen=True, tag="offer_made"):
    """The vehicle has an offer of ``trip``, whose stream is at ``trip_seq`` with this event."""

    offer: str
    trip: str
    trip_seq: int
    pickup: Place
    pickup_s: float
    expires_at: float
    dropoff: Place | None = None
    seats: int = 1
    needs: tuple[str, ...] = ()
    note: str = ""


class OfferDeclined(Event, frozen=True, tag="offer_declined"):
    """The driver declined the trip."""

    offer: str
    reason: str = ""


class OfferExpired(Event, frozen=True, tag="offer_expired"):
    """The driver did not respond in time."""

    offer: str


class OfferWithdrawn(Event, frozen=True, tag="offer_withdrawn"):
    """The trip is no longer offered, or the shift ended."""

    offer: str
    reason: str


class OfferAccepted(Event, frozen=True, tag="offer_accepted"):
    """The driver accepted the trip, whose stream is at ``trip_seq`` with this event."""

    offer: str
    trip: str
    trip_seq: int


class ArrivedAtPickup(Event, frozen=True, tag="pickup_reached"):
    """The vehicle has arrived at the pick-up."""

    trip: str
    trip_seq: int


class RideStarted(Event, frozen=True, tag="ride_started"):
    """The passenger is in the vehicle; the meter starts at ``meter``."""

    trip: str
    trip_seq: int
    meter: MeterCheckpoint
    hailed: bool = False
    from_airport: bool = False


class MeterCheckpointed(Event, frozen=True, tag="meter_checkpointed"):
    """A checkpoint of the GPS meter; fixes up to ``meter.fix_n`` are stored."""

    trip: str
    meter: MeterCheckpoint


class MeterReported(Event, frozen=True, tag="meter_read"):
    """The taximeter's current amount."""

    trip: str
    amount: Money


class RideFinished(Event, frozen=True, tag="ride_finished"):
    """The fare is due and the vehicle is free."""

    trip: str
    trip_seq: int
    fare: Money


class TripReturned(Event, frozen=True, tag="trip_given_back"):
    """The driver returned the trip before its start."""

    trip: str
    reason: str
    no_show: bool = False


class TripReleased(Event, frozen=True, tag="trip_released"):
    """The trip was cancelled by another party."""

    trip: str
    reason: str


class PaymentReported(Event, frozen=True, tag="payment_told"):
    """The payment state of a fare was reported to the driver."""

    trip: str
    state: str
    amount: Money
    method: str = ""


class TakenOutOfService(Event, frozen=True, tag="taken_out"):
    """A dispatcher took the vehicle out of service."""

    by: str
    reason: str


class ReturnedToService(Event, frozen=True, tag="put_back_in"):
    """A dispatcher returned the vehicle to service."""

    by: str


class TripRequested(Event, frozen=True, tag="trip_requested"):
    """A ride was requested; with ``pickup_at`` for a set time."""

    passenger: str
    origin: str
    pickup: Place
    code: str
    by: str
    dropoff: Place | None = None
    vehicle_class: str = "standard"
    seats: int = 1
    needs: tuple[str, ...] = ()
    pickup_at: float | None = None
    note: str = ""
    contact: str = ""


class TripReserved(TripRequested, frozen=True, tag="trip_reserved"):
    """As :class:`TripRequested`, for a later time."""


class MatchingStarted(Event, frozen=True, tag="matching_began"):
    """The lead time of a reservation has started."""


class TripOffered(Event, frozen=True, tag="trip_offered"):
    """A vehicle has an offer of this trip."""

    vehicle: str
    offer: str
    expires_at: float
    by_hand: bool = False


class OfferLapsed(Event, frozen=True, tag="offer_lapsed"):
    """The offer ended without acceptance: ``declined``, ``expired`` or ``withdrawn``. Matching continues without that
    vehicle."""

    vehicle: str
    offer: str
    outcome: str


class TripAssigned(Event, frozen=True, tag="trip_assigned"):
    """The driver accepted and is on the way."""

    vehicle: str
    offer: str
    profile: VehicleProfile
    eta_at: float


class DriverArrived(Event, frozen=True, tag="driver_arrived"):
    """The vehicle has arrived at the pick-up."""

    vehicle: str


class AssignmentReturned(Event, frozen=True, tag="assignment_given_back"):
    """The driver returned the trip; it is matched again without that vehicle."""

    vehicle: str
    reason: str


class TripStarted(Event, frozen=True, tag="ride_began"):
    """The passenger is in the vehicle."""

    vehicle: str


class HailStarted(Event, frozen=True, tag="hail_began"):
    """A passenger got in on the street: the trip starts without a known passenger."""

    vehicle: str
    profile: VehicleProfile
    pickup: Place


class TripFinished(Event, frozen=True, tag="ride_ended"):
    """The ride has ended and the fare is due."""

    vehicle: str
    fare: Money
    lines: tuple[FareLine, ...]
    meters: float
    waiting_s: float
    dropped_at: Place


class TripCancelled(Event, frozen=True, tag="trip_cancelled"):
    """The trip was cancelled without a fee."""

    by: str
    reason: str


class CancelledWithFee(Event, frozen=True, tag="cancelled_with_fee"):
    """The trip was cancelled, and the tariff's fee is due."""

    by: str
    reason: str
    fare: Money
    lines: tuple[FareLine, ...]


class TripUnserved(Event, frozen=True, tag="trip_unserved"):
    """No vehicle was found in time."""


class AssignedManually(Event, frozen=True, tag="hand_picked"):
    """A dispatcher chose a vehicle; the offer follows."""

    vehicle: str
    by: str


class PaymentStarted(Event, frozen=True, tag="payment_began"):
    """A payment was started."""

    method: str
    amount: Money
    buyer: str = ""
    scanned: bool = False
    payer: str = ""
    """The paying passenger; for a street hail, the only passenger that is known."""


class PaymentOrdered(Event, frozen=True, tag="payment_ordered"):
    """Alipay knows the order: as ``trade``, with which the payer's app opens Alipay's cashier, or by a ``code`` for the
    driver's screen. ``reason`` names a missing step (``PASSWORD``)."""

    order: str
    trade: str
    code: str = ""
    reason: str = ""


class PaymentFailed(Event, frozen=True, tag="payment_failed"):
    """The attempt failed; the fare is due again."""

    order: str
    reason: str


class PaymentUnclear(Event, frozen=True, tag="payment_unclear"):
    """It is not known whether the attempt was paid; the gateway is being queried."""

    order: str
    reason: str


class FareTyped(Event, frozen=True, tag="fare_typed"):
    """The passenger of a vehicle without a meter typed the fare; the driver has to confirm it."""

    amount: Money
    by: str


class FareAgreed(Event, frozen=True, tag="fare_agreed"):
    """The driver confirmed the typed fare."""

    amount: Money
    by: str


class FarePaid(Event, frozen=True, tag="fare_paid"):
    """The fare is paid."""

    order: str
    method: str
    amount: Money
    trade: str = ""


class FareSettled(Event, frozen=True, tag="fare_settled"):
    """The fare was settled outside the system."""

    by: str
    reason: str


class FareRefunded(Event, frozen=True, tag="fare_refunded"):
    """``amount`` is the total refunded so far; some of the fare is left."""

    order: str
    amount: Money


class FareRefundedWhole(Event, frozen=True, tag="fare_refunded_whole"):
    """The whole fare has been refunded."""

    order: str
    amount: Money


class RideRated(Event, frozen=True, tag="ride_rated"):
    """The passenger rated the ride."""

    stars: int
    comment: str = ""


VehicleEvent = (
    ShiftStarted | ShiftEnded | BreakStarted | OfferMade | OfferDeclined | OfferExpired | OfferWithdrawn
    | OfferAccepted | ArrivedAtPickup | RideStarted | MeterCheckpointed | MeterReported | RideFinished
    | TripReturned | TripReleased | PaymentReported | TakenOutOfService | ReturnedToService
)  # fmt: skip

TripEvent = (
    TripRequested | TripReserved | MatchingStarted | TripOffered | OfferLapsed | TripAssigned | DriverArrived
    | AssignmentReturned | TripStarted | HailStarted | TripFinished | TripCancelled | CancelledWithFee
    | TripUnserved | AssignedManually | FareTyped | FareAgreed | PaymentStarted | PaymentOrdered | PaymentFailed
    | PaymentUnclear | FarePaid | FareSettled | FareRefunded | FareRefundedWhole | RideRated
)  # fmt: skip

_encoder = msgspec.msgpack.Encoder()
_vehicle_decoder = msgspec.msgpack.Decoder(VehicleEvent)
_trip_decoder = msgspec.msgpack.Decoder(TripEvent)


def encode_event(event: Event) -> bytes:
    return _encoder.encode(event)


def decode_vehicle_event(body: bytes) -> Event:
    """Raises ``msgspec.ValidationError`` for an invalid body."""
    event: Event = _vehicle_decoder.decode(body)
    return event


def decode_trip_event(body: bytes) -> Event:
    """Raises ``msgspec.ValidationError`` for an invalid body."""
    event: Event = _trip_decoder.decode(body)
    return event


def event_name(event: Event) -> str:
    """The event's tag, its name on the wire and in the journal."""
    return str(type(event).__struct_config__.tag)
