"""A share of the drivers and passengers of ``bench offer``: ``python -m bench.offer.apps SETUP``.

``SETUP`` is a file with an encoded :class:`Setup`. Everybody connects, then requests come; when all processes have come
so far, the warm-up begins; the requests of the span after it count, and the last of them get a little time to be
offered. Prints one encoded :class:`Told`.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

import msgspec
import uvloop

from bench.offer.kerbside import SharedStreet
from dispatch.clock import CityClock
from dispatch.geo.city import load_city
from dispatch.geo.travel_time import TravelTime
from dispatch.values.ids import CommandId, TripId
from sim.city.behaviour import Habits
from sim.city.config import CarAccount, DemandOptions, WorldConfig
from sim.city.run import run_world
from sim.demand.sampled_demand import demand_file
from sim.metrics.assignment_log import Assignment
from sim.metrics.run_metrics import Tally
from sim.time.server_clock import ServerClock

CONNECTS_PER_S = 30.0
"""Drivers, and passengers, that connect in a second, over all processes: a busy gateway does not greet more."""
PATIENCE_S = 240.0
MEET_EVERY_S = 0.1
NUMBERS = 1_000_000
"""So many passengers' numbers are each process's own."""


class Setup(msgspec.Struct, frozen=True):
    """What one process plays: ``part`` of ``parts``. Seconds are both wall and city: the speed is 1."""

    part: int
    parts: int
    folder: str
    """Where the parts wait for each other."""
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
    warm_up_s: float
    seconds: float
    settle_s: float
    seed: int


class Told(msgspec.Struct, frozen=True):
    """What one process's apps were told in the span. ``asked`` and ``offered`` are wall times, the rest city times."""

    requests: int
    asked: dict[TripId, float]
    """When the accepted requests of the span were sent."""
    offered: dict[TripId, float]
    """When a driver was first told an offer of the trip, at any time."""
    assignments: list[Assignment]
    began: float
    ended: float
    gps_per_s: float
    completed: int
    errors: dict[int, int]
    violations: dict[str, int]


class SpanTally(Tally):
    """A tally that notes the requests of one span, whoever's driver is offered them."""

    def __init__(self, clock: ServerClock) -> None:
        super().__init__(clock)
        self.first_request = asyncio.Event()
        self.measuring = False
        self.requests = 0
        self.asked: dict[TripId, float] = {}
        self._sent_in_span: dict[CommandId, float] = {}

    @property
    def offered(self) -> dict[TripId, float]:
        """When each trip was first offered to a driver of this process."""
        return dict(self._offered_at)

    def request_sent(self, command: CommandId) -> None:
        """Counted in the span alone."""
        super().request_sent(command)
        self.first_request.set()
        if self.measuring:
            self.requests += 1
            self._sent_in_span[command] = self.clock.wall()

    def request_acknowledged(self, command: CommandId, trip: TripId, state: str) -> None:
        """Now the trip's name is known."""
        super().request_acknowledged(command, trip, state)
        sent = self._sent_in_span.pop(command, None)
        if sent is not None:
            self.asked[trip] = sent


def world(setup: Setup, roads: TravelTime) -> WorldConfig:
    """The world that is asked for."""
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
        habits=Habits.for_bench(think_s=setup.think_s, ride_s=setup.ride_s, pickup_s=setup.pickup_s),
        connects_per_s=CONNECTS_PER_S / setup.parts,
        patience_s=PATIENCE_S,
        ready_share=1.0,
        passenger_tokens=tuple(setup.passenger_tokens),
        first_passenger=setup.part * NUMBERS,
        warm_passengers=len(setup.passenger_tokens),
    )


async def play(setup: Setup) -> Told:
    """Everybody connects, warm-up, span, and a little time for the last offers."""
    tally = SpanTally(ServerClock(CityClock()))
    stop = asyncio.Event()
    roads = load_city(setup.city).travel_time(Path(setup.cache_dir))
    street = SharedStreet()
    await street.open(Path(setup.folder), setup.part)
    await all_parts(setup, "street")
    street.meet(Path(setup.folder), setup.part, setup.parts)
    playing = asyncio.ensure_future(run_world(world(setup, roads), tally, stop, street))
    measuring = asyncio.ensure_future(_measure(setup, tally))
    await asyncio.wait([playing, measuring], return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    measuring.cancel()
    await playing
    street.close()
    with contextlib.suppress(asyncio.CancelledError):
        return await measuring
    raise RuntimeError("the world ended by itself")


async def _measure(setup: Setup, tally: SpanTally) -> Told:
    await tally.first_request.wait()
    await all_parts(setup, "warm")
    await asyncio.sleep(setup.warm_up_s)
    tally.measuring = True
    began = tally.clock.city()
    await asyncio.sleep(setup.seconds)
    tally.measuring = False
    ended, gps_per_s = tally.clock.city(), tally.gps_per_s()
    await asyncio.sleep(setup.settle_s)
    await all_parts(setup, "done")
    return Told(
        requests=tally.requests,
        asked=tally.asked,
        offered=tally.offered,
        assignments=tally.assignments,
        began=began,
        ended=ended,
        gps_per_s=gps_per_s,
        completed=int(tally.numbers()["completed"] or 0),
        errors=dict(tally.errors),
        violations=dict(tally.violations),
    )


async def all_parts(setup: Setup, stage: str) -> None:
    """Wait until every process has come as far."""
    folder = Path(setup.folder)
    (folder / f"{stage}.{setup.part}").touch()
    files = [folder / f"{stage}.{part}" for part in range(setup.parts)]
    while not all(file.exists() for file in files):  # noqa: ASYNC110 - the others are processes
        await asyncio.sleep(MEET_EVERY_S)


if __name__ == "__main__":
    played = uvloop.run(play(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Setup)))
    sys.stdout.write(msgspec.json.encode(played).decode() + "\n")
