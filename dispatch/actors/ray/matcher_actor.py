"""The Ray actor of one region's matcher: the process around a :class:`MatcherRuntime`.

A process of its own: scipy and the travel-time table stay out of the hosts, and a long window delays no command.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from secrets import token_hex

import msgspec
import structlog

from dispatch.actors.ray.discovery import connect_by_ray, own_host
from dispatch.actors.ray.session import this_node
from dispatch.actors.rpc.transport import Address, RpcServer
from dispatch.actors.runtime.cluster_config import ClusterConfig
from dispatch.actors.runtime.host_client import HostClient
from dispatch.actors.runtime.match_feed import MatchUpdate
from dispatch.actors.runtime.matcher_runtime import MatcherRuntime
from dispatch.geo.cells import Cell, cells_of
from dispatch.geo.city import City, load_city
from dispatch.geo.index.vehicle_index import VehicleIndex
from dispatch.matching.candidates import CityCandidates
from dispatch.matching.matcher import RegionMatcher
from dispatch.matching.regions import Regions, split_evenly
from dispatch.matching.settings import MatcherSettings
from dispatch.matching.types import Window
from dispatch.observability.logging import Format, Level, log_to_file
from dispatch.observability.metrics import Metrics
from dispatch.processes.gc_freeze import freeze_startup_objects
from dispatch.values.units import CityTime, LatLng

log = structlog.get_logger()

REGION_RESOLUTION = 7
REGION_BAND = 2

_encode = msgspec.msgpack.Encoder().encode
_decode_news = msgspec.msgpack.Decoder(MatchUpdate).decode


class MatcherSetup(msgspec.Struct, frozen=True):
    """What a matcher is told at birth. Seconds are city time."""

    name: str
    region: int
    regions: int
    system: ClusterConfig
    city: str
    cache_dir: str
    h3_resolution: int
    window_s: float
    max_pickup_s: float
    stale_after_s: float
    hold_s: float
    candidates: int
    ageing: float
    ageing_ceiling_s: float
    log_level: Level
    log_format: Format


class MatcherActor:
    """One region's matcher. Made a Ray actor by ``dispatch.actors.ray.cluster``."""

    def __init__(self, setup: bytes) -> None:
        self.setup = msgspec.msgpack.decode(setup, type=MatcherSetup)
        log_to_file(self.setup.name, Path(self.setup.system.data_dir), self.setup.log_level, self.setup.log_format)
        self.incarnation = token_hex(6)
        self._born: asyncio.Task[None] | None = None
        self._windows: asyncio.Task[None] | None = None
        calls = (self.update, self.quote, self.why, self.ping, self.metrics_text, self.drain)
        self._direct = RpcServer({call.__name__: call for call in calls})

    async def address(self) -> Address:
        """Where this matcher listens. The one call that takes its way over Ray."""
        await self._ready()
        return self._address

    async def _ready(self) -> None:
        if self._born is None or (self._born.done() and self._born.exception() is not None):
            self._born = asyncio.get_running_loop().create_task(self._bear())
        await asyncio.shield(self._born)

    async def _bear(self) -> None:
        setup = self.setup
        self.metrics = Metrics()
        city = await asyncio.to_thread(load_city, setup.city)
        travel_time = await asyncio.to_thread(city.travel_time, Path(setup.cache_dir))
        settings = MatcherSettings(
            stale_after_s=setup.stale_after_s,
            hold_s=setup.hold_s,
            candidates=setup.candidates,
            ageing=setup.ageing,
            ageing_ceiling_s=setup.ageing_ceiling_s,
        )
        candidates = CityCandidates(VehicleIndex(setup.h3_resolution), travel_time)
        hosts = HostClient(setup.system, setup.name, connect_by_ray())
        self.shell = MatcherRuntime(
            RegionMatcher(candidates, settings),
            candidates,
            travel_time,
            setup.system.clock(),
            lambda envelope: asyncio.ensure_future(hosts.command(envelope)),
            window_s=setup.window_s,
            max_pickup_s=setup.max_pickup_s,
            region=setup.region,
            regions=_regions(city, setup.regions) if setup.regions > 1 else None,
            on_window=self._count,
        )
        self._windows = asyncio.get_running_loop().create_task(self.shell.run())
        freeze_startup_objects()
        self._address = await self._direct.open(own_host())
        log.info("matcher is up", matcher=setup.name, incarnation=self.incarnation)

    # ── called by others ──────────────────────────────────────────────────────────────────────────────────────────

    async def update(self, body: bytes) -> str:
        """News of a host; the incarnation, so that the host sees when everything has to be told anew."""
        await self._ready()
        self.shell.hear(_decode_news(body))
        return self.incarnation

    async def quote(self, lat: float, lng: float, to_lat: float, to_lng: float, at: float) -> bytes:
        """The encoded :class:`Quote` for a ride."""
        await self._ready()
        return _encode(self.shell.quote(LatLng(lat, lng), LatLng(to_lat, to_lng), CityTime(at)))

    async def why(self, kind: str, entity_id: str) -> bytes:
        """What is remembered of a trip or a vehicle."""
        await self._ready()
        return _encode(self.shell.why(kind, entity_id))

    async def ping(self) -> tuple[str, int, str]:
        """The incarnation, the process id, and the node of Ray's that it is a process of."""
        await self._ready()
        return self.incarnation, os.getpid(), this_node()

    async def metrics_text(self) -> bytes:
        """This matcher's metrics in Prometheus' text format."""
        await self._ready()
        return self.metrics.expose()

    async def drain(self) -> None:
        """Hold no more windows."""
        self._direct.close()
        if self._windows is not None:
            self._windows.cancel()

    def _count(self, window: Window, seconds: float) -> None:
        region = str(self.setup.region)
        self.metrics.matcher_window_seconds.labels(region).observe(seconds)
        self.metrics.matcher_waiting.labels(region).set(window.stats.waiting)
        self.metrics.proposals.labels(region).inc(len(window.proposals))


def _regions(city: City, count: int) -> Regions:
    """The city's road junctions by cell, split into stripes of about equal weight."""
    weight: dict[Cell, int] = {}
    for cell in cells_of(city.network.lat.tolist(), city.network.lng.tolist(), REGION_RESOLUTION):
        weight[cell] = weight.get(cell, 0) + 1
    cells = sorted(weight)
    owners = split_evenly(cells, [float(weight[cell]) for cell in cells], count)
    return Regions(owners, resolution=REGION_RESOLUTION, band=REGION_BAND)
