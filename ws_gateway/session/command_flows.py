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
_OneStep = Callable[[CommandContext, Any], tuple[str, Command]]


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
    one_step = _ONE_STEP.get(type(message))
    if one_step is not None:
        return _single(context, message, one_step)
    return _FLOWS[type(message)](context, message)


def _single(context: CommandContext, message: ClientCommand, one_step: _OneStep) -> CommandFlow:
    key, command = one_step(context, message)
    done = yield from _send(context, key, command)
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


def _read_meter(context: CommandContext, message: client_messages.ReportMeter) -> tuple[str, Command]:
    return context.vehicle, commands.ReportMeter(_money(message.amount, message.currency))


_COLLECTED_BY: Final = {"cash": CASH, "code": ALIPAY_CODE, "scan": ALIPAY_SCAN}


def _collected(message: client_messages.Collect) -> Command:
    if (message.by == "scan") != (message.auth_code is not None):
        raise DispatchError(ErrorCode.INVALID_FIELD, field="auth_code", detail="required with by=scan only")
    return commands.PayFare(_COLLECTED_BY[message.by], auth_code=message.auth_code or "")


_ONE_STEP: Final[dict[type[ClientCommand], _OneStep]] = {
    client_messages.EndShift: lambda context, _: (context.vehicle, commands.EndShift()),
    client_messages.StartBreak: lambda context, _: (context.vehicle, commands.StartBreak()),
    client_messages.AcceptOffer: lambda context, message: (context.vehicle, commands.AcceptOffer(message.offer)),
    client_messages.DeclineOffer: lambda context, message: (
        context.vehicle,
        commands.DeclineOffer(message.offer, message.reason),
    ),
    client_messages.ArriveAtPickup: lambda context, message: (context.vehicle, commands.ArriveAtPickup(message.trip)),
    client_messages.StartRide: lambda context, message: (
        context.vehicle,
        commands.StartRide(message.trip, message.code),
    ),
    client_messages.ReportMeter: _read_meter,
    client_messages.FinishRide: lambda context, message: (context.vehicle, commands.FinishRide(message.trip)),
    client_messages.ReturnTrip: lambda context, message: (
        context.vehicle,
        commands.ReturnTrip(message.trip, message.reason, no_show=message.no_show),
    ),
    client_messages.MeterVacant: lambda context, _: (context.vehicle, commands.FinishRide()),
    client_messages.Collect: lambda _, message: (f"trip:{message.trip}", _collected(message)),
    client_messages.AgreeFare: lambda _, message: (
        f"trip:{message.trip}",
        commands.AgreeFare(_money(message.amount, message.currency)),
    ),
    client_messages.StopPay: lambda _, message: (f"trip:{message.trip}", commands.StopPaying()),
    client_messages.CancelTrip: lambda _, message: (
        f"trip:{message.trip}",
        commands.CancelTrip(message.reason, message.fee_up_to),
    ),
    client_messages.Rate: lambda _, message: (
        f"trip:{message.trip}",
        commands.RateRide(message.stars, message.comment),
    ),
    client_messages.TakeOutOfService: lambda _, message: (
        f"vehicle:{message.vehicle}",
        commands.TakeOutOfService(message.reason),
    ),
    client_messages.ReturnToService: lambda _, message: (f"vehicle:{message.vehicle}", commands.ReturnToService()),
}


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
