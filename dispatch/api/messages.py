"""What is said over the WebSocket: the one source of the protocol, its schemas and its documents.

Every message is a map with its name under ``t``; MessagePack on the wire (subprotocol ``taxi.v1.msgpack``), or JSON
for people (``taxi.v1.json``). Times are Unix seconds on the city's clock (the ``welcome`` tells clock and speed),
points are degrees, money is whole minor units with a currency.

A *command* carries an ``id`` of the client's choosing and is answered by ``accepted`` or ``rejected`` with that id;
it acts once however often it is sent. A *stream* (``trip:T``, ``vehicle:V``) is numbered from 1 without gaps; a
client that reconnects names the last number it saw and gets what it missed, or ``recovered: false`` and a snapshot.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from dispatch.api.fields import (
    CancelReason,
    CellCount,
    CellFrame,
    Cursor,
    Fix,
    Id,
    Minor,
    MoneyView,
    Need,
    Phone,
    Stream,
    Time,
    TripView,
    VehicleClass,
    VehicleView,
)
from dispatch.values.place import Place, Text
from dispatch.values.roles import Role


class ClientMessage(msgspec.Struct, frozen=True, tag_field="t", omit_defaults=True, forbid_unknown_fields=True):
    """What a client sends. Who may send it stands in :mod:`dispatch.api.permissions`."""


class ClientCommand(ClientMessage, frozen=True):
    """A command: answered by ``accepted`` or ``rejected`` with the same ``id``."""

    id: Id


# ── everybody ────────────────────────────────────────────────────────────────────────────────────────────────────


class Hello(ClientMessage, frozen=True, tag="hello"):
    """The first message: who is there, and what it last saw. ``clock`` is the phone's time, to measure its offset."""

    token: Annotated[str, Meta(min_length=1, max_length=4096)]
    clock: Time | None = None
    resume: Annotated[list[Cursor], Meta(max_length=50)] = []


class Attach(ClientCommand, frozen=True, tag="attach"):
    """Follow a stream, from the number after ``after`` (none: from a snapshot on)."""

    stream: Stream
    after: Annotated[int, Meta(ge=0)] | None = None


class Detach(ClientCommand, frozen=True, tag="detach"):
    """No longer follow a stream."""

    stream: Stream


class Ping(ClientCommand, frozen=True, tag="ping"):
    """Is somebody there? Phones' sockets die without a word; ``accepted`` is the sign of life."""


# ── driver, and the taximeter beside the driver ──────────────────────────────────────────────────────────────────


class GoOnline(ClientCommand, frozen=True, tag="online"):
    """The shift begins, or the break ends: the car takes offers."""


class GoOffline(ClientCommand, frozen=True, tag="offline"):
    """The shift ends."""


class TakeBreak(ClientCommand, frozen=True, tag="break"):
    """No offers until ``online``."""


class GpsFix(ClientMessage, frozen=True, tag="fix"):
    """Where the car is. Not answered one by one: ``heard`` tells up to which number fixes are safe."""

    fix: Fix


class GpsFixes(ClientMessage, frozen=True, tag="fixes"):
    """Fixes gathered while the phone was offline, or not yet heard, in the order of their numbers."""

    fixes: Annotated[list[Fix], Meta(min_length=1, max_length=500)]


class AcceptOffer(ClientCommand, frozen=True, tag="accept"):
    """Take the offered trip."""

    offer: Id


class DeclineOffer(ClientCommand, frozen=True, tag="decline"):
    """Leave the offered trip to others."""

    offer: Id
    reason: Text = ""


class Arrived(ClientCommand, frozen=True, tag="arrived"):
    """The car waits at the pick-up."""

    trip: Id


class StartRide(ClientCommand, frozen=True, tag="start"):
    """The passenger is in the car and has said the ride code of four digits."""

    trip: Id
    code: Annotated[str, Meta(pattern=r"^[0-9]{4}$")]


class StartHail(ClientCommand, frozen=True, tag="hail"):
    """A passenger got in on the street: a trip without a known passenger begins."""


class MeterReport(ClientCommand, frozen=True, tag="meter"):
    """What the taximeter shows for the ride. The last reading is the fare, in place of the GPS meter's."""

    amount: Minor
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]


class FinishRide(ClientCommand, frozen=True, tag="finish"):
    """The ride is over: the fare is due."""

    trip: Id


class TripReturn(ClientCommand, frozen=True, tag="give_back"):
    """The driver gives the trip back before its start: it is matched again. ``no_show`` ends it, with a fee."""

    trip: Id
    reason: CancelReason
    no_show: bool = False


class MeterHired(ClientCommand, frozen=True, tag="hired"):
    """The taximeter was switched to hired: a street hail begins."""


class MeterVacant(ClientCommand, frozen=True, tag="vacant"):
    """The taximeter was switched to vacant: the ride is over."""


class Collect(ClientCommand, frozen=True, tag="collect"):
    """The driver collects the fare that is due: in cash, by a code on the driver's screen, or by the passenger's own
    code, which the driver scanned (``auth_code``)."""

    trip: Id
    by: Literal["cash", "code", "scan"]
    auth_code: Annotated[str, Meta(pattern=r"^[0-9]{16,24}$")] | None = None


class AgreeOnFare(ClientCommand, frozen=True, tag="agree_fare"):
    """The driver of a car without a meter confirms the fare, as the passenger typed it or said it."""

    trip: Id
    amount: Minor
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]


class AskWord(ClientCommand, frozen=True, tag="word"):
    """The minute's word: it stands on the passenger's page too, so that a picture of another payment is no proof."""


class AskToday(ClientCommand, frozen=True, tag="today"):
    """Today's payments and totals of the vehicle, to check accounts."""


# ── passenger ────────────────────────────────────────────────────────────────────────────────────────────────────


class Estimate(ClientCommand, frozen=True, tag="estimate"):
    """What a ride would cost, and how long it would take."""

    pickup: Place
    dropoff: Place
    at: Time | None = None


class AskRoute(ClientCommand, frozen=True, tag="route"):
    """The way by road: ``points`` (latitude, longitude), ``meters``, ``seconds`` and ``by_road`` in the result."""

    start: Place
    end: Place


class RequestRide(ClientCommand, frozen=True, tag="request"):
    """A car now, or at ``at``: then it is a reservation, matched with enough lead."""

    pickup: Place
    dropoff: Place | None = None
    vehicle_class: VehicleClass = "standard"
    seats: Annotated[int, Meta(ge=1, le=8)] = 1
    needs: Annotated[list[Need], Meta(max_length=2)] = []
    at: Time | None = None
    note: Text = ""


class CancelTrip(ClientCommand, frozen=True, tag="cancel"):
    """The passenger, or a dispatcher for somebody, no longer wants the trip.

    With ``fee_up_to`` a cancellation that would cost more is refused (4010) and tells the fee in ``amount``, so that a
    person has agreed to what it costs. Without it the tariff's fee is taken.
    """

    trip: Id
    reason: CancelReason
    fee_up_to: Minor | None = None


class Pay(ClientCommand, frozen=True, tag="pay"):
    """Pay the fare that is due: of one's own ``trip``, or of the car whose QR code was scanned (``vehicle``).

    ``buyer`` is the Alipay user id of whoever pays; only that account can confirm the order.
    """

    trip: Id | None = None
    vehicle: Id | None = None
    buyer: Annotated[str, Meta(pattern=r"^2088[0-9]{12}$")] | None = None


class StopPay(ClientCommand, frozen=True, tag="stop_pay"):
    """Another way of paying is wanted. The open payment is closed first, and Alipay has the last word: the fare is due
    again, or it was paid after all."""

    trip: Id


class Rate(ClientCommand, frozen=True, tag="rate"):
    """One to five stars for a finished ride."""

    trip: Id
    stars: Annotated[int, Meta(ge=1, le=5)]
    comment: Text = ""


# ── dispatcher ───────────────────────────────────────────────────────────────────────────────────────────────────


class Watch(ClientCommand, frozen=True, tag="watch"):
    """See the cars in these H3 cells (resolution 7, as hexadecimal text), or with ``counts`` how many cars there are in
    every cell. Replaces the last watch. A cell that is new here is told whole at once, as far as it is known."""

    cells: Annotated[list[Annotated[str, Meta(pattern=r"^[0-9a-f]{15}$")]], Meta(max_length=500)]
    counts: bool = False


class BookByPhone(ClientCommand, frozen=True, tag="book"):
    """A ride for somebody who called."""

    phone: Phone
    pickup: Place
    dropoff: Place | None = None
    vehicle_class: VehicleClass = "standard"
    seats: Annotated[int, Meta(ge=1, le=8)] = 1
    needs: Annotated[list[Need], Meta(max_length=2)] = []
    at: Time | None = None
    note: Text = ""


class ManualAssignment(ClientCommand, frozen=True, tag="assign"):
    """Offer a waiting trip to this car, whatever the matcher would do."""

    trip: Id
    vehicle: Id


class TakeOutOfService(ClientCommand, frozen=True, tag="take_out"):
    """The car gets no offers until it is put back."""

    vehicle: Id
    reason: CancelReason


class ReturnToService(ClientCommand, frozen=True, tag="put_back"):
    """The car may go online again."""

    vehicle: Id


class Broadcast(ClientCommand, frozen=True, tag="broadcast"):
    """A message to the drivers of these vehicles, or (none named) to all drivers. Who is away gets it on return."""

    text: Annotated[Text, Meta(min_length=1)]
    vehicles: Annotated[list[Id], Meta(max_length=500)] = []


class SettleAlarm(ClientCommand, frozen=True, tag="settle_alarm"):
    """Somebody has looked at an alarm, and says what came of it."""

    alarm: Id
    note: Text = ""


class RefundTrip(ClientCommand, frozen=True, tag="refund"):
    """Give a paid fare back: ``amount`` of it, or all that is left. ``cancel`` undoes the whole payment, which Alipay
    does on the day of the payment only. Needs the permission ``refund``."""

    trip: Id
    reason: CancelReason
    amount: Minor | None = None
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")] | None = None
    cancel: bool = False


class SettleTrip(ClientCommand, frozen=True, tag="settle"):
    """The fare is settled outside the system: written off, or paid at the office. Needs the permission ``refund``."""

    trip: Id
    reason: CancelReason


# ── from the server ──────────────────────────────────────────────────────────────────────────────────────────────


class ServerMessage(msgspec.Struct, frozen=True, tag_field="t", omit_defaults=True):
    """What the server sends. Clients ignore fields that they do not know."""


class Welcome(ServerMessage, frozen=True, tag="welcome"):
    """The answer to ``hello``. ``session`` names this connection in logs."""

    role: Role
    subject: str
    session: str
    city_time: float
    speed: float
    vehicle: str | None = None
    heard: int = 0


class Accepted(ServerMessage, frozen=True, tag="accepted"):
    """The command is committed: the stream, its number and state now. ``result`` where something was asked."""

    id: str
    stream: str | None = None
    seq: int | None = None
    state: str | None = None
    result: dict[str, object] = {}


class Rejected(ServerMessage, frozen=True, tag="rejected"):
    """The command (or, without an ``id``, the message) was refused and changed nothing. ``amount`` is what it would
    have cost, where that is why."""

    code: int
    text: str
    retryable: bool
    id: str | None = None
    field: str | None = None
    amount: MoneyView | None = None


class Update(ServerMessage, frozen=True, tag="update"):
    """Number ``seq`` of a stream: what happened, and how the trip or vehicle stands after it."""

    stream: str
    seq: int
    event: str
    at: float
    trip: TripView | None = None
    vehicle: VehicleView | None = None


class Snapshot(ServerMessage, frozen=True, tag="snapshot"):
    """How a stream stands at ``seq``. ``recovered`` tells whether the updates since the asked number came before."""

    stream: str
    seq: int
    recovered: bool
    trip: TripView | None = None
    vehicle: VehicleView | None = None


class Heard(ServerMessage, frozen=True, tag="heard"):
    """Fixes up to number ``n`` are safe; the app may forget them."""

    n: int


class CarPosition(ServerMessage, frozen=True, tag="car"):
    """Where the car of a trip is, and when it will be at the pick-up. Only the newest counts; it may be skipped."""

    trip: str
    n: int
    at: float
    lat: float
    lng: float
    heading: float | None = None
    eta_at: float | None = None


class MapFrames(ServerMessage, frozen=True, tag="map"):
    """Cars that have moved or changed, cell by cell. It may be skipped: the next whole frame of a cell mends it."""

    frames: list[CellFrame]


class MapCounts(ServerMessage, frozen=True, tag="map_counts"):
    """How many cars of one ``host`` are in every cell; replaces what this host told before."""

    host: str
    at: float
    cells: list[CellCount]


class MapStale(ServerMessage, frozen=True, tag="map_stale"):
    """The map gets no positions now (``stale``), or again. Trips, offers and payments go on."""

    stale: bool


class TripNotice(ServerMessage, frozen=True, tag="trip"):
    """A trip's new state, for dispatchers. May be skipped; the trip's stream never is."""

    trip: TripView


class Alarm(ServerMessage, frozen=True, tag="alarm"):
    """Something a dispatcher has to look at, or (``settled_by``) that somebody has looked at."""

    alarm: str
    name: str
    at: float
    fields: dict[str, str | float | int | None]
    settled_by: str | None = None
    settled_at: float | None = None
    note: str = ""


class Notice(ServerMessage, frozen=True, tag="notice"):
    """A dispatcher's message to drivers. An app shows each ``notice`` once."""

    notice: str
    at: float
    by: str
    text: str


class Replaced(ServerMessage, frozen=True, tag="replaced"):
    """Another connection of the same driver or device has taken over; this one is about to be closed."""


FromClient = (
    Hello
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
    | SettleTrip
)

FromServer = (
    Welcome
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
    | Replaced
)

SUBPROTOCOL_MSGPACK: Final = "taxi.v1.msgpack"
SUBPROTOCOL_JSON: Final = "taxi.v1.json"
