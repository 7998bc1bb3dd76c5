"""What entities are asked to do. Each command is for one kind of entity; who may send it is checked by the entity.

Commands carry only facts: what a client said, and what the gateway or another entity knows beside it. They are
stored in due rows, so fields may be added with defaults, never removed or given another meaning.
"""

from __future__ import annotations

import msgspec

from dispatch.domain.entity import Command
from dispatch.values.money import Money
from dispatch.values.place import Place

# ── to a vehicle ─────────────────────────────────────────────────────────────────────────────────────────────────


class VehicleProfile(msgspec.Struct, frozen=True):
    """What the registry knows of a car and of the driver at its wheel."""

    plate: str
    driver: str
    driver_name: str
    vehicle_class: str = "standard"
    seats: int = 4
    needs: tuple[str, ...] = ()
    metered: bool = False
    """The car has a taximeter that reports here."""
    company: str = ""
    typed_fare: bool = False
    """The car has no meter at all: the passenger types what the ride costs, and the driver confirms it."""


class StartShift(Command, frozen=True, tag="start_shift"):
    """The driver goes online, or ends the break."""

    profile: VehicleProfile


class EndShift(Command, frozen=True, tag="end_shift"):
    """The driver goes offline."""


class StartBreak(Command, frozen=True, tag="start_break"):
    """The driver wants no offers for a while."""


class MakeOffer(Command, frozen=True, tag="make_offer"):
    """Offer a trip to this vehicle: ``trip_seq`` is the number the trip's stream must stand at."""

    offer: str
    trip: str
    trip_seq: int
    pickup: Place
    pickup_s: float
    dropoff: Place | None = None
    vehicle_class: str = "standard"
    seats: int = 1
    needs: tuple[str, ...] = ()
    note: str = ""
    by_hand: bool = False


class AcceptOffer(Command, frozen=True, tag="take_offer"):
    """The driver accepts."""

    offer: str


class DeclineOffer(Command, frozen=True, tag="refuse_offer"):
    """The driver declines."""

    offer: str
    reason: str = ""


class ExpireOffer(Command, frozen=True, tag="expire_offer"):
    """The offer's time is over (a timer of the vehicle)."""

    offer: str


class WithdrawOffer(Command, frozen=True, tag="withdraw_offer"):
    """The trip no longer stands (a call from the trip)."""

    trip: str
    reason: str


class ArriveAtPickup(Command, frozen=True, tag="report_arrival"):
    """The car waits at the pick-up."""

    trip: str


class StartRide(Command, frozen=True, tag="begin_ride"):
    """The passenger is in the car and said ``code``."""

    trip: str
    code: str


class StartHail(Command, frozen=True, tag="begin_hail"):
    """Somebody got in on the street; ``trip`` is the new trip's id."""

    trip: str


class ReportMeter(Command, frozen=True, tag="read_meter"):
    """The taximeter shows this amount for the ride."""

    amount: Money


class FinishRide(Command, frozen=True, tag="end_ride"):
    """The ride is over; an empty ``trip`` means whichever is under way (a taximeter knows no trips)."""

    trip: str = ""


class ReturnTrip(Command, frozen=True, tag="give_back"):
    """The driver gives the trip back, or says that nobody came."""

    trip: str
    reason: str
    no_show: bool = False


class TakeOutOfService(Command, frozen=True, tag="take_out"):
    """A dispatcher takes the car out of service."""

    reason: str


class ReturnToService(Command, frozen=True, tag="put_back"):
    """A dispatcher puts the car back in service; it is offline then."""


class ReleaseFromTrip(Command, frozen=True, tag="release_from_trip"):
    """The trip ended without this vehicle (a call from the trip, after a cancel)."""

    trip: str
    reason: str


class ReportPayment(Command, frozen=True, tag="tell_payment"):
    """What became of the fare of a trip of this vehicle (a call from the trip)."""

    trip: str
    state: str
    amount: Money
    method: str = ""


class ResolveScan(Command, frozen=True, tag="resolve_scan"):
    """Which trip a scan of this car's QR code is for: the one in progress or with its fare due. Changes nothing."""


# ── to a trip ────────────────────────────────────────────────────────────────────────────────────────────────────


class RequestTrip(Command, frozen=True, tag="request_trip"):
    """A ride is wanted, now or at ``pickup_at``."""

    passenger: str
    origin: str
    pickup: Place
    code: str
    """The ride code of four digits, drawn by the gateway."""
    dropoff: Place | None = None
    vehicle_class: str = "standard"
    seats: int = 1
    needs: tuple[str, ...] = ()
    pickup_at: float | None = None
    note: str = ""
    contact: str = ""
    """What the driver may call the passenger by."""


class StartMatching(Command, frozen=True, tag="begin_matching"):
    """A reservation's lead time has come (a timer of the trip)."""


class GiveUp(Command, frozen=True, tag="give_up"):
    """Nobody was found in time (a timer of the trip)."""


class CancelTrip(Command, frozen=True, tag="cancel_ride"):
    """The passenger, or a dispatcher, cancels, if it costs no more than ``fee_up_to`` minor units (None: whatever it
    costs)."""

    reason: str
    fee_up_to: int | None = None


class AssignManually(Command, frozen=True, tag="pick_by_hand"):
    """A dispatcher chose a vehicle for a waiting trip; the answer holds what the offer needs."""

    vehicle: str


class PayFare(Command, frozen=True, tag="pay_fare"):
    """Somebody wants to pay the fare that is due, or the driver to collect it.

    ``method`` is one of ``dispatch.payment.core.rules.METHODS``; ``buyer`` an Alipay user id; ``scanned`` if by the
    car's code; ``auth_code`` what the driver scanned from the passenger's phone.
    """

    method: str
    buyer: str = ""
    scanned: bool = False
    auth_code: str = ""


class StopPaying(Command, frozen=True, tag="stop_paying"):
    """Whoever pays or collects wants another way: the open attempt is given up."""


class TypeFare(Command, frozen=True, tag="type_fare"):
    """The passenger of a car without a meter says what the ride costs."""

    amount: Money


class AgreeFare(Command, frozen=True, tag="agree_fare"):
    """The driver of a car without a meter confirms what the passenger typed."""

    amount: Money


class GetFare(Command, frozen=True, tag="ask_fare"):
    """What whoever pays this trip has to know of its fare, for a page that the system shows. Changes nothing."""


class ReportOutcome(Command, frozen=True, tag="tell_outcome"):
    """How the payment of this trip goes (a call from the payment).

    ``state``: ``ordered`` (Alipay knows the order: as ``trade``, or by the ``code`` to be scanned), ``paid``,
    ``failed`` (the fare is due again), ``unknown``, ``refunded`` (``amount`` in all so far).
    """

    state: str
    order: str
    method: str
    amount: Money
    trade: str = ""
    reason: str = ""
    code: str = ""


class SettleFare(Command, frozen=True, tag="settle_otherwise"):
    """A dispatcher settles the fare outside the system (written off, paid at the office)."""

    reason: str


class RateRide(Command, frozen=True, tag="rate_ride"):
    """The passenger's stars."""

    stars: int
    comment: str = ""


# ── to a payment ─────────────────────────────────────────────────────────────────────────────────────────────────


class OpenPayment(Command, frozen=True, tag="open_payment"):
    """Collect the fare of ``trip`` (a call from the trip)."""

    trip: str
    vehicle: str
    amount: Money
    method: str
    buyer: str
    subject: str
    company: str = ""
    auth_code: str = ""


class StopPayment(Command, frozen=True, tag="stop_payment"):
    """Close or cancel the open attempt (a call from the trip)."""

    trip: str


class RefundFare(Command, frozen=True, tag="refund_fare"):
    """A dispatcher gives the fare back: ``amount`` of it, or what is left. ``limit_minor`` is the most that the
    dispatcher may give back in one refund, None without a limit. ``cancel`` undoes the whole order on its own day."""

    reason: str
    amount: Money | None = None
    limit_minor: int | None = None
    cancel: bool = False


class RefundOrder(Command, frozen=True, tag="return_fare"):
    """What was paid by ``order`` goes back: the trip had been settled otherwise (a call from the trip)."""

    order: str
    reason: str


class RecordGatewayResponse(Command, frozen=True, tag="hear_gateway"):
    """What the payment gateway answered to the outgoing call named ``due``: an encoded result of its port.

    ``received`` is the answer as it came, ``heard_at`` when, in wall seconds.
    """

    due: str
    order: str
    answer: bytes
    received: str = ""
    heard_at: float = 0.0


class RecordNotification(Command, frozen=True, tag="hear_notification"):
    """A notification whose signature was verified: the encoded fields, heard at ``heard_at`` (wall seconds)."""

    order: str
    notification: bytes
    heard_at: float = 0.0


class QueryOrder(Command, frozen=True, tag="query_order"):
    """Time to ask the gateway what became of an order, or to make the last call ``again`` (a timer of the payment)."""

    order: str
    again: bool = False


class RepeatRefund(Command, frozen=True, tag="repeat_refund"):
    """Time to ask again for a refund that was not answered clearly (a timer of the payment)."""

    refund: str


# ── to whichever host has the entity ─────────────────────────────────────────────────────────────────────────────


class AppendedElsewhere(Command, frozen=True, tag="moved"):
    """Another entity's transaction appended to this stream: the encoded events that follow number ``after``."""

    after: int
    events: tuple[tuple[float, bytes], ...]


class CallGateway(msgspec.Struct, frozen=True, tag_field="c", tag="call_gateway"):
    """Outgoing work for the payment gateway: which call, for which order, with which encoded arguments.

    ``company`` says by whose account at Alipay; empty: the one that all share.
    """

    call: str
    order: str
    arguments: bytes = b""
    company: str = ""


AnyCommand = (
    StartShift
    | EndShift
    | StartBreak
    | MakeOffer
    | AcceptOffer
    | DeclineOffer
    | ExpireOffer
    | WithdrawOffer
    | ArriveAtPickup
    | StartRide
    | StartHail
    | ReportMeter
    | FinishRide
    | ReturnTrip
    | TakeOutOfService
    | ReturnToService
    | ReleaseFromTrip
    | ReportPayment
    | ResolveScan
    | RequestTrip
    | StartMatching
    | GiveUp
    | CancelTrip
    | AssignManually
    | PayFare
    | StopPaying
    | TypeFare
    | AgreeFare
    | GetFare
    | ReportOutcome
    | SettleFare
    | RateRide
    | OpenPayment
    | StopPayment
    | RefundFare
    | RefundOrder
    | RepeatRefund
    | RecordGatewayResponse
    | RecordNotification
    | QueryOrder
    | AppendedElsewhere
)

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(AnyCommand)


def encode_command(command: Command) -> bytes:
    """A command as it travels and as due rows keep it."""
    return _encoder.encode(command)


def decode_command(body: bytes) -> AnyCommand:
    """The command in ``body``. Raises ``msgspec.ValidationError``."""
    command: AnyCommand = _decoder.decode(body)
    return command
