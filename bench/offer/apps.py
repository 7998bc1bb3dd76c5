"""Worker process of a share of the drivers' and passengers' apps of ``bench offer``."""

import asyncio
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.harness.worker_process import Answer, run_worker
from bench.offer.kerbside import SharedKerbside
from dispatch.clock import CityClock
from dispatch.geo.city import load_city
from dispatch.geo.travel_time import TravelTime
from dispatch.values.ids import CommandId, TripId
from sim.city.behaviour import Behaviour
from sim.city.config import CarAccount, DemandOptions, WorldConfig
from sim.city.run import run_world
from sim.demand.sampled_demand import demand_file
from sim.metrics.assignment_log import DriverAssignment
from sim.metrics.run_metrics import RunMetrics
from sim.time.server_clock import ServerClock

CONNECTS_PER_S: Final = 30.0
"""Sign-ins a second of drivers and of passengers, over all processes: as many as a busy gateway answers."""
PATIENCE_S: Final = 240.0
PASSENGER_NUMBERS: Final = 1_000_000
"""Size of the range of passenger numbers that each process owns."""


class AppsSetup(msgspec.Struct, frozen=True, kw_only=True):
    """Options of one of ``parts`` processes. Seconds are both wall and city seconds: the speed is 1."""

    part: int
    parts: int
    url: str
    city: str
    cache_dir: str
    sms_file: str
    tokens: dict[str, str]
    """By vehicle."""
    passenger_tokens: list[str]
    requests_per_s: float
    think_s: float
    pickup_s: float | None
    ride_s: float
    seed: int


class AppsReport(msgspec.Struct, frozen=True, kw_only=True):
    """The observations of one process's apps. ``requested`` and ``offered`` are wall times, the others city times."""

    requests: int
    requested: dict[TripId, float]
    """Time of the accepted requests of the measured span."""
    offered: dict[TripId, float]
    """Time of each trip's first offer to a driver of this process, in the span or not."""
    assignments: list[DriverAssignment]
    began: float
    ended: float
    gps_per_s: float
    completed: int
    errors: dict[int, int]
    violations: dict[str, int]


class SpanTally(RunMetrics):
    """A tally that also records the requests of the measured span."""

    def __init__(self, clock: ServerClock) -> None:
        super().__init__(clock)
        self.first_request = asyncio.Event()
        self.measuring = False
        self.requests = 0
        self.requested: dict[TripId, float] = {}
        self._sent_in_span: dict[CommandId, float] = {}

    @property
    def offered(self) -> dict[TripId, float]:
        return dict(self._offered_at)

    def request_sent(self, command: CommandId) -> None:
        super().request_sent(command)
        self.first_request.set()
        if self.measuring:
            self.requests += 1
            self._sent_in_span[command] = self.clock.wall()

    def request_acknowledged(self, command: CommandId, trip: TripId, state: str) -> None:
        super().request_acknowledged(command, trip, state)
        sent = self._sent_in_span.pop(command, None)
        if sent is not None:
            self.requested[trip] = sent


def world_config(setup: AppsSetup, roads: TravelTime) -> WorldConfig:
    city = load_city(setup.city)
    return WorldConfig(
        ws_url=setup.url.replace("http", "ws", 1) + "/v1/ws",
        http_url=setup.url,
        sandbox_url=None,
        fleet=tuple(CarAccount(vehicle, token=token) for vehicle, token in setup.tokens.items()),
        sms_file=Path(setup.sms_file),
        roads=roads,
        time_zone=city.time_zone,
        demand=DemandOptions(aggregates=demand_file(setup.city), per_hour=3600 * setup.requests_per_s),
        run=f"offer{setup.part}",
        seed=setup.seed,
        behaviour=Behaviour.for_bench(think_s=setup.think_s, ride_s=setup.ride_s, pickup_s=setup.pickup_s),
        connects_per_s=CONNECTS_PER_S / setup.parts,
        patience_s=PATIENCE_S,
        ready_share=1.0,
        passenger_tokens=tuple(setup.passenger_tokens),
        first_passenger=setup.part * PASSENGER_NUMBERS,
        warm_passengers=len(setup.passenger_tokens),
    )


class OfferApps:
    """The apps of this process."""

    def __init__(self) -> None:
        self._tally = SpanTally(ServerClock(CityClock()))
        self._kerbside = SharedKerbside()
        self._began = self._ended = self._gps_per_s = 0.0

    async def open(self, setup: dict[str, Any]) -> Answer:
        self._setup = msgspec.convert(setup, AppsSetup)
        self._roads = load_city(self._setup.city).travel_time(Path(self._setup.cache_dir))
        return {"port": await self._kerbside.open()}

    async def start(self, ports: list[int]) -> Answer:
        """Connect all apps, and return when passengers request rides. ``ports``: the other processes' kerbsides."""
        self._kerbside.share_with(ports)
        config = world_config(self._setup, self._roads)
        self._playing = asyncio.ensure_future(run_world(config, self._tally, asyncio.Event(), self._kerbside))
        first_request = asyncio.ensure_future(self._tally.first_request.wait())
        await asyncio.wait([self._playing, first_request], return_when=asyncio.FIRST_COMPLETED)
        self._check_playing()
        return {}

    async def measure(self, seconds: float) -> Answer:
        self._tally.measuring, self._began = True, self._tally.clock.city()
        await asyncio.sleep(seconds)
        self._tally.measuring, self._ended = False, self._tally.clock.city()
        self._gps_per_s = self._tally.gps_per_s()
        return {}

    async def report(self) -> AppsReport:
        self._check_playing()
        tally = self._tally
        return AppsReport(
            requests=tally.requests,
            requested=tally.requested,
            offered=tally.offered,
            assignments=tally.assignments,
            began=self._began,
            ended=self._ended,
            gps_per_s=self._gps_per_s,
            completed=int(tally.numbers()["completed"] or 0),
            errors=dict(tally.errors),
            violations=dict(tally.violations),
        )

    def _check_playing(self) -> None:
        if self._playing.done():
            self._playing.result()
            raise RuntimeError("the simulated world ended by itself")


if __name__ == "__main__":
    run_worker(OfferApps)
