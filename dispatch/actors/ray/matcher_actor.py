"""The Ray actor of one region's matcher: loads the city, and serves :class:`MatcherHost` over RPC.

It is a process of its own: scipy and the travel-time table stay out of the hosts, and a long window delays no command.
"""

import asyncio
from pathlib import Path
from secrets import token_hex

import msgspec

from dispatch.actors.ray.discovery import connect_by_ray, serve
from dispatch.actors.rpc.transport import Address
from dispatch.actors.runtime.cluster_config import ClusterConfig
from dispatch.actors.runtime.host_client import HostClient
from dispatch.actors.runtime.lazy_start import LazyStart
from dispatch.actors.runtime.matcher_host import build_matcher
from dispatch.actors.runtime.matcher_runtime import MatcherParts
from dispatch.geo.cells import Cell, cells_of
from dispatch.geo.city import City, load_city
from dispatch.matching.regions import Regions, split_evenly
from dispatch.matching.types import MatcherSettings
from dispatch.observability.logging import Format, Level, log_to_file
from dispatch.observability.metrics import Metrics

REGION_RESOLUTION = 7
REGION_BAND = 2


class MatcherSetup(msgspec.Struct, frozen=True):
    """The configuration of a matcher, passed to each incarnation. Seconds are city time."""

    name: str
    region: int
    regions: int
    system: ClusterConfig
    city: str
    cache_dir: str
    h3_resolution: int
    window_s: float
    max_pickup_s: float
    settings: MatcherSettings
    log_level: Level
    log_format: Format


class MatcherActor:
    """One region's matcher. Made a Ray actor by ``dispatch.actors.ray.cluster``."""

    def __init__(self, setup: bytes) -> None:
        self._setup = msgspec.msgpack.decode(setup, type=MatcherSetup)
        self._incarnation = token_hex(6)
        self._address = LazyStart(self._start)
        data_dir = Path(self._setup.system.data_dir)
        log_to_file(self._setup.name, data_dir, self._setup.log_level, self._setup.log_format)

    async def address(self) -> Address:
        return await self._address.ready()

    async def _start(self) -> Address:
        setup = self._setup
        city = await asyncio.to_thread(load_city, setup.city)
        client = HostClient(setup.system, setup.name, connect_by_ray())
        matcher = build_matcher(
            MatcherParts(
                name=setup.name,
                incarnation=self._incarnation,
                clock=setup.system.clock(),
                metrics=Metrics(),
                travel_time=await asyncio.to_thread(city.travel_time, Path(setup.cache_dir)),
                settings=setup.settings,
                send=client.command,
                window_s=setup.window_s,
                max_pickup_s=setup.max_pickup_s,
                h3_resolution=setup.h3_resolution,
                region=setup.region,
                regions=_regions(city, setup.regions) if setup.regions > 1 else None,
            )
        )
        matcher.start()
        return await serve(matcher.rpc_methods, self._incarnation)


def _regions(city: City, count: int) -> Regions:
    """Split the city's road junctions by cell into stripes of about equal weight."""
    weight: dict[Cell, int] = {}
    for cell in cells_of(city.network.lat.tolist(), city.network.lng.tolist(), REGION_RESOLUTION):
        weight[cell] = weight.get(cell, 0) + 1
    cells = sorted(weight)
    owners = split_evenly(cells, [float(weight[cell]) for cell in cells], count)
    return Regions(owners, resolution=REGION_RESOLUTION, band=REGION_BAND)
