"""Assembles a region's matcher from its parts, and offers its RPC methods. Production and simulation share it."""

from __future__ import annotations

import msgspec
import structlog

from dispatch.actors.rpc.transport import Offered
from dispatch.actors.runtime.match_feed import MatchUpdate
from dispatch.actors.runtime.matcher_runtime import MatcherParts, MatcherRuntime
from dispatch.geo.index.vehicle_index import VehicleIndex
from dispatch.matching.candidates import CityCandidates
from dispatch.matching.matcher import RegionMatcher
from dispatch.processes.task_set import TaskSet
from dispatch.values.units import CityTime, LatLng

log = structlog.get_logger()

_encode = msgspec.msgpack.Encoder().encode
_decode_update = msgspec.msgpack.Decoder(MatchUpdate).decode


def build_matcher(parts: MatcherParts) -> MatcherHost:
    candidates = CityCandidates(VehicleIndex(parts.h3_resolution), parts.travel_time)
    return MatcherHost(parts, MatcherRuntime(parts, RegionMatcher(candidates, parts.settings), candidates))


class MatcherHost:
    """One region's matcher and the RPC methods that others call. Made by :func:`build_matcher`."""

    def __init__(self, parts: MatcherParts, runtime: MatcherRuntime) -> None:
        self._parts = parts
        self._runtime = runtime
        self._tasks = TaskSet()

    @property
    def rpc_methods(self) -> Offered:
        return {call.__name__: call for call in (self.update, self.quote, self.why, self.metrics_text, self.drain)}

    def start(self) -> None:
        self._tasks.spawn(self._runtime.run())
        log.info("matcher started", matcher=self._parts.name, incarnation=self._parts.incarnation)

    async def update(self, body: bytes) -> str:
        """Apply an encoded :class:`MatchUpdate` of a host; the incarnation, by which the host notices a restart."""
        self._runtime.update(_decode_update(body))
        return self._parts.incarnation

    async def quote(self, lat: float, lng: float, to_lat: float, to_lng: float, at: float) -> bytes:
        return _encode(self._runtime.quote(LatLng(lat, lng), LatLng(to_lat, to_lng), CityTime(at)))

    async def why(self, kind: str, entity_id: str) -> bytes:
        return _encode(self._runtime.why(kind, entity_id))

    async def metrics_text(self) -> bytes:
        return self._parts.metrics.expose()

    async def drain(self) -> None:
        await self._tasks.cancel()
