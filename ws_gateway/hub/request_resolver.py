"""Resolves the requests of sessions through hosts, registry and history. A failure becomes a refusal."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import structlog

from dispatch.actors.core import protocol
from dispatch.api.alarms import DriverBroadcast
from dispatch.domain.commands import VehicleProfile
from dispatch.domain.errors import ErrorCode
from dispatch.domain.registry import DispatcherRecord, DriverRecord, VehicleRecord
from dispatch.payment.core.rotating_word import VerificationWord
from dispatch.store.journal import JournalUnavailableError
from dispatch.values.ids import DriverId, VehicleId
from dispatch.values.units import CityTime, LatLng
from ws_gateway.hub.phone_masking import PhoneMasker
from ws_gateway.ports import AlarmStore, GatewayBus, NoticeStore, Registry, RoadRouter, SalesHistory
from ws_gateway.session import effects

_log = structlog.get_logger("gateway")


class AlarmAnnouncer:
    """Settled alarms and notices to drivers: committed first, then announced to all connected clients.

    Clients that were offline read them when they return (``GET /v1/alarms``, ``GET /v1/my/notices``). Raises
    ``JournalUnavailableError`` if the commit failed; then nothing is announced.
    """

    def __init__(self, alarms: AlarmStore, notices: NoticeStore, bus: GatewayBus) -> None:
        self._alarms = alarms
        self._notices = notices
        self._bus = bus

    async def settle_alarm(self, request: effects.SettleAlarmRequest) -> effects.PlainValues | protocol.Refused:
        """The alarm as settled, by this dispatcher or by an earlier one; ``UNKNOWN_ALARM`` otherwise."""
        alarm = await self._alarms.settle_alarm(request.alarm, by=request.by, at=request.at, note=request.note)
        if alarm is None:
            return protocol.Refused(ErrorCode.UNKNOWN_ALARM, field="alarm", detail=request.alarm)
        await self._bus.announce(alarm)
        values = msgspec.to_builtins(alarm)
        return effects.PlainValues(
            {name: values.get(name, "") for name in ("alarm", "settled_by", "settled_at", "note")}
        )

    async def broadcast(self, broadcast: DriverBroadcast) -> effects.PlainValues | protocol.Refused:
        """A repeat announces the same notice again; another body under its id is refused."""
        stored = await self._notices.record_notice(broadcast)
        if (stored.notice.text, stored.vehicles) != (broadcast.notice.text, broadcast.vehicles):
            return protocol.Refused(ErrorCode.COMMAND_ID_REUSED, field="id")
        await self._bus.announce(stored)
        return effects.PlainValues({"notice": stored.notice.notice})


class RequestResolver:
    """``zone`` defines the day, ``word`` returns the current verification word. At most ``subscribe_parallel``
    subscriptions run at a time: after a host restart every session subscribes again."""

    def __init__(
        self,
        hosts: protocol.Hosts,
        registry: Registry,
        history: SalesHistory,
        *,
        zone: ZoneInfo,
        word: Callable[[], VerificationWord],
        roads: RoadRouter,
        announcer: AlarmAnnouncer,
        phones: PhoneMasker,
        subscribe_parallel: int = 64,
    ) -> None:
        self._hosts = hosts
        self._registry = registry
        self._history = history
        self._zone = zone
        self._word = word
        self._roads = roads
        self._announcer = announcer
        self._phones = phones
        self._subscribing = asyncio.Semaphore(subscribe_parallel)
        self._handlers: dict[type[effects.Request], Callable[[Any], Awaitable[effects.Answer]]] = {
            protocol.Envelope: self._hosts.command,
            protocol.SubscribeRequest: self._subscribe,
            effects.QuoteRequest: self._quote,
            effects.RouteRequest: self._route,
            effects.ProfileRequest: self._profile,
            effects.AuthorityRequest: self._authority,
            effects.TodayRequest: self._today,
            effects.RotatingWordRequest: self._rotating_word,
            effects.ContactRequest: self._contact,
            effects.SettleAlarmRequest: self._announcer.settle_alarm,
            effects.BroadcastRequest: self._broadcast,
        }

    async def resolve(self, request: effects.Request) -> effects.Answer:
        """``Refused`` with ``UNAVAILABLE`` if a host or the database does not answer, with ``INTERNAL`` after an
        unexpected error. Raises nothing but cancellation."""
        try:
            return await self._handlers[type(request)](request)
        except (protocol.HostsUnavailableError, JournalUnavailableError):
            return protocol.Refused(ErrorCode.UNAVAILABLE)
        except Exception:  # noqa: BLE001 - the client gets an error number in every case
            _log.exception("session request failed", request=type(request).__name__)
            return protocol.Refused(ErrorCode.INTERNAL)

    async def _subscribe(self, request: protocol.SubscribeRequest) -> protocol.SubscribeReply:
        async with self._subscribing:
            reply = await self._hosts.subscribe(request)
            if not isinstance(reply, protocol.Subscribed):
                return reply
            mask, role, snapshot = self._phones.mask_message, request.principal.role, reply.snapshot
            return msgspec.structs.replace(
                reply,
                updates=[(seq, await mask(message, role)) for seq, message in reply.updates],
                snapshot=None if snapshot is None else await mask(snapshot, role),
            )

    async def _quote(self, request: effects.QuoteRequest) -> protocol.Quote:
        return await self._hosts.quote(request.pickup, request.dropoff, request.at)

    async def _broadcast(self, request: effects.BroadcastRequest) -> effects.PlainValues | protocol.Refused:
        return await self._announcer.broadcast(request.broadcast)

    async def _contact(self, request: effects.ContactRequest) -> effects.PlainValues:
        return effects.PlainValues({"contact": await self._phones.contact_for(request.phone)})

    async def _rotating_word(self, _: effects.RotatingWordRequest) -> effects.PlainValues:
        return effects.PlainValues(msgspec.to_builtins(self._word()))

    async def _route(self, request: effects.RouteRequest) -> effects.PlainValues:
        """In a thread: a search over a large city would block the event loop for too long."""
        start, end = LatLng(*request.start), LatLng(*request.end)
        route = await asyncio.to_thread(self._roads.drawn, start, end, CityTime(request.at))
        points = [[round(point.lat, 6), round(point.lng, 6)] for point in route.points]
        figures = {"meters": round(route.meters, 1), "seconds": round(route.seconds, 1), "by_road": route.by_road}
        return effects.PlainValues({"points": points, **figures})

    async def _profile(self, request: effects.ProfileRequest) -> VehicleProfile | protocol.Refused:
        vehicle = await self._registry.get(VehicleRecord, request.vehicle)
        driver = await self._registry.get(DriverRecord, request.driver)
        if vehicle is None or not vehicle.active:
            return protocol.Refused(ErrorCode.UNKNOWN_VEHICLE, detail=request.vehicle)
        allowed = await self._registry.may_drive(DriverId(request.driver), VehicleId(request.vehicle))
        if driver is None or not allowed:
            return protocol.Refused(ErrorCode.NOT_ALLOWED, detail=f"{request.driver} may not drive {request.vehicle}")
        needs = {"wheelchair": vehicle.wheelchair, "child_seat": vehicle.child_seat}
        return VehicleProfile(
            plate=vehicle.plate,
            driver=driver.id,
            driver_name=driver.name,
            vehicle_class=vehicle.vehicle_class,
            seats=vehicle.seats,
            needs=tuple(need for need, has in needs.items() if has),
            metered=bool(await self._registry.devices_of(vehicle.id)),
            company=vehicle.company,
            typed_fare=vehicle.typed_fare,
        )

    async def _authority(self, request: effects.AuthorityRequest) -> effects.Authority:
        dispatcher = await self._registry.get(DispatcherRecord, request.dispatcher)
        return effects.Authority(dispatcher.permissions if dispatcher is not None else ())

    async def _today(self, request: effects.TodayRequest) -> effects.PlainValues:
        day = datetime.fromtimestamp(request.at, self._zone).date()
        since, until = (datetime.combine(day + timedelta(days=n), time(), self._zone).timestamp() for n in (0, 1))
        sales = await self._history.payments_of_vehicle(VehicleId(request.vehicle), since, until)
        payments = [
            {"trip": row.trip, "state": row.state, "method": row.method, "minor": row.amount_minor,
             "currency": row.currency, "opened_at": row.opened_at, "paid_at": row.paid_at,
             "refunded_minor": row.refunded_minor or 0}
            for row in sales.payments
        ]  # fmt: skip
        totals = [total._asdict() for total in sales.totals]
        return effects.PlainValues({"day": day.isoformat(), "payments": payments, "totals": totals})
