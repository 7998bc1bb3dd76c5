"""Messages from clients to the server over the WebSocket.

Every message is a map with its name under ``t``, encoded as MessagePack (subprotocol ``taxi.v1.msgpack``) or as JSON
for debugging (``taxi.v1.json``). Times are Unix seconds on the city's clock (``welcome`` carries clock and speed),
points are degrees, money is whole minor units with a currency.

A *command* carries an ``id`` chosen by the client and is answered by ``accepted`` or ``rejected`` with that id. It
takes effect once, however often it is sent. A *stream* (``trip:T``, ``vehicle:V``) is numbered from 1 without gaps. A
client that reconnects sends the last number it saw and receives the updates it missed, or ``recovered: false`` and a
snapshot.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from dispatch.api.fields import CancelReason, Cursor, Fix, Id, Minor, Need, Phone, Stream, Time, VehicleClass
from dispatch.values.place import Place, Text


class ClientMessage(msgspec.Struct, frozen=True, tag_field="t", omit_defaults=True, forbid_unknown_fields=True):
    """A message from a client. :mod:`dispatch.api.permissions` lists the roles that may send it."""


class ClientCommand(ClientMessage, frozen=True):
    """A command, answered by ``accepted`` or ``rejected`` with the same ``id``."""

    id: Id


class Hello(ClientMessage, frozen=True, tag="hello"):
    """The first message: authenticates the client and names the last numbers it saw. ``clock`` is the phone's time,
    from which the server measures its offset."""

    token: Annotated[str, Meta(min_length=1, max_length=4096)]
    clock: Time | None = None
    resume: Annotated[list[Cursor], Meta(max_length=50)] = []


class Attach(ClientCommand, frozen=True, tag="attach"):
    """Subscribe to a stream, starting after number ``after``, or with a snapshot if it is left out."""

    stream: Stream
    after: Annotated[int, Meta(ge=0)] | None = None


class Detach(ClientCommand, frozen=True, tag="detach"):
    """Unsubscribe from a stream."""

    stream: Stream


class Ping(ClientCommand, frozen=True, tag="ping"):
    """Check the connection; the answer is ``accepted``."""


class StartShift(ClientCommand, frozen=True, tag="online"):
    """Start the shift or end the break: the vehicle takes offers."""


class EndShift(ClientCommand, frozen=True, tag="offline"):
    """End the shift."""


class StartBreak(ClientCommand, frozen=True, tag="break"):
    """Take no offers until ``online``."""


class GpsFix(ClientMessage, frozen=True, tag="fix"):
    """The vehicle's position. Fixes are not answered one by one: ``heard`` names the number up to which they are
    stored."""

    fix: Fix


class GpsFixes(ClientMessage, frozen=True, tag="fixes"):
    """Fixes that were collected offline or are not acknowledged yet, ordered by number."""

    fixes: Annotated[list[Fix], Meta(min_length=1, max_length=500)]


class AcceptOffer(ClientCommand, frozen=True, tag="accept"):
    """Accept the offered trip."""

    offer: Id


class DeclineOffer(ClientCommand, frozen=True, tag="decline"):
    """Decline the offered trip."""

    offer: Id
    reason: Text = ""


class ArriveAtPickup(ClientCommand, frozen=True, tag="arrived"):
    """The vehicle has arrived at the pick-up."""

    trip: Id


class StartRide(ClientCommand, frozen=True, tag="start"):
    """The passenger is in the vehicle and gave the driver the ride code of four digits."""

    trip: Id
    code: Annotated[str, Meta(pattern=r"^[0-9]{4}$")]


class StartHail(ClientCommand, frozen=True, tag="hail"):
    """A passenger got in on the street: starts a trip without a known passenger."""


class ReportMeter(ClientCommand, frozen=True, tag="meter"):
    """The taximeter's current amount. The last report is the fare and replaces the GPS meter's."""

    amount: Minor
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]


class FinishRide(ClientCommand, frozen=True, tag="finish"):
    """The ride has ended and the fare is due."""

    trip: Id


class ReturnTrip(ClientCommand, frozen=True, tag="give_back"):
    """The driver returns the trip before its start, and it is matched again. With ``no_show`` the trip ends, with a
    fee."""

    trip: Id
    reason: CancelReason
    no_show: bool = False


class MeterHired(ClientCommand, frozen=True, tag="hired"):
    """The taximeter was switched to hired: a street hail starts."""


class MeterVacant(ClientCommand, frozen=True, tag="vacant"):
    """The taximeter was switched to vacant: the ride ends."""


class Collect(ClientCommand, frozen=True, tag="collect"):
    """The driver collects the fare in cash, by a code on the driver's screen, or by the passenger's own code, which the
    driver scanned (``auth_code``)."""

    trip: Id
    by: Literal["cash", "code", "scan"]
    auth_code: Annotated[str, Meta(pattern=r"^[0-9]{16,24}$")] | None = None


class AgreeFare(ClientCommand, frozen=True, tag="agree_fare"):
    """The driver of a vehicle without a meter confirms the fare that the passenger typed or said."""

    trip: Id
    amount: Minor
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]


class AskWord(ClientCommand, frozen=True, tag="word"):
    """Get the rotating word. The passenger's page shows the same word, so a screenshot of an old payment is no
    proof."""


class AskToday(ClientCommand, frozen=True, tag="today"):
    """Get the vehicle's payments and totals of today."""


class Estimate(ClientCommand, frozen=True, tag="estimate"):
    """Get the estimated fare and duration of a ride."""

    pickup: Place
    dropoff: Place
    at: Time | None = None


class AskRoute(ClientCommand, frozen=True, tag="route"):
    """Get the road route: the result holds ``points`` (latitude, longitude), ``meters``, ``seconds`` and
    ``by_road``."""

    start: Place
    end: Place


class RequestRide(ClientCommand, frozen=True, tag="request"):
    """Request a vehicle now, or at ``at`` as a reservation, which is matched in time for the pick-up."""

    pickup: Place
    dropoff: Place | None = None
    vehicle_class: VehicleClass = "standard"
    seats: Annotated[int, Meta(ge=1, le=8)] = 1
    needs: Annotated[list[Need], Meta(max_length=2)] = []
    at: Time | None = None
    note: Text = ""


class CancelTrip(ClientCommand, frozen=True, tag="cancel"):
    """The passenger, or a dispatcher on behalf of a passenger, cancels the trip.

    With ``fee_up_to``, a cancellation that would cost more is rejected (4010) and ``amount`` names the fee, so that a
    person can agree to it first. Without it, the tariff's fee is charged.
    """

    trip: Id
    reason: CancelReason
    fee_up_to: Minor | None = None


class PayFare(ClientCommand, frozen=True, tag="pay"):
    """Pay the fare that is due: of the passenger's own ``trip``, or of the ``vehicle`` whose QR code was scanned.

    ``buyer`` is the payer's Alipay user id; only that account can confirm the order.
    """

    trip: Id | None = None
    vehicle: Id | None = None
    buyer: Annotated[str, Meta(pattern=r"^2088[0-9]{12}$")] | None = None


class StopPay(ClientCommand, frozen=True, tag="stop_pay"):
    """Stop the open payment in order to pay in another way. The payment is closed at Alipay first, and Alipay's answer
    decides: either the fare is due again, or it was paid after all."""

    trip: Id


class Rate(ClientCommand, frozen=True, tag="rate"):
    """Rate a finished ride with one to five stars."""

    trip: Id
    stars: Annotated[int, Meta(ge=1, le=5)]
    comment: Text = ""


class Watch(ClientCommand, frozen=True, tag="watch"):
    """Watch the vehicles in these H3 cells (resolution 7, as hexadecimal text), or with ``counts`` the number of
    vehicles in every cell. Replaces the previous watch. For a newly watched cell, a whole frame is sent at once if one
    is known."""

    cells: Annotated[list[Annotated[str, Meta(pattern=r"^[0-9a-f]{15}$")]], Meta(max_length=500)]
    counts: bool = False


class BookByPhone(ClientCommand, frozen=True, tag="book"):
    """Book a ride for a caller."""

    phone: Phone
    pickup: Place
    dropoff: Place | None = None
    vehicle_class: VehicleClass = "standard"
    seats: Annotated[int, Meta(ge=1, le=8)] = 1
    needs: Annotated[list[Need], Meta(max_length=2)] = []
    at: Time | None = None
    note: Text = ""


class AssignManually(ClientCommand, frozen=True, tag="assign"):
    """Offer a waiting trip to this vehicle, independently of the matcher."""

    trip: Id
    vehicle: Id


class TakeOutOfService(ClientCommand, frozen=True, tag="take_out"):
    """Take the vehicle out of service; it gets no offers until it is returned."""

    vehicle: Id
    reason: CancelReason


class ReturnToService(ClientCommand, frozen=True, tag="put_back"):
    """Return the vehicle to service; it can go online again."""

    vehicle: Id


class Broadcast(ClientCommand, frozen=True, tag="broadcast"):
    """Send a message to the drivers of these vehicles, or to all drivers if none is listed. Drivers who are offline
    receive it when they return."""

    text: Annotated[Text, Meta(min_length=1)]
    vehicles: Annotated[list[Id], Meta(max_length=500)] = []


class SettleAlarm(ClientCommand, frozen=True, tag="settle_alarm"):
    """Settle an alarm, with a note on the outcome."""

    alarm: Id
    note: Text = ""


class RefundTrip(ClientCommand, frozen=True, tag="refund"):
    """Refund a paid fare: ``amount`` of it, or everything that is left. ``cancel`` cancels the whole payment, which
    Alipay allows on the day of the payment only. Requires the permission ``refund``."""

    trip: Id
    reason: CancelReason
    amount: Minor | None = None
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")] | None = None
    cancel: bool = False


class SettleTrip(ClientCommand, frozen=True, tag="settle"):
    """Settle the fare outside the system: written off, or paid at the office. Requires the permission ``refund``."""

    trip: Id
    reason: CancelReason


FromClient = (
    Hello | Attach | Detach | Ping | StartShift | EndShift | StartBreak | GpsFix | GpsFixes | AcceptOffer
    | DeclineOffer | ArriveAtPickup | StartRide | StartHail | ReportMeter | FinishRide | ReturnTrip | MeterHired
    | MeterVacant | Collect | AgreeFare | AskWord | AskToday | Estimate | AskRoute | RequestRide | CancelTrip
    | PayFare | StopPay | Rate | Watch | BookByPhone | AssignManually | TakeOutOfService | ReturnToService
    | Broadcast | SettleAlarm | RefundTrip | SettleTrip
)  # fmt: skip


SUBPROTOCOL_MSGPACK: Final = "taxi.v1.msgpack"
SUBPROTOCOL_JSON: Final = "taxi.v1.json"
