"""Exact assignment of 20,000 cars to 2,000 requests, sparse and proven, against scipy's dense solver.

Method: cars uniform in an 11 x 11 km box of San Francisco; requests uniform, then in five clusters of 300 m, then
``--spot`` (200) at one spot. Costs are straight-line seconds in whole milliseconds, at most 3,600 s. Ours, from
positions: the H3 index lists the 32 nearest cars, eligibility and costs are computed, scipy's sparse solver assigns,
and dual prices prove the optimum or widen the lists. Theirs: ``scipy.optimize.linear_sum_assignment`` on the full
matrix of the same costs. Times are CPU time, medians of ``--repeat`` (5) runs.

``ratio`` (uniform), ``ratio_clustered`` and ``ratio_spot`` compare solving alone: dense solver / sparse solver with its
proof, summed over all rounds. ``ratio*_whole`` compare from positions: (matrix + dense solver) / (lists + costs +
solver + proof). ``equal_cost``: all three optima have the same cost, to the millisecond.
"""

from dataclasses import dataclass
from statistics import median
from time import process_time
from typing import Annotated, NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment
from typer import Option

from bench.harness.figures import Figures
from bench.harness.plan import BenchPlan, Cars, Requests, Seed
from bench.matching.matcher import random_places
from dispatch.domain.match_pool import AvailableVehicle, OpenRequest
from dispatch.geo.distance import haversine_many
from dispatch.geo.index.vehicle_index import VehicleIndex
from dispatch.geo.straight_line import StraightLine
from dispatch.matching.candidates import CityCandidates
from dispatch.matching.category_codes import CapabilityBits, CategoryCodes
from dispatch.matching.cost import cost_ms
from dispatch.matching.exact_assignment import Assignment, exact
from dispatch.matching.free_vehicles import FreeVehicles
from dispatch.matching.open_requests import OpenRequests
from dispatch.matching.types import Floats, Ints, MatcherSettings, Pairs
from dispatch.matching.window import WindowResult, WindowSearch
from dispatch.values.ids import TripId, VehicleId
from dispatch.values.place import Place
from dispatch.values.units import CityTime

KMH, DETOUR = 25.0, 1.3
NOW = CityTime(0.0)


class TimedAssignment:
    """The exact assignment, timed."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, pairs: Pairs) -> Assignment:
        since = process_time()
        answer = exact(pairs)
        self.seconds += process_time() - since
        return answer


class AssignmentScene(NamedTuple):
    """Latitudes and longitudes of cars and requests, in degrees."""

    cars: tuple[Floats, Floats]
    requests: tuple[Floats, Floats]


@dataclass(frozen=True, kw_only=True)
class AssignPlan(BenchPlan):
    """The options."""

    cars: Cars = 20_000
    requests: Requests = 2_000
    spot: Annotated[int, Option(min=1, help="Requests at one spot in the third scene.")] = 200
    repeat: Annotated[int, Option(min=1, help="Runs of each solver.")] = 5
    seed: Seed = 1


def run(plan: AssignPlan) -> Figures:
    rng = np.random.default_rng(plan.seed)
    fleet = random_places(rng, plan.cars)
    scenes = {
        "": AssignmentScene(fleet, random_places(rng, plan.requests)),
        "_clustered": AssignmentScene(fleet, _clustered(rng, plan.requests)),
        "_spot": AssignmentScene(fleet, (np.full(plan.spot, 37.7786), np.full(plan.spot, -122.3893))),
    }
    result: Figures = {"cars": plan.cars, "requests": plan.requests, "spot_requests": plan.spot}
    equal = True
    for name, scene in scenes.items():
        figures, same = _compare(scene, plan.repeat)
        equal = equal and same
        result.update({key.replace("*", name): value for key, value in figures.items()})
    return {**result, "equal_cost": equal}


def _compare(scene: AssignmentScene, repeat: int) -> tuple[Figures, bool]:
    ours = MatcherInternals(scene)
    found = [ours.solve() for _ in range(repeat)]
    theirs = [_dense(scene) for _ in range(max(1, repeat // 2))]
    whole_ms, solver_ms = (1000 * median(times) for times in zip(*(run[1:] for run in found), strict=True))
    matrix_ms, dense_ms = (1000 * median(times) for times in zip(*(run[1:] for run in theirs), strict=True))
    last = found[-1][0]
    cost = int(last.cost.sum())
    same = cost == theirs[-1][0] and int((last.chosen >= 0).sum()) == len(scene.requests[0]) and last.proven
    return {
        "ratio*": round(dense_ms / solver_ms, 2),
        "ratio*_whole": round((matrix_ms + dense_ms) / whole_ms, 2),
        "ours*_ms": round(solver_ms, 1),
        "ours*_whole_ms": round(whole_ms, 1),
        "dense*_ms": round(dense_ms, 1),
        "dense*_matrix_ms": round(matrix_ms, 1),
        "rounds*": last.rounds,
        "widest*": last.widest,
        "cost*_s": cost / 1000,
        "equal_cost*": same,
    }, same


class MatcherInternals:
    """The matcher's own parts, filled once."""

    def __init__(self, scene: AssignmentScene) -> None:
        classes, capabilities = CategoryCodes(), CapabilityBits()
        self._fleet = FreeVehicles(classes, capabilities)
        self._book = OpenRequests(classes, capabilities)
        index = VehicleIndex()
        self._candidates = CityCandidates(index, StraightLine(kmh=KMH, detour=DETOUR), top_mps=KMH / 3.6 / DETOUR)
        for number, (lat, lng) in enumerate(zip(*(axis.tolist() for axis in scene.cars), strict=True)):
            car = AvailableVehicle(VehicleId(f"V{number:05}"))
            self._candidates.put(self._fleet.announce(car, NOW), lat, lng)
        for number, place in enumerate(zip(*(axis.tolist() for axis in scene.requests), strict=True)):
            request = OpenRequest(
                trip=TripId(f"T{number:05}"), pickup=Place(*place), requested_at=NOW, max_pickup_s=3600.0
            )
            self._book.open(request, owned=True)

    def solve(self) -> tuple[WindowResult, float, float]:
        """The assignment, seconds from positions to proof, and seconds of solver and proof alone."""
        timed = TimedAssignment()
        since = process_time()
        search = WindowSearch(
            waiting=self._book.waiting(),
            fleet=self._fleet,
            candidates=self._candidates,
            excluded=np.zeros(0, dtype=np.int64),
            settings=MatcherSettings(),
            now=NOW,
        )
        found = search.run(timed)
        return found, process_time() - since, timed.seconds


def _dense(scene: AssignmentScene) -> tuple[int, float, float]:
    """The optimum in milliseconds of cost, seconds for the matrix, seconds for the solver."""
    since = process_time()
    matrix = np.vstack([_row(scene, lat, lng) for lat, lng in zip(*scene.requests, strict=True)]).astype(np.float64)
    built = process_time()
    row, column = linear_sum_assignment(matrix)
    return int(matrix[row, column].sum()), built - since, process_time() - built


def _row(scene: AssignmentScene, lat: float, lng: float) -> Ints:
    count = len(scene.cars[0])
    meters = haversine_many(scene.cars[0], scene.cars[1], np.full(count, lat), np.full(count, lng))
    return cost_ms(meters * (DETOUR * 3.6 / KMH), np.zeros(1))


def _clustered(rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    centers = random_places(rng, 5)
    which = rng.integers(0, 5, count)
    spread = 300.0 / 111_195.0
    return (centers[0][which] + rng.normal(0, spread, count), centers[1][which] + rng.normal(0, spread / 0.79, count))
