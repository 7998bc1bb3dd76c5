"""The drivers and passengers of ``bench offer``, in a process of their own: ``python -m bench.offer_world SETUP``.

``SETUP`` is a file with an encoded :class:`Setup`. Everybody connects, then requests come; after the warm-up those of
the measured span count, and the bench waits a little for the last of them to be offered. Prints one JSON object.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from math import inf
from pathlib import Path

import msgspec
import uvloop

from dispatch.clock import CityClock
from dispatch.geo.city import load_city
from dispatch.ids import CommandId, TripId
from sim.world.config import CarAccount, DemandOptions, WorldConfig
from sim.world.demand import demand_file
from sim.world.habits import Habits
from sim.world.run import run_world
from sim.world.samples import Samples
from sim.world.server_clock import ServerClock
from sim.world.tally import Tally

CONNECTS_PER_S = 30.0
"""Drivers, and passengers, that connect in a second: more than a busy gateway greets would only come again."""
PATIENCE_S = 240.0


class Setup(msgspec.Struct, frozen=True):
    """What is played. Seconds are both wall and city: the speed is 1."""

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
    """What the apps were told. ``offer_ms`` of each request of the span that was offered; ``began`` is city time."""

    requests: int
    offer_ms: list[float]
    never_offered: int
    pickup_s: float | None
    began: float
    ended: float
    gps_per_s: float
    completed: int
    double_assignments: int
    errors: dict[int, int]
    violations: dict[str, int]


class SpanTally(Tally):
    """A tally that times the requests of one span alone."""

    def __init__(self, clock: ServerClock) -> None:
        super().__init__(clock)
        self.first_request = asyncio.Event()
        self.measuring = False
        self.asked = 0

    def begin(self) -> None:
        """The span begins: what was measured so far warmed up."""
        self._asked_at.clear()
        self._open_asks.clear()
        self.request_to_offer = Samples()
        self.pickup = Samples()
        self.measuring = True

    def request_sent(self, command: CommandId) -> None:
        """Timed in the span alone."""
        super().request_sent(command)
        self.first_request.set()
        self.asked += self.measuring
        if not self.measuring:
            del self._asked_at[command]

    def trip_told(self, trip: TripId, state: str) -> None:
        """A request that ends without an offer stays among those never offered."""
        asked = self._open_asks.get(trip)
        super().trip_told(trip, state)
        if asked is not None:
            self._open_asks[trip] = asked

    @property
    def never_offered(self) -> int:
        """Requests of the span of which no driver has heard, refused ones included."""
        return self.asked - len(self.request_to_offer)


def world(setup: Setup) -> WorldConfig:
    """The world that is asked for."""
    city = load_city(setup.city)
    return WorldConfig(
        ws_url=setup.url.replace("http", "ws", 1) + "/v1/ws",
        http_url=setup.url,
        sandbox_url=None,
        fleet=tuple(CarAccount(vehicle, token=token) for vehicle, token in setup.tokens.items()),
        sms_file=Path(setup.sms_file),
        roads=city.travel_time(Path(setup.cache_dir)),
        time_zone=city.time_zone,
        demand=DemandOptions(aggregates=demand_file(setup.city), per_hour=3600 * setup.requests_per_s),
        run="offer",
        seed=setup.seed,
        habits=Habits.for_bench(think_s=setup.think_s, ride_s=setup.ride_s, pickup_s=setup.pickup_s),
        connects_per_s=CONNECTS_PER_S,
        patience_s=PATIENCE_S,
        ready_share=1.0,
        passenger_tokens=tuple(setup.passenger_tokens),
        warm_passengers=len(setup.passenger_tokens),
    )


async def play(setup: Setup) -> Told:
    """Everybody connects, warm-up, span, and a little time for the last offers."""
    tally = SpanTally(ServerClock(CityClock()))
    stop = asyncio.Event()
    playing = asyncio.ensure_future(run_world(world(setup), tally, stop))
    measuring = asyncio.ensure_future(_measure(setup, tally))
    await asyncio.wait([playing, measuring], return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    measuring.cancel()
    await playing
    with contextlib.suppress(asyncio.CancelledError):
        return await measuring
    raise RuntimeError("the world ended by itself")


async def _measure(setup: Setup, tally: SpanTally) -> Told:
    await tally.first_request.wait()
    await asyncio.sleep(setup.warm_up_s)
    tally.begin()
    began = tally.clock.city()
    await asyncio.sleep(setup.seconds)
    tally.measuring = False
    ended, gps_per_s = tally.clock.city(), tally.gps_per_s()
    await asyncio.sleep(setup.settle_s)
    return Told(
        requests=tally.asked,
        offer_ms=tally.request_to_offer.values(),
        never_offered=tally.never_offered,
        pickup_s=tally.pickup.mean(),
        began=began,
        ended=ended,
        gps_per_s=gps_per_s,
        completed=int(tally.numbers()["completed"] or 0),
        double_assignments=len(tally.doubles),
        errors=dict(tally.errors),
        violations=dict(tally.violations),
    )


def percentile_ms(told: Told, share: float) -> float:
    """Milliseconds from request to offer; one never offered counts as infinite."""
    samples = Samples()
    for value in told.offer_ms:
        samples.add(value)
    found = samples.percentile(share, never=told.never_offered)
    return inf if found is None else round(found, 1)


if __name__ == "__main__":
    played = uvloop.run(play(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Setup)))
    sys.stdout.write(msgspec.json.encode(played).decode() + "\n")
