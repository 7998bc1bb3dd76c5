"""What each client command means to the entities: one short conversation for each message.

A conversation yields requests, gets their answers, and returns what the client is told; it raises ``DispatchError``
to refuse. Command ids are scoped by who sends them, so that two clients' ids never meet, and everything that a
conversation makes up (trip ids, ride codes, ids of further steps) is derived from them, so that a repeat does
exactly the same again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from hashlib import blake2b
from typing import Any, Final

import msgspec

from dispatch.actors.core.protocol import Done, Envelope, Quote, Refused
from dispatch.api import messages
from dispatch.api.alarms import DriverBroadcast
from dispatch.api.messages import Accepted, ClientCommand
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
from ws_gateway.session.effects import (
    Answer,
    Authority,
    AuthorityRequest,
    BroadcastRequest,
    ContactRequest,
    PlainValues,
    ProfileRequest,
    QuoteRequest,
    Request,
    RotatingWordRequest,
    RouteRequest,
    SettleAlarmRequest,
    TodayRequest,
)
from ws_gateway.session.identity import Identity, SessionRules


class CommandContext(msgspec.Struct, frozen=True):
    """One command of a client under way: who, under which id and digest, and when (city time)."""

    identity: Identity
    scoped: str
    digest: bytes
    now: CityTime
    rules: SessionRules

    @property
    def vehicle(self) -> str:
        """The key of the client's own vehicle."""
        if self.identity.vehicle is None:
            raise DispatchError(ErrorCode.NOT_ALLOWED)
        return f"vehicle:{self.identity.vehicle}"


CommandFlow = Generator[Request, Answer, Accepted]
_Step = Generator[Request, Answer, Done]
_Start = Callable[[CommandContext, Any], CommandFlow]
_OneStep = Callable[[CommandContext, Any], tuple[str, Command]]


def scoped_id(identity: Identity, command_id: str) -> str:
    """The command id as entities know it: two clients may use the same one."""
    return f"{identity.role}:{identity.subject}:{command_id}"


def trip_id_of(scoped: str) -> str:
    """The id of the trip that a command makes: the same for a repeat."""
    return derived_id("t", scoped)


def offer_id_of(scoped: str) -> str:
    """The id of the offer that a dispatcher's command makes."""
    return derived_id("o", scoped)


def notice_id_of(scoped: str) -> str:
    """The id of the message to drivers that a dispatcher's command makes."""
    return derived_id("n", scoped)


def ride_code_of(trip: str, secret: bytes) -> str:
    """Four digits that only the gateways can tell from the trip's id."""
    drawn = blake2b(trip.encode(), digest_size=8, key=secret[:64]).digest()
    return f"{int.from_bytes(drawn, 'big') % 10_000:04d}"


def start_flow(call: CommandContext, message: ClientCommand) -> CommandFlow:
    """The conversation for a command."""
    one_step = _ONE_STEP.get(type(message))
    if one_step is not None:
        return _single(call, message, one_step)
    return _CONVERSATIONS[type(message)](call, message)


def _single(call: CommandContext, message: ClientCommand, one_step: _OneStep) -> CommandFlow:
    key, command = one_step(call, message)
    done = yield from _send(call, key, command)
    return _accepted(message, key, done)


def _send(call: CommandContext, key: str, command: Command, step: str = "") -> _Step:
    """Send a command to an entity. ``step`` tells the steps of one conversation apart."""
    answer = yield Envelope(
        key=key,
        command_id=call.scoped + step,
        principal=call.identity.principal,
        body=encode_command(command),
        digest=call.digest,
    )
    if isinstance(answer, Done):
        return answer
    raise _refusal(answer)


def _refusal(answer: Answer) -> DispatchError:
    """The error in an answer that is not what was asked for."""
    if isinstance(answer, Refused):
        return DispatchError(ErrorCode(answer.code), field=answer.field, detail=answer.detail, amount=answer.amount)
    return DispatchError(ErrorCode.INTERNAL)


def _accepted(message: ClientCommand, key: str, done: Done, **known: object) -> Accepted:
    return Accepted(id=message.id, stream=key, seq=done.seq, state=done.state, result={**known, **done.result})


# ── one step ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _money(minor: int, currency: str) -> Money:
    try:
        return Money(minor, currency)
    except ValueError as error:
        raise DispatchError(ErrorCode.INVALID_FIELD, field="currency", detail=str(error)) from error


def _read_meter(call: CommandContext, message: messages.MeterReport) -> tuple[str, Command]:
    return call.vehicle, commands.ReportMeter(_money(message.amount, message.currency))


_COLLECTED_BY: Final = {"cash": CASH, "code": ALIPAY_CODE, "scan": ALIPAY_SCAN}


def _collected(message: messages.Collect) -> Command:
    if (message.by == "scan") != (message.auth_code is not None):
        raise DispatchError(ErrorCode.INVALID_FIELD, field="auth_code", detail="with by=scan, and only then")
    return commands.PayFare(_COLLECTED_BY[message.by], auth_code=message.auth_code or "")


_ONE_STEP: Final[dict[type[ClientCommand], _OneStep]] = {
    messages.GoOffline: lambda call, _: (call.vehicle, commands.EndShift()),
    messages.TakeBreak: lambda call, _: (call.vehicle, commands.StartBreak()),
    messages.AcceptOffer: lambda call, said: (call.vehicle, commands.AcceptOffer(said.offer)),
    messages.DeclineOffer: lambda call, said: (call.vehicle, commands.DeclineOffer(said.offer, said.reason)),
    messages.Arrived: lambda call, said: (call.vehicle, commands.ArriveAtPickup(said.trip)),
    messages.StartRide: lambda call, said: (call.vehicle, commands.StartRide(said.trip, said.code)),
    messages.MeterReport: _read_meter,
    messages.FinishRide: lambda call, said: (call.vehicle, commands.FinishRide(said.trip)),
    messages.TripReturn: lambda call, said: (
        call.vehicle,
        commands.ReturnTrip(said.trip, said.reason, no_show=said.no_show),
    ),
    messages.MeterVacant: lambda call, _: (call.vehicle, commands.FinishRide()),
    messages.Collect: lambda _, said: (f"trip:{said.trip}", _collected(said)),
    messages.AgreeOnFare: lambda _, said: (
        f"trip:{said.trip}",
        commands.AgreeFare(_money(said.amount, said.currency)),
    ),
    messages.StopPay: lambda _, said: (f"trip:{said.trip}", commands.StopPaying()),
    messages.CancelTrip: lambda _, said: (f"trip:{said.trip}", commands.CancelTrip(said.reason, said.fee_up_to)),
    messages.Rate: lambda _, said: (f"trip:{said.trip}", commands.RateRide(said.stars, said.comment)),
    messages.TakeOutOfService: lambda _, said: (f"vehicle:{said.vehicle}", commands.TakeOutOfService(said.reason)),
    messages.ReturnToService: lambda _, said: (f"vehicle:{said.vehicle}", commands.ReturnToService()),
}


# ── several steps ────────────────────────────────────────────────────────────────────────────────────────────────


def _go_online(call: CommandContext, message: messages.GoOnline) -> CommandFlow:
    key = call.vehicle
    profile = yield ProfileRequest(call.identity.vehicle or "", call.identity.subject)
    if not isinstance(profile, VehicleProfile):
        raise _refusal(profile)
    done = yield from _send(call, key, commands.StartShift(profile))
    return _accepted(message, key, done)


def _hail(call: CommandContext, message: ClientCommand) -> CommandFlow:
    trip = trip_id_of(call.scoped)
    done = yield from _send(call, call.vehicle, commands.StartHail(trip))
    return _accepted(message, call.vehicle, done, trip=trip)


def _request(call: CommandContext, message: messages.RequestRide) -> CommandFlow:
    return _new_trip(call, message, passenger=call.identity.subject, origin="app", contact="")


def _book(call: CommandContext, message: messages.BookByPhone) -> CommandFlow:
    _check_served(call, message.pickup, "pickup")
    facts = yield ContactRequest(message.phone)
    if not isinstance(facts, PlainValues):
        raise _refusal(facts)
    contact = str(facts.facts["contact"])
    return (yield from _new_trip(call, message, passenger="", origin="phone", contact=contact))


def _new_trip(
    call: CommandContext,
    message: messages.RequestRide | messages.BookByPhone,
    *,
    passenger: str,
    origin: str,
    contact: str,
) -> CommandFlow:
    _check_served(call, message.pickup, "pickup")
    trip = trip_id_of(call.scoped)
    command = commands.RequestTrip(
        passenger=passenger,
        origin=origin,
        pickup=message.pickup,
        code=ride_code_of(trip, call.rules.secret),
        dropoff=message.dropoff,
        vehicle_class=message.vehicle_class,
        seats=message.seats,
        needs=tuple(dict.fromkeys(message.needs)),
        pickup_at=message.at,
        note=message.note,
        contact=contact,
    )
    done = yield from _send(call, f"trip:{trip}", command)
    return _accepted(message, f"trip:{trip}", done, trip=trip)


def _check_served(call: CommandContext, place: Place, field: str) -> None:
    if call.rules.served is not None and not call.rules.served.holds(LatLng(place.lat, place.lng)):
        raise DispatchError(ErrorCode.OUT_OF_AREA, field=field)


def _estimate(call: CommandContext, message: messages.Estimate) -> CommandFlow:
    _check_served(call, message.pickup, "pickup")
    at = CityTime(message.at if message.at is not None else call.now)
    pickup, dropoff = message.pickup, message.dropoff
    quote = yield QuoteRequest((pickup.lat, pickup.lng), (dropoff.lat, dropoff.lng), at)
    if not isinstance(quote, Quote):
        raise _refusal(quote)
    result: dict[str, object] = {
        "fare": msgspec.to_builtins(call.rules.price(pickup, quote, at)),
        "seconds": quote.seconds,
        "meters": quote.meters,
        "pickup_s": quote.pickup_s,
    }
    return Accepted(id=message.id, result=result)


def _way(call: CommandContext, message: messages.AskRoute) -> CommandFlow:
    _check_served(call, message.start, "start")
    _check_served(call, message.end, "end")
    start, end = message.start, message.end
    facts = yield RouteRequest((start.lat, start.lng), (end.lat, end.lng), call.now)
    if not isinstance(facts, PlainValues):
        raise _refusal(facts)
    return Accepted(id=message.id, result=facts.facts)


def _assign(call: CommandContext, message: messages.ManualAssignment) -> CommandFlow:
    """The trip says what it needs, then the car is offered it. How far the car is, only the driver's app can tell."""
    by_hand = {"c": "make_offer", "offer": offer_id_of(call.scoped), "pickup_s": 0.0, "by_hand": True}
    trip = yield from _send(call, f"trip:{message.trip}", commands.AssignManually(message.vehicle))
    try:
        offer = msgspec.convert({**by_hand, **trip.result}, commands.MakeOffer)
    except msgspec.ValidationError as error:
        raise DispatchError(ErrorCode.INTERNAL) from error
    done = yield from _send(call, f"vehicle:{message.vehicle}", offer, ":offer")
    return _accepted(message, f"vehicle:{message.vehicle}", done)


def _pay(call: CommandContext, message: messages.Pay) -> CommandFlow:
    if (message.trip is None) == (message.vehicle is None):
        raise DispatchError(ErrorCode.INVALID_FIELD, field="trip", detail="either trip or vehicle")
    trip: object = message.trip
    if message.vehicle is not None:
        scanned = yield from _send(call, f"vehicle:{message.vehicle}", commands.ResolveScan(), ":scan")
        trip = scanned.result.get("trip")
        if not isinstance(trip, str):
            raise DispatchError(ErrorCode.NO_TRIP_TO_PAY, field="vehicle")
    scan = message.vehicle is not None
    command = commands.PayFare(ALIPAY_PAGE if scan else ALIPAY_APP, buyer=message.buyer or "", scanned=scan)
    done = yield from _send(call, f"trip:{trip}", command)
    return _accepted(message, f"trip:{trip}", done)


def _may_refund(call: CommandContext) -> Generator[Request, Answer, int | None]:
    """The most that a dispatcher may give back, in minor units, None without a limit. Raises ``NOT_ALLOWED``."""
    authority = yield AuthorityRequest(call.identity.subject)
    if not isinstance(authority, Authority):
        raise _refusal(authority)
    return refund_limit(authority.permissions)


def _refund(call: CommandContext, message: messages.RefundTrip) -> CommandFlow:
    limit = yield from _may_refund(call)
    if (message.amount is None) != (message.currency is None):
        raise DispatchError(ErrorCode.INVALID_FIELD, field="currency", detail="with an amount, and only then")
    amount = None if message.amount is None else _money(message.amount, message.currency or "")
    command = commands.RefundFare(message.reason, amount, limit, message.cancel)
    done = yield from _send(call, f"payment:{message.trip}", command)
    return _accepted(message, f"trip:{message.trip}", done)


def _settle(call: CommandContext, message: messages.SettleTrip) -> CommandFlow:
    yield from _may_refund(call)
    key = f"trip:{message.trip}"
    done = yield from _send(call, key, commands.SettleFare(message.reason))
    return _accepted(message, key, done)


def _settle_alarm(call: CommandContext, message: messages.SettleAlarm) -> CommandFlow:
    facts = yield SettleAlarmRequest(message.alarm, call.identity.subject, call.now, message.note)
    if not isinstance(facts, PlainValues):
        raise _refusal(facts)
    return Accepted(id=message.id, result=facts.facts)


def _broadcast(call: CommandContext, message: messages.Broadcast) -> CommandFlow:
    notice = messages.Notice(notice_id_of(call.scoped), call.now, call.identity.subject, message.text)
    facts = yield BroadcastRequest(DriverBroadcast(notice, tuple(dict.fromkeys(message.vehicles))))
    if not isinstance(facts, PlainValues):
        raise _refusal(facts)
    return Accepted(id=message.id, result=facts.facts)


def _word(call: CommandContext, message: messages.AskWord) -> CommandFlow:  # noqa: ARG001 - every conversation has this shape
    facts = yield RotatingWordRequest()
    if not isinstance(facts, PlainValues):
        raise _refusal(facts)
    return Accepted(id=message.id, result=facts.facts)


def _today(call: CommandContext, message: messages.AskToday) -> CommandFlow:
    facts = yield TodayRequest(call.vehicle.removeprefix("vehicle:"), call.now)
    if not isinstance(facts, PlainValues):
        raise _refusal(facts)
    return Accepted(id=message.id, result=facts.facts)


_CONVERSATIONS: Final[dict[type[ClientCommand], _Start]] = {
    messages.GoOnline: _go_online,
    messages.StartHail: _hail,
    messages.MeterHired: _hail,
    messages.RequestRide: _request,
    messages.BookByPhone: _book,
    messages.Estimate: _estimate,
    messages.AskRoute: _way,
    messages.ManualAssignment: _assign,
    messages.Pay: _pay,
    messages.AskToday: _today,
    messages.AskWord: _word,
    messages.RefundTrip: _refund,
    messages.SettleTrip: _settle,
    messages.SettleAlarm: _settle_alarm,
    messages.Broadcast: _broadcast,
}
ENTITY_COMMANDS: Final = frozenset(_ONE_STEP) | frozenset(_CONVERSATIONS)
"""Every command that is a conversation; the session itself answers the others (attach, detach, ping, watch)."""
