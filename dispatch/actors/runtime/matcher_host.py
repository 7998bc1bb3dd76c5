"""Assembles a region's matcher from its parts, and offers its RPC methods. Production and simulation share it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import structlog

from dispatch.actors.core.protocol import Envelope, Reply
from dispatch.actors.rpc.transport import Offered
from dispatch.actors.runtime.match_feed import MatchUpdate
from dispatch.actors.runtime.matcher_runtime import MatcherRuntime
from dispatch.clock import Clock
from dispatch.geo.index.vehicle_index import VehicleIndex
from dispatch.geo.travel_time import TravelTime
from dispatch.matching.candidates import CityCandidates
from dispatch.matching.matcher import RegionMatcher
from dispatch.matching.regions import Regions
from dispatch.matching.settings import MatcherSettings
from dispatch.matching.types import Window
from dispatch.observability.metrics import Metrics
from dispatch.processes.task_set import TaskSet
from dispatch.values.units import CityTime, LatLng

log = structlog.get_logger()

DEFAULT_RESOLUTION: Final = 9

_encode = msgspec.msgpack.Encoder().encode
_decode_update = msgspec.msgpack.Decoder(MatchUpdate).decode


class MatcherParts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that differs between matchers, and between production and simulation. Seconds are city time."""

    name: str
    incarnation: str
    clock: Clock
    metrics: Metrics
    travel_time: TravelTime
    settings: MatcherSettings
    send: Callable[[Envelope], Awaitable[Reply]]
    window_s: float
    max_pickup_s: float
    h3_resolution: int = DEFAULT_RESOLUTION
    region: int = 0
    regions: Regions | None = None


def build_matcher(parts: MatcherParts) -> MatcherHost:
    candidates = CityCandidates(VehicleIndex(parts.h3_resolution), parts.travel_time)
    region = str(parts.region)

    def count(window: Window, seconds: float) -> None:
        parts.metrics.matcher_window_seconds.labels(region).observe(seconds)
        parts.metrics.matcher_waiting.labels(region).set(window.stats.waiting)
        parts.metrics.proposals.labels(region).inc(len(window.proposals))

    runtime = MatcherRuntime(
        RegionMatcher(candidates, parts.settings),
        candidates,
        parts.travel_time,
        parts.clock,
        parts.send,
        window_s=parts.window_s,
        max_pickup_s=parts.max_pickup_s,
        region=parts.region,
        regions=parts.regions,
        on_window=count,
    )
    return MatcherHost(parts, runtime)


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
