"""Worker process of the cars of ``bench map``.

Each car is on shift and drives at 8 m/s along a grid inside the box: straight on, sometimes round a corner, back at the
border. Cars send their fixes over sockets of their own, or pass them to the vehicle hosts as a gateway does.
"""

from math import cos, radians
from pathlib import Path
from typing import Final

from bench.harness.concurrency import map_concurrently
from bench.harness.fix_sender import FixSender, PhoneLocation
from bench.harness.whole_system import send_until_answered
from bench.harness.worker_process import Answer, run_worker
from dispatch.actors.core.protocol import Done
from dispatch.actors.ray.discovery import connect_by_ray, join_cluster
from dispatch.actors.runtime.cluster_config import ClusterConfig
from dispatch.actors.runtime.host_client import HostClient
from dispatch.api.fields import Fix
from dispatch.domain.commands import StartShift, VehicleProfile
from dispatch.domain.entity import EntityKey, Principal
from dispatch.domain.vehicle.position_tracker import FixRow
from dispatch.geo.cells import Box

SPEED_MPS: Final = 8.0
_M_PER_DEGREE: Final = 111_195.0
_TURN_EVERY_S: Final = 15
"""Mean time between two turns of a car."""
_CONCURRENT_SHIFTS: Final = 200
"""Shifts started at the same time: their commits are batched."""


class GridCar(PhoneLocation):
    """A car on its grid. The heading is one of 0, 90, 180, 270 degrees."""

    def __init__(self, number: int, box: Box) -> None:
        super().__init__(number)
        self._box = box
        self.lat, self.lng = self._random.uniform(box.south, box.north), self._random.uniform(box.west, box.east)
        self._heading = 90.0 * self._random.randrange(4)
        self._m_per_degree_lng = _M_PER_DEGREE * cos(radians(box.south))
        self._at = 0.0

    def fix(self, at: float) -> Fix:
        driven_m = SPEED_MPS * min(at - self._at, 2.0)
        self._at = at
        if self._random.randrange(_TURN_EVERY_S) == 0:
            self._heading = (self._heading + self._random.choice((90.0, 270.0))) % 360
        self._drive(driven_m)
        self._n += 1
        return Fix(self._n, at, self.lat, self.lng, SPEED_MPS, self._heading)

    def _drive(self, meters: float) -> None:
        north = {0.0: 1, 180.0: -1}.get(self._heading, 0)
        east = {90.0: 1, 270.0: -1}.get(self._heading, 0)
        lat, lng = self.lat + north * meters / _M_PER_DEGREE, self.lng + east * meters / self._m_per_degree_lng
        box = self._box
        if box.south <= lat <= box.north and box.west <= lng <= box.east:
            self.lat, self.lng = lat, lng
        else:
            self._heading = (self._heading + 180) % 360


class MapCars(FixSender):
    """All cars of the map."""

    _hosts: HostClient | None = None

    async def open_sockets(self, port: int, tokens: list[str], box: list[float]) -> Answer:
        return await self.open_at(port, tokens, [GridCar(number, Box(*box)) for number in range(len(tokens))])

    async def open_hosts(self, data_dir: str, cars: int, box: list[float]) -> Answer:
        system = ClusterConfig.read(Path(data_dir))
        join_cluster(system)
        self._hosts, self._clock = HostClient(system, "bench-fleet", connect_by_ray()), system.clock()
        self._locations = [GridCar(number, Box(*box)) for number in range(cars)]
        await map_concurrently(_CONCURRENT_SHIFTS, self._start_shift, range(cars))
        return {}

    async def _start_shift(self, number: int) -> None:
        car, driver = f"V{number}", f"D{number}"
        assert self._hosts is not None  # noqa: S101 - connected
        shift = StartShift(VehicleProfile(car, driver, "bench"))
        principal = Principal("driver", driver, vehicle=car)
        reply = await send_until_answered(self._hosts, EntityKey("vehicle", car), shift, principal)
        if not isinstance(reply, Done):
            raise RuntimeError(f"{car} cannot start its shift: {reply}")  # noqa: TRY004 - no type is wrong

    def send_fixes(self, numbers: range, now: float) -> None:
        if self._hosts is None:
            super().send_fixes(numbers, now)
        elif numbers:
            city = float(self._clock.city())
            self._hosts.fixes([self._row(number % len(self._locations), city) for number in numbers])

    def _row(self, number: int, at: float) -> FixRow:
        fix = self._locations[number].fix(at)
        return FixRow(f"V{number}", 0, fix.n, fix.at, fix.lat, fix.lng, fix.speed, fix.heading)


if __name__ == "__main__":
    run_worker(MapCars)
