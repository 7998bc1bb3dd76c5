"""Reads of a dispatcher: the fleet, one vehicle in detail, and the search."""

import asyncio
from collections.abc import Sequence
from typing import Final, cast

import msgspec

from dispatch.api.fields import VehicleView
from dispatch.api.http_bodies import CauseSpan, FleetCar, FleetList, SearchHits, SearchQuery, VehicleDetail
from dispatch.api.presenters import vehicle_for
from dispatch.api.timeline import offer_details, timeline
from dispatch.domain.entity import EntityKey
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.domain.vehicle.vehicle import Vehicle
from dispatch.store.journal import StoredEvent
from ws_gateway.http.authenticated_reads import Reader
from ws_gateway.http.reads.entity_history import EntityReads, ReplayedEntity
from ws_gateway.http.reads.list_rows import trip_of

STORY_S: Final = 3_600.0
EVENTS_MOST: Final = 2_000
"""More than the events of a vehicle in an hour."""


class VehicleReads(EntityReads):
    """``GET /v1/vehicles``, ``GET /v1/vehicles/{vehicle}`` and ``POST /v1/search``."""

    async def listed(self, _: Reader) -> FleetList:
        return FleetList(list(await self._lists.fleet()))

    async def search(self, _: Reader, query: SearchQuery) -> SearchHits:
        """Raises ``DispatchError`` with ``INVALID_FIELD`` for fewer than two characters."""
        if len(query.text.strip()) < 2:
            raise DispatchError(ErrorCode.INVALID_FIELD, field="text")
        found = await self._lists.search(query.text)
        return SearchHits([trip_of(trip) for trip in found.trips], list(found.cars))

    async def detail(self, reader: Reader) -> VehicleDetail:
        """A vehicle and its last hour. Raises ``DispatchError`` with ``UNKNOWN_VEHICLE``."""
        key = EntityKey("vehicle", reader.path["vehicle"])
        cars = await self._lists.fleet(key.id)
        if not cars:
            raise DispatchError(ErrorCode.UNKNOWN_VEHICLE, field="vehicle")
        since = self._clock.city() - STORY_S
        replayed, stored, why = await asyncio.gather(
            self._history.current(key), self._events.newest(key, since, EVENTS_MOST), self._why(key)
        )
        if replayed is None:
            return VehicleDetail(seq=0, car=cars[0], view=VehicleView(key.id, "offline"), why=why)
        return await asyncio.to_thread(self._detail, cars[0], replayed, stored, why)

    def _detail(
        self, car: FleetCar, replayed: ReplayedEntity, stored: Sequence[StoredEvent], why: list[CauseSpan]
    ) -> VehicleDetail:
        events = self._history.decode_events(stored)
        return VehicleDetail(
            seq=replayed.entity.seq,
            car=car,
            view=vehicle_for(cast("VehicleView", replayed.view), "dispatcher"),
            shift_since=cast("Vehicle", replayed.entity).data.shift_since,
            offers=offer_details(events),
            timeline=timeline(events),
            why=why,
        )

    async def _why(self, key: EntityKey) -> list[CauseSpan]:
        spans = [span for answer in await self._answers(key) for span in msgspec.convert(answer, _Spans).spans]
        return sorted(spans, key=lambda span: span.since)


class _Spans(msgspec.Struct):
    """A matcher's answer (:class:`dispatch.matching.explain.VehicleReasons`)."""

    spans: list[CauseSpan]
