"""Where a session's questions are answered: by hosts, registry and history. A failure is an answer too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
import structlog

from dispatch.actors.core.protocol import (
    Envelope,
    Hosts,
    HostsUnavailableError,
    Refused,
    Subscribed,
    SubscribeReply,
    SubscribeRequest,
)
from dispatch.domain.commands import VehicleProfile
from dispatch.domain.errors import ErrorCode
from dispatch.domain.registry import DispatcherRecord, DriverRecord, VehicleRecord
from dispatch.payment.core.rotating_word import VerificationWord
from dispatch.store.journal import JournalUnavailableError
from dispatch.values.ids import DriverId, VehicleId
from dispatch.values.units import CityTime, LatLng
from ws_gateway.hub.announcements import AlarmAnnouncer
from ws_gateway.hub.phone_masking import PhoneMasker
from ws_gateway.ports import Registry, RoadRouter, SalesHistory
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

_log = structlog.get_logger("gateway")


class RequestResolver:
    """Asks whoever knows. Never raises but for cancellation.

    ``zone`` says when a day begins, ``word`` what the minute's word is, ``roads`` which way leads where;
    ``announcer`` settles alarms and tells drivers, ``contacts`` knows callers.
    """

    def __init__(
        self,
        hosts: Hosts,
        registry: Registry,
        history: SalesHistory,
        *,
        zone: ZoneInfo,
        word: Callable[[], VerificationWord],
        roads: RoadRouter,
        announcer: AlarmAnnouncer,
        contacts: PhoneMasker,
    ) -> None:
        self._contacts = contacts
        self._announcer = announcer
        self._hosts = hosts
        self._registry = registry
        self._history = history
        self._zone = zone
        self._word = word
        self._roads = roads

    async def answer(self, request: Request) -> Answer:
        """The answer; ``Refused`` with ``UNAVAILABLE`` where nobody answers, ``INTERNAL`` where something broke."""
        try:
            return await self._ask(request)
        except (HostsUnavailableError, JournalUnavailableError):
            return Refused(ErrorCode.UNAVAILABLE)
        except Exception:  # noqa: BLE001 - the client gets a number, whatever broke
            _log.exception("a request of a session failed", request=type(request).__name__)
            return Refused(ErrorCode.INTERNAL)

    async def _ask(self, request: Request) -> Answer:
        if isinstance(request, Envelope):
            return await self._hosts.command(request)
        if isinstance(request, SubscribeRequest):
            return await self._attached(await self._hosts.subscribe(request), request.principal.role)
        if isinstance(request, QuoteRequest):
            return await self._hosts.quote(request.pickup, request.dropoff, request.at)
        if isinstance(request, RouteRequest):
            return await self._way(request)
        if isinstance(request, SettleAlarmRequest | BroadcastRequest):
            return await self._announce(request)
        return await self._look_up(request)

    async def _attached(self, answer: SubscribeReply, role: str) -> SubscribeReply:
        """With callers' numbers as this role may see them."""
        if not isinstance(answer, Subscribed):
            return answer
        shown, snapshot = self._contacts.pushed, answer.snapshot
        return msgspec.structs.replace(
            answer,
            updates=[(seq, await shown(message, role)) for seq, message in answer.updates],
            snapshot=None if snapshot is None else await shown(snapshot, role),
        )

    async def _announce(self, request: SettleAlarmRequest | BroadcastRequest) -> Answer:
        if isinstance(request, SettleAlarmRequest):
            return await self._announcer.settle_alarm(request)
        return await self._announcer.broadcast(request.told)

    async def _look_up(
        self, request: ProfileRequest | AuthorityRequest | TodayRequest | RotatingWordRequest | ContactRequest
    ) -> Answer:
        if isinstance(request, ContactRequest):
            return PlainValues({"contact": await self._contacts.of(request.phone)})
        if isinstance(request, RotatingWordRequest):
            return PlainValues(msgspec.to_builtins(self._word()))
        if isinstance(request, ProfileRequest):
            return await self._profile(request)
        if isinstance(request, AuthorityRequest):
            return await self._authority(request)
        return await self._today(request)

    async def _way(self, request: RouteRequest) -> PlainValues:
        """In a thread: a search over a large city takes longer than the loop may stand still."""
        start, end = LatLng(*request.start), LatLng(*request.end)
        route = await asyncio.to_thread(self._roads.drawn, start, end, CityTime(request.at))
        points = [[round(point.lat, 6), round(point.lng, 6)] for point in route.points]
        figures = {"meters": round(route.meters, 1), "seconds": round(route.seconds, 1), "by_road": route.by_road}
        return PlainValues({"points": points, **figures})

    async def _profile(self, request: ProfileRequest) -> VehicleProfile | Refused:
        """The car as the registry has it now, and whether this driver may take it."""
        vehicle = await self._registry.get(VehicleRecord, request.vehicle)
        driver = await self._registry.get(DriverRecord, request.driver)
        if vehicle is None or not vehicle.active:
            return Refused(ErrorCode.UNKNOWN_VEHICLE, detail=request.vehicle)
        allowed = await self._registry.may_drive(DriverId(request.driver), VehicleId(request.vehicle))
        if driver is None or not allowed:
            return Refused(ErrorCode.NOT_ALLOWED, detail=f"{request.driver} may not drive {request.vehicle}")
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

    async def _authority(self, request: AuthorityRequest) -> Authority:
        """What the registry lets a dispatcher do now."""
        dispatcher = await self._registry.get(DispatcherRecord, request.dispatcher)
        return Authority(dispatcher.permissions if dispatcher is not None else ())

    async def _today(self, request: TodayRequest) -> PlainValues:
        """The vehicle's payments since midnight on the city's clock, and what they sum up to."""
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
        return PlainValues({"day": day.isoformat(), "payments": payments, "totals": totals})
