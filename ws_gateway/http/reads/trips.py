"""Reads of a dispatcher: the list of trips, one trip in detail, and the list of alarms."""

import asyncio
from typing import Final, cast

import msgspec
import structlog

from dispatch.api import http_bodies
from dispatch.api.fields import MoneyView, TripView
from dispatch.api.http_bodies import AlarmList
from dispatch.api.presenters import trip_for
from dispatch.api.timeline import gateway_facts, timeline
from dispatch.clock import Clock
from dispatch.domain.entity import EntityKey
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.store.queries.alarms import SqlAlarms
from dispatch.store.queries.trip_rows import PaymentRow
from ws_gateway.http.authenticated_reads import Reader
from ws_gateway.http.reads.entity_history import EntityReads
from ws_gateway.http.reads.list_rows import trip_of

LISTED_S: Final = 3_600.0
LONGEST_S: Final = 86_400.0
_log = structlog.get_logger("gateway")


class TripReads(EntityReads):
    """``GET /v1/trips`` and ``GET /v1/trips/{trip}``."""

    async def listed(self, _: Reader, query: http_bodies.TripsSince) -> http_bodies.TripList:
        """Open trips and those of the last hour, or since ``asked.since``, one day back at most."""
        now = self._clock.city()
        since = now - LISTED_S if query.since is None else max(query.since, now - LONGEST_S)
        return http_bodies.TripList(now, [trip_of(each) for each in await self._lists.trips(since)])

    async def detail(self, reader: Reader) -> http_bodies.TripDetail:
        """Raises ``DispatchError`` with ``UNKNOWN_TRIP``."""
        key = EntityKey("trip", reader.path["trip"])
        replayed = await self._history.full(key)
        if replayed is None:
            raise DispatchError(ErrorCode.UNKNOWN_TRIP, field="trip")
        payments, why = await asyncio.gather(self._events.payments(key.id), self._why(key))
        return http_bodies.TripDetail(
            seq=replayed.entity.seq,
            trip=trip_for(cast("TripView", replayed.view), "dispatcher"),
            timeline=timeline(replayed.events),
            payments=[await self._payment(row) for row in payments],
            why=why,
        )

    async def _payment(self, row: PaymentRow) -> http_bodies.PaymentDetail:
        replayed = await self._history.full(EntityKey("payment", row.id))
        exchanges = await self._events.said(row.id)
        return http_bodies.PaymentDetail(
            payment=row.id,
            state=row.state,
            method=row.method or "",
            amount=_money(row.amount_minor, row.currency),
            refunded=_money(row.refunded_minor, row.currency) if row.refunded_minor else None,
            order=row.order_no or "",
            trade=row.trade_no or "",
            opened_at=row.opened_at,
            paid_at=row.paid_at,
            unclear=row.unclear or "",
            timeline=timeline(replayed.events) if replayed is not None else [],
            said=[http_bodies.PaymentExchange(it.at, it.kind, it.order_no, gateway_facts(it.body)) for it in exchanges],
        )

    async def _why(self, key: EntityKey) -> list[http_bodies.MatchExplanation]:
        return [why_trip(answer) for answer in await self._answers(key)]


class _Reason(msgspec.Struct):
    vehicle_id: str
    meters: float
    cause: str
    pickup_s: float | None = None


class _Reasons(msgspec.Struct):
    """A matcher's answer (:class:`dispatch.matching.explain.RequestReasons`)."""

    at: float
    windows: int
    counts: dict[str, int]
    nearest: list[_Reason]
    matched: str | None = None


def why_trip(answer: object) -> http_bodies.MatchExplanation:
    reasons = msgspec.convert(answer, _Reasons)
    nearest = [http_bodies.ConsideredVehicle(it.vehicle_id, it.meters, it.cause, it.pickup_s) for it in reasons.nearest]
    return http_bodies.MatchExplanation(reasons.at, reasons.windows, reasons.counts, nearest, reasons.matched)


def _money(minor: int | None, currency: str | None) -> MoneyView | None:
    return MoneyView(minor, currency) if minor is not None and currency else None


SETTLED_S: Final = 86_400.0


class AlarmReads:
    """``GET /v1/alarms``."""

    def __init__(self, alarms: SqlAlarms, clock: Clock) -> None:
        self._alarms = alarms
        self._clock = clock

    async def listed(self, _: Reader) -> AlarmList:
        """Open alarms, and those settled within the last day of city time."""
        return AlarmList(list(await self._alarms.listed(self._clock.city() - SETTLED_S)))
