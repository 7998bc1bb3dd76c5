"""How each client command acts on the entities: one short generator per message.

A flow yields requests, receives their answers, and returns the message that accepts the command; it raises
``DispatchError`` to reject it. Command ids are scoped by sender, so ids of two clients never collide. All ids and codes
that a flow creates (trips, offers, ride codes, further steps) derive from the scoped id, so a repeated command does
exactly the same again.
"""

from collections.abc import Callable, Generator
from hashlib import blake2b
from typing import Any, Final

import msgspec

from dispatch.actors.core.protocol import Done, Envelope, Quote, Refused
from dispatch.api import client_messages, server_messages
from dispatch.api.alarms import DriverBroadcast
from dispatch.api.client_messages import ClientCommand
from dispatch.api.server_messages import Accepted
from dispatch.domain import commands
from dispatch.domain.commands import VehicleProfile, encode_command
from dispatch.domain.entity import Command
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.domain.registry import refund_limit
from dispatch.payment.core.rules import ALIPAY_APP, ALIPAY_CODE, ALIPAY_PAGE, ALIPAY_SCAN, CASH
from dispatch.values.ids import derived_id
from dispatch.values.money import Money
from dispatch.values.place import Place
from dispatch.values.units import CityTime, LatLng
from ws_gateway.session import effects
from ws_gateway.session.identity import Identity, SessionRules


class CommandContext(msgspec.Struct, frozen=True):
    """One command under way: its sender, its scoped id and digest, and the city time it arrived at."""

    identity: Identity
    scoped: str
    digest: bytes
    now: CityTime
    rules: SessionRules

    @property
    def vehicle(self) -> str:
        """The key of the client's own vehicle. Raises ``NOT_ALLOWED`` without one."""
        if self.identity.vehicle is None:
            raise DispatchError(ErrorCode.NOT_ALLOWED)
        return f"vehicle:{self.identity.vehicle}"


CommandFlow = Generator[effects.Request, effects.Answer, Accepted]
_StepFlow = Generator[effects.Request, effects.Answer, Done]
_FlowStart = Callable[[CommandContext, Any], CommandFlow]
_ToKey = Callable[[CommandContext, Any], str]
_ToCommand = Callable[[Any], Command]


def scoped_id(identity: Identity, command_id: str) -> str:
    """The command id as entities see it: two clients may use the same id."""
    return f"{identity.role}:{identity.subject}:{command_id}"


def trip_id_of(scoped: str) -> str:
    return derived_id("t", scoped)


def ride_code_of(trip: str, secret: bytes) -> str:
    """Four digits that only the gateways can derive from the trip's id."""
    drawn = blake2b(trip.encode(), digest_size=8, key=secret[:64]).digest()
    return f"{int.from_bytes(drawn, 'big') % 10_000:04d}"


def start_flow(context: CommandContext, message: ClientCommand) -> CommandFlow:
    kind = type(message)
    return _single(context, message) if kind in _ONE_STEP else _FLOWS[kind](context, message)


def _single(context: CommandContext, message: ClientCommand) -> CommandFlow:
    to_key, to_command = _ONE_STEP[type(message)]
    key = to_key(context, message)
    done = yield from _send(context, key, to_command(message))
    return _accepted(message, key, done)


def _send(context: CommandContext, key: str, command: Command, step: str = "") -> _StepFlow:
    """Send a command to an entity. ``step`` distinguishes the steps of one flow."""
    answer = yield Envelope(
        key=key,
        command_id=context.scoped + step,
        principal=context.identity.principal,
        body=encode_command(command),
        digest=context.digest,
    )
    if isinstance(answer, Done):
        return answer
    raise _refusal(answer)


def _refusal(answer: effects.Answer) -> DispatchError:
    if isinstance(answer, Refused):
        return DispatchError(ErrorCode(answer.code), field=answer.field, detail=answer.detail, amount=answer.amount)
    return DispatchError(ErrorCode.INTERNAL)


def _plain_values(request: effects.Request) -> Generator[effects.Request, effects.Answer, dict[str, object]]:
    answer = yield request
    if not isinstance(answer, effects.PlainValues):
        raise _refusal(answer)
    return answer.values


def _accepted(message: ClientCommand, key: str, done: Done, **known: object) -> Accepted:
    return Accepted(id=message.id, stream=key, seq=done.seq, state=done.state, result={**known, **done.result})


def _money(minor: int, currency: str) -> Money:
    try:
        return Money(minor, currency)
    except ValueError as error:
        raise DispatchError(ErrorCode.INVALID_FIELD, field="currency", detail=str(error)) from error


_COLLECTED_BY: Final = {"cash": CASH, "code": ALIPAY_CODE, "scan": ALIPAY_SCAN}


def _collected(message: client_messages.Collect) -> Command:
    if (message.by == "scan") != (message.auth_code is not None):
        raise DispatchError(ErrorCode.INVALID_FIELD, field="auth_code", detail="required with by=scan only")
    return commands.PayFare(_COLLECTED_BY[message.by], auth_code=message.auth_code or "")


_AT_OWN_VEHICLE: Final[dict[type[ClientCommand], _ToCommand]] = {
    client_messages.EndShift: lambda _: commands.EndShift(),
    client_messages.StartBreak: lambda _: commands.StartBreak(),
    client_messages.AcceptOffer: lambda it: commands.AcceptOffer(it.offer),
    client_messages.DeclineOffer: lambda it: commands.DeclineOffer(it.offer, it.reason),
    client_messages.ArriveAtPickup: lambda it: commands.ArriveAtPickup(it.trip),
    client_messages.StartRide: lambda it: commands.StartRide(it.trip, it.code),
    client_messages.ReportMeter: lambda it: commands.ReportMeter(_money(it.amount, it.currency)),
    client_messages.FinishRide: lambda it: commands.FinishRide(it.trip),
    client_messages.ReturnTrip: lambda it: commands.ReturnTrip(it.trip, it.reason, no_show=it.no_show),
    client_messages.MeterVacant: lambda _: commands.FinishRide(),
}
_AT_TRIP: Final[dict[type[ClientCommand], _ToCommand]] = {
    client_messages.Collect: _collected,
    client_messages.AgreeFare: lambda it: commands.AgreeFare(_money(it.amount, it.currency)),
    client_messages.StopPay: lambda _: commands.StopPaying(),
    client_messages.CancelTrip: lambda it: commands.CancelTrip(it.reason, it.fee_up_to),
    client_messages.Rate: lambda it: commands.RateRide(it.stars, it.comment),
}
_AT_NAMED_VEHICLE: Final[dict[type[ClientCommand], _ToCommand]] = {
    client_messages.TakeOutOfService: lambda it: commands.TakeOutOfService(it.reason),
    client_messages.ReturnToService: lambda _: commands.ReturnToService(),
}
_TARGETS: Final[tuple[tuple[_ToKey, dict[type[ClientCommand], _ToCommand]], ...]] = (
    (lambda context, _: context.vehicle, _AT_OWN_VEHICLE),
    (lambda _, it: f"trip:{it.trip}", _AT_TRIP),
    (lambda _, it: f"vehicle:{it.vehicle}", _AT_NAMED_VEHICLE),
)
_ONE_STEP: Final = {kind: (to_key, table[kind]) for to_key, table in _TARGETS for kind in table}


def _go_online(context: CommandContext, message: client_messages.StartShift) -> CommandFlow:
    key = context.vehicle
    profile = yield effects.ProfileRequest(context.identity.vehicle or "", context.identity.subject)
    if not isinstance(profile, VehicleProfile):
        raise _refusal(profile)
    done = yield from _send(context, key, commands.StartShift(profile))
    return _accepted(message, key, done)


def _hail(context: CommandContext, message: ClientCommand) -> CommandFlow:
    trip = trip_id_of(context.scoped)
    done = yield from _send(context, context.vehicle, commands.StartHail(trip))
    return _accepted(message, context.vehicle, done, trip=trip)


def _request(context: CommandContext, message: client_messages.RequestRide) -> CommandFlow:
    return _new_trip(context, message, passenger=context.identity.subject, origin="app", contact="")


def _book(context: CommandContext, message: client_messages.BookByPhone) -> CommandFlow:
    _check_served(context, message.pickup, "pickup")
    values = yield from _plain_values(effects.ContactRequest(message.phone))
    contact = str(values["contact"])
    return (yield from _new_trip(context, message, passenger="", origin="phone", contact=contact))


def _new_trip(
    context: CommandContext,
    message: client_messages.RequestRide | client_messages.BookByPhone,
    *,
    passenger: str,
    origin: str,
    contact: str,
) -> CommandFlow:
    _check_served(context, message.pickup, "pickup")
    trip = trip_id_of(context.scoped)
    command = commands.RequestTrip(
        passenger=passenger,
        origin=origin,
        pickup=message.pickup,
        code=ride_code_of(trip, context.rules.secret),
        dropoff=message.dropoff,
        vehicle_class=message.vehicle_class,
        seats=message.seats,
        needs=tuple(dict.fromkeys(message.needs)),
        pickup_at=message.at,
        note=message.note,
        contact=contact,
    )
    done = yield from _send(context, f"trip:{trip}", command)
    return _accepted(message, f"trip:{trip}", done, trip=trip)


def _check_served(context: CommandContext, place: Place, field: str) -> None:
    if context.rules.served is not None and not context.rules.served.holds(LatLng(place.lat, place.lng)):
        raise DispatchError(ErrorCode.OUT_OF_AREA, field=field)


def _estimate(context: CommandContext, message: client_messages.Estimate) -> CommandFlow:
    _check_served(context, message.pickup, "pickup")
    at = CityTime(message.at if message.at is not None else context.now)
    pickup, dropoff = message.pickup, message.dropoff
    quote = yield effects.QuoteRequest((pickup.lat, pickup.lng), (dropoff.lat, dropoff.lng), at)
    if not isinstance(quote, Quote):
        raise _refusal(quote)
    result: dict[str, object] = {
        "fare": msgspec.to_builtins(context.rules.price(pickup, quote, at)),
        "seconds": quote.seconds,
        "meters": quote.meters,
        "pickup_s": quote.pickup_s,
    }
    return Accepted(id=message.id, result=result)


def _route(context: CommandContext, message: client_messages.AskRoute) -> CommandFlow:
    _check_served(context, message.start, "start")
    _check_served(context, message.end, "end")
    start, end = message.start, message.end
    values = yield from _plain_values(effects.RouteRequest((start.lat, start.lng), (end.lat, end.lng), context.now))
    return Accepted(id=message.id, result=values)


def _assign(context: CommandContext, message: client_messages.AssignManually) -> CommandFlow:
    """The trip returns its requirements, then the car gets an offer. Only the driver's app knows the distance."""
    by_hand = {"c": "make_offer", "offer": derived_id("o", context.scoped), "pickup_s": 0.0, "by_hand": True}
    trip = yield from _send(context, f"trip:{message.trip}", commands.AssignManually(message.vehicle))
    try:
        offer = msgspec.convert({**by_hand, **trip.result}, commands.MakeOffer)
    except msgspec.ValidationError as error:
        raise DispatchError(ErrorCode.INTERNAL) from error
    done = yield from _send(context, f"vehicle:{message.vehicle}", offer, ":offer")
    return _accepted(message, f"vehicle:{message.vehicle}", done)


def _pay(context: CommandContext, message: client_messages.PayFare) -> CommandFlow:
    if (message.trip is None) == (message.vehicle is None):
        raise DispatchError(ErrorCode.INVALID_FIELD, field="trip", detail="exactly one of trip and vehicle is required")
    trip: object = message.trip
    if message.vehicle is not None:
        scanned = yield from _send(context, f"vehicle:{message.vehicle}", commands.ResolveScan(), ":scan")
        trip = scanned.result.get("trip")
        if not isinstance(trip, str):
            raise DispatchError(ErrorCode.NO_TRIP_TO_PAY, field="vehicle")
    scan = message.vehicle is not None
    command = commands.PayFare(ALIPAY_PAGE if scan else ALIPAY_APP, buyer=message.buyer or "", scanned=scan)
    done = yield from _send(context, f"trip:{trip}", command)
    return _accepted(message, f"trip:{trip}", done)


def _refund_limit(context: CommandContext) -> Generator[effects.Request, effects.Answer, int | None]:
    """The most that a dispatcher may refund, in minor units; None: no limit. Raises ``NOT_ALLOWED``."""
    authority = yield effects.AuthorityRequest(context.identity.subject)
    if not isinstance(authority, effects.Authority):
        raise _refusal(authority)
    return refund_limit(authority.permissions)


def _refund(context: CommandContext, message: client_messages.RefundTrip) -> CommandFlow:
    limit = yield from _refund_limit(context)
    if (message.amount is None) != (message.currency is None):
        raise DispatchError(ErrorCode.INVALID_FIELD, field="currency", detail="required with an amount only")
    amount = None if message.amount is None else _money(message.amount, message.currency or "")
    command = commands.RefundFare(message.reason, amount, limit, message.cancel)
    done = yield from _send(context, f"payment:{message.trip}", command)
    return _accepted(message, f"trip:{message.trip}", done)


def _settle(context: CommandContext, message: client_messages.SettleTrip) -> CommandFlow:
    yield from _refund_limit(context)
    key = f"trip:{message.trip}"
    done = yield from _send(context, key, commands.SettleFare(message.reason))
    return _accepted(message, key, done)


def _settle_alarm(context: CommandContext, message: client_messages.SettleAlarm) -> CommandFlow:
    values = yield from _plain_values(
        effects.SettleAlarmRequest(message.alarm, context.identity.subject, context.now, message.note)
    )
    return Accepted(id=message.id, result=values)


def _broadcast(context: CommandContext, message: client_messages.Broadcast) -> CommandFlow:
    notice = server_messages.Notice(
        derived_id("n", context.scoped), context.now, context.identity.subject, message.text
    )
    values = yield from _plain_values(
        effects.BroadcastRequest(DriverBroadcast(notice, tuple(dict.fromkeys(message.vehicles))))
    )
    return Accepted(id=message.id, result=values)


def _word(context: CommandContext, message: client_messages.AskWord) -> CommandFlow:  # noqa: ARG001 - the shape of every flow
    values = yield from _plain_values(effects.RotatingWordRequest())
    return Accepted(id=message.id, result=values)


def _today(context: CommandContext, message: client_messages.AskToday) -> CommandFlow:
    values = yield from _plain_values(effects.TodayRequest(context.vehicle.removeprefix("vehicle:"), context.now))
    return Accepted(id=message.id, result=values)


_FLOWS: Final[dict[type[ClientCommand], _FlowStart]] = {
    client_messages.StartShift: _go_online,
    client_messages.StartHail: _hail,
    client_messages.MeterHired: _hail,
    client_messages.RequestRide: _request,
    client_messages.BookByPhone: _book,
    client_messages.Estimate: _estimate,
    client_messages.AskRoute: _route,
    client_messages.AssignManually: _assign,
    client_messages.PayFare: _pay,
    client_messages.AskToday: _today,
    client_messages.AskWord: _word,
    client_messages.RefundTrip: _refund,
    client_messages.SettleTrip: _settle,
    client_messages.SettleAlarm: _settle_alarm,
    client_messages.Broadcast: _broadcast,
}
ENTITY_COMMANDS: Final = frozenset(_ONE_STEP) | frozenset(_FLOWS)
"""Commands with a flow; the session itself answers all others (attach, detach, ping, watch)."""
