"""The matcher alone under load: requests and cars at rising rates through its real interface, without sockets.

Method: ``--cars`` cars (5,000) drive in San Francisco, a fix a second each, passed on in batches; requests come at a
steady rate of a manual city clock, one window every 2 s. A proposed car takes its trip at once and is announced free
at another place two windows later: rides are short so that the matcher, not the fleet, is the limit. Each of
``--rates`` is played for ``--windows`` (60) windows as fast as the processor runs. Travel time is the straight line,
behind the same port as the road graph.

``requests_per_s``: the highest rate tried at which all calls between one window and the next (fixes, announcements,
requests, outcomes) and the window itself take less than the window's 2 s at the 99th percentile, and 99 % of the
requests are served; ``window_p50_ms`` and ``window_p99_ms`` (the call ``window`` alone) and ``all_calls_p99_ms`` are
those at that rate. ``rate_N_*`` are the same for each rate tried.
"""

import heapq
from dataclasses import dataclass
from time import perf_counter
from typing import Annotated

import numpy as np
from typer import Option

from bench.harness.figures import Figures, percentile_ms, prefixed
from bench.harness.plan import BenchPlan, Cars, Seed
from dispatch.domain.match_pool import AvailableVehicle, OpenRequest
from dispatch.geo.arrays import FloatArray
from dispatch.geo.index.vehicle_index import VehicleIndex
from dispatch.geo.straight_line import StraightLine
from dispatch.matching.candidates import CityCandidates
from dispatch.matching.matcher import RegionMatcher
from dispatch.matching.types import Window
from dispatch.values.ids import TripId, VehicleId
from dispatch.values.place import Place
from dispatch.values.units import CityTime

SOUTH, NORTH, WEST, EAST = 37.708, 37.808, -122.51, -122.385
"""The part of San Francisco in which cars and requests are placed."""
WINDOW_S = 2.0
RIDE_S = 3.0
PATIENCE_S = 300.0
STEP_DEGREES = 1e-4


class MatcherLoad:
    """One rate: a fleet that moves, requests that arrive, and the durations of the matcher's calls."""

    def __init__(self, cars: int, rate: float, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._rate = rate
        self._matcher = RegionMatcher(CityCandidates(VehicleIndex(), StraightLine()))
        self._lat, self._lng = random_places(self._rng, cars)
        self._ids = [VehicleId(f"V{number:05}") for number in range(cars)]
        self._number = {vehicle_id: number for number, vehicle_id in enumerate(self._ids)}
        self._rides: list[tuple[float, int]] = []
        self._open: dict[TripId, float] = {}
        self._made = 0
        self.served = 0
        self.window_s: list[float] = []
        self.all_s: list[float] = []
        for number in range(cars):
            self._free(number, 0.0)

    def play(self, windows: int) -> None:
        """Play so many windows; the first tenth is the warm-up and is not counted."""
        for number in range(1, windows + 1):
            now = number * WINDOW_S
            since = perf_counter()
            self._between(now)
            began = perf_counter()
            window = self._matcher.window(CityTime(now))
            ended = perf_counter()
            self._settle(window, now)
            if number > windows // 10:
                self.window_s.append(ended - began)
                self.all_s.append(perf_counter() - since)

    @property
    def share(self) -> float:
        return self.served / max(1, self._made)

    @property
    def kept_up(self) -> bool:
        return float(np.quantile(self.all_s, 0.99)) < WINDOW_S and self.share > 0.99

    def _between(self, now: float) -> None:
        while self._rides and self._rides[0][0] <= now:
            self._free(heapq.heappop(self._rides)[1], now)
        cars = np.arange(len(self._ids))
        for at in (now - 1.0, now):
            self._lat += self._rng.uniform(-STEP_DEGREES, STEP_DEGREES, cars.size)
            self._lng += self._rng.uniform(-STEP_DEGREES, STEP_DEGREES, cars.size)
            self._matcher.cars_moved(cars, self._lat, self._lng, np.full(cars.size, at))
        while self._open and next(iter(self._open.values())) <= now - PATIENCE_S:
            trip_id = next(iter(self._open))
            del self._open[trip_id]
            self._matcher.request_closed(trip_id)
        for _ in range(int(self._rng.poisson(self._rate * WINDOW_S))):
            self._request(now)

    def _request(self, now: float) -> None:
        trip_id = TripId(f"T{self._made:07}")
        self._made += 1
        self._open[trip_id] = now
        (lat,), (lng,) = random_places(self._rng, 1)
        self._matcher.request_open(OpenRequest(trip=trip_id, pickup=Place(float(lat), float(lng)), requested_at=now))

    def _settle(self, window: Window, now: float) -> None:
        for proposal in window.proposals:
            self._matcher.proposal_taken(proposal.trip_id, proposal.vehicle_id)
            del self._open[proposal.trip_id]
            heapq.heappush(self._rides, (now + RIDE_S, self._number[proposal.vehicle_id]))
        self.served += len(window.proposals)

    def _free(self, number: int, at: float) -> None:
        (self._lat[number],), (self._lng[number],) = random_places(self._rng, 1)
        self._matcher.car_free(
            AvailableVehicle(self._ids[number]), float(self._lat[number]), float(self._lng[number]), CityTime(at)
        )


def random_places(rng: np.random.Generator, count: int) -> tuple[FloatArray, FloatArray]:
    return rng.uniform(SOUTH, NORTH, count), rng.uniform(WEST, EAST, count)


@dataclass(frozen=True, kw_only=True)
class MatcherPlan(BenchPlan):
    """The options."""

    cars: Cars = 5_000
    windows: Annotated[int, Option(min=1, help="Matching windows at each rate.")] = 60
    rates: Annotated[str, Option(help="Requests per city second, separated by commas.")] = "20,50,100,200,400,600,800"
    seed: Seed = 1


def run(plan: MatcherPlan) -> Figures:
    result: Figures = {"cars": plan.cars, "windows": plan.windows, "window_s": WINDOW_S}
    best: Figures = {"requests_per_s": 0.0}
    for rate in map(float, plan.rates.split(",")):
        load = MatcherLoad(plan.cars, rate, plan.seed)
        load.play(plan.windows)
        figures: Figures = {
            "window_p50_ms": percentile_ms(load.window_s, 0.5),
            "window_p99_ms": percentile_ms(load.window_s, 0.99),
            "all_calls_p99_ms": percentile_ms(load.all_s, 0.99),
            "served_percent": round(100 * load.share, 1),
        }
        result |= prefixed(f"rate_{rate:g}_", figures)
        if not load.kept_up:
            break
        best = {"requests_per_s": rate, **figures}
    return {**result, **best}
