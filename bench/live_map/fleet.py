"""The cars of ``bench map``: ``python -m bench.live_map.fleet FIXES_PER_S SOUTH WEST NORTH EAST hosts DATA_DIR CARS``
or ``… sockets PORT TOKEN_FILE``.

Each car is on shift and drives at 8 m/s along a grid inside the box: straight on, now and then round a corner, back
at the border. With a file of tokens each has a socket of its own; without, all hand their fixes to the vehicle hosts
as a gateway does that has them from its sockets. Spoken to in lines, as :mod:`bench.ingest.load`.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from math import cos, radians
from pathlib import Path
from typing import Final

import msgspec
import uvloop

from bench.ingest.load import Car, Load, begin, frame, obey
from dispatch.actors.core.protocol import Done, Envelope, FixRow, HostsUnavailableError
from dispatch.actors.ray.discovery import connect_by_ray
from dispatch.actors.ray.session import join_cluster, leave_cluster
from dispatch.actors.runtime.cluster_config import ClusterConfig
from dispatch.actors.runtime.host_client import HostClient
from dispatch.api.fields import Fix
from dispatch.api.messages import GpsFix
from dispatch.domain.commands import StartShift, VehicleProfile, encode_command
from dispatch.domain.entity import EntityKey, Principal
from dispatch.geo.cells import Box

SPEED_MPS: Final = 8.0
_M_PER_DEG: Final = 111_195.0
_TURNS_IN: Final = 15
"""On average a car turns once in so many seconds."""
_AT_ONCE: Final = 200
"""Cars that sign on at the same time: their commits go together."""
_SLICE_S: Final = 0.02
_encode = msgspec.msgpack.Encoder().encode


class GridCar(Car):
    """A car on its grid. ``heading`` is one of 0, 90, 180, 270 degrees."""

    def __init__(self, number: int, box: Box) -> None:
        super().__init__(number)
        self._box = box
        self.lat, self.lng = self._drawn.uniform(box.south, box.north), self._drawn.uniform(box.west, box.east)
        self._heading = 90.0 * self._drawn.randrange(4)
        self._lng_m = _M_PER_DEG * cos(radians(box.south))
        self._at = 0.0

    def fix(self, at: float) -> bytes:
        """Where the car has come to since the last fix, as a frame."""
        return frame(_encode(GpsFix(self.next(at))))

    def next(self, at: float) -> Fix:
        """Where the car has come to since the last fix."""
        gone_m = SPEED_MPS * min(at - self._at, 2.0)
        self._at = at
        if self._drawn.randrange(_TURNS_IN) == 0:
            self._heading = (self._heading + self._drawn.choice((90.0, 270.0))) % 360
        self._drive(gone_m)
        self._n += 1
        return Fix(self._n, at, self.lat, self.lng, SPEED_MPS, self._heading)

    def _drive(self, meters: float) -> None:
        north = {0.0: 1, 180.0: -1}.get(self._heading, 0)
        east = {90.0: 1, 270.0: -1}.get(self._heading, 0)
        lat, lng = self.lat + north * meters / _M_PER_DEG, self.lng + east * meters / self._lng_m
        box = self._box
        if box.south <= lat <= box.north and box.west <= lng <= box.east:
            self.lat, self.lng = lat, lng
        else:
            self._heading = (self._heading + 180) % 360


class HostsLoad:
    """Hands fixes over at a steady rate, each car in its turn: :class:`bench.ingest.load.Load` without sockets."""

    def __init__(self, hosts: HostClient, system: ClusterConfig, cars: Sequence[GridCar], per_s: float) -> None:
        self._hosts = hosts
        self._clock = system.clock()
        self._cars = cars
        self._names = [f"V{number}" for number in range(len(cars))]
        self._per_s = per_s
        self.sent = 0

    async def on_shift(self) -> None:
        """Every driver is online. Raises ``RuntimeError`` where one is refused."""
        slots = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(self._start(number, slots) for number in range(len(self._cars))))

    async def _start(self, number: int, slots: asyncio.Semaphore) -> None:
        car, driver = self._names[number], f"D{number}"
        body = encode_command(StartShift(VehicleProfile(car, driver, "bench")))
        key = str(EntityKey("vehicle", car))
        envelope = Envelope(key, f"bench.{car}", Principal("driver", driver, vehicle=car), body, digest=body)
        async with slots:
            while True:
                try:
                    reply = await self._hosts.command(envelope)
                except HostsUnavailableError:
                    continue
                if not isinstance(reply, Done):
                    raise RuntimeError(f"{car} cannot begin its shift: {reply}")  # noqa: TRY004 - no type is wrong
                return

    async def run(self) -> None:
        """Hand over for ever: what is due in each fiftieth of a second."""
        began, count = time.perf_counter(), len(self._cars)
        while True:
            due = int((time.perf_counter() - began) * self._per_s)
            now = float(self._clock.city())
            self._hosts.fixes([self._row(number % count, now) for number in range(self.sent, due)])
            self.sent = max(self.sent, due)
            await asyncio.sleep(_SLICE_S)

    def _row(self, number: int, now: float) -> FixRow:
        fix = self._cars[number].next(now)
        return FixRow(self._names[number], 0, fix.n, fix.at, fix.lat, fix.lng, fix.speed, fix.heading)


async def _through_hosts(data_dir: Path, per_s: float, cars: Sequence[GridCar]) -> None:
    system = ClusterConfig.read(data_dir)
    join_cluster(system)
    try:
        load = HostsLoad(HostClient(system, "bench-fleet", connect_by_ray()), system, cars, per_s)
        await load.on_shift()
        await obey(load)
    finally:
        leave_cluster()


async def _through_sockets(port: int, per_s: float, cars: Sequence[GridCar], tokens: Sequence[str]) -> None:
    slots = asyncio.Semaphore(_AT_ONCE)
    phones = await asyncio.gather(
        *(begin("127.0.0.1", port, car, token, slots) for car, token in zip(cars, tokens, strict=True))
    )
    await obey(Load(phones, cars, per_s))


async def _main(per_s: float, box: Box, through: str, where: str, who: str) -> None:
    if through == "hosts":
        await _through_hosts(Path(where), per_s, [GridCar(number, box) for number in range(int(who))])
    else:
        tokens = (await asyncio.to_thread(Path(who).read_text, encoding="ascii")).split()
        await _through_sockets(int(where), per_s, [GridCar(number, box) for number in range(len(tokens))], tokens)


if __name__ == "__main__":
    _, rate, *corners, way, place, last = sys.argv
    area = Box(*(float(corner) for corner in corners))
    uvloop.run(_main(float(rate), area, way, place, last))
