"""A flat city with uniform demand and cruising cars, matched by the real matcher on a virtual clock.

The set-up of Wei, Feng, Ke, Yang, "Calibration and validation of matching functions for ride-sourcing markets",
*Communications in Transportation Research* 2 (2022) 100058: a square under the Manhattan metric, steps of 2 s;
in each step match, expire, new orders, move. A free car drives straight, draws one of four directions after each 60
free seconds, and stops at the edge.
"""

from collections import deque

import msgspec
import numpy as np

from bench.studies.plane import PlaneCandidates
from dispatch.domain.match_pool import AvailableVehicle, OpenRequest
from dispatch.matching.exact_assignment import Assigner, exact
from dispatch.matching.matcher import RegionMatcher
from dispatch.matching.types import Ints, MatcherSettings, Proposal
from dispatch.values.ids import TripId, VehicleId
from dispatch.values.place import Place
from dispatch.values.units import CityTime, LatLng

_NORTH = np.array([0.0, 0.0, 1.0, -1.0])
_EAST = np.array([1.0, -1.0, 0.0, 0.0])


class PlaneSetup(msgspec.Struct, frozen=True, kw_only=True):
    """Metres, seconds, metres a second; ``orders`` is the mean number of orders in a step."""

    orders: float
    cars: int
    seed: int
    side_m: float = 10_000.0
    mps: float = 11.11
    step_s: float = 2.0
    duration_s: float = 21_600.0
    patience_s: float = 300.0
    reach_m: float = 1_000.0
    straight_s: float = 60.0


class PlaneOutcome(msgspec.Struct, frozen=True):
    """Means over the matched orders; ``requests`` counts the orders that were matched or gave up."""

    requests: int
    matched: int
    matching_s: float
    pickup_s: float
    trip_s: float
    vacant: float

    @property
    def served(self) -> float:
        return self.matched / max(1, self.requests)

    @property
    def total_wait_s(self) -> float:
        """Mean time from the order to the car's arrival."""
        return self.matching_s + self.pickup_s


class PlaneCity:
    """One run: cars in arrays, orders through the matcher's own interface."""

    def __init__(self, setup: PlaneSetup, assign: Assigner = exact) -> None:
        self._setup = setup
        self._rng = np.random.default_rng(setup.seed)
        settings = MatcherSettings(ageing=0.0, unserved_s=(setup.reach_m + 1) / setup.mps)
        self._matcher = RegionMatcher(PlaneCandidates(mps=setup.mps, limit_m=setup.reach_m), settings, assign)
        cars = setup.cars
        self._y, self._x = self._rng.uniform(0, setup.side_m, cars), self._rng.uniform(0, setup.side_m, cars)
        self._heading = self._rng.integers(0, 4, cars)
        self._idle_s = np.zeros(cars)
        self._busy = np.zeros(cars, dtype=np.bool_)
        self._remaining_s = np.zeros(cars)
        self._goal = np.zeros((cars, 2))
        self._ids = [VehicleId(f"V{number:05}") for number in range(cars)]
        self._number = {vehicle_id: number for number, vehicle_id in enumerate(self._ids)}
        self._orders: dict[TripId, tuple[float, LatLng, float]] = {}
        self._queue: deque[tuple[float, TripId]] = deque()
        self._made = 0
        self._gave_up = 0
        self._waits: list[tuple[float, float, float]] = []

    def run(self) -> PlaneOutcome:
        """Play the whole duration. The same setup gives the same outcome."""
        self._announce(np.arange(self._setup.cars), 0.0)
        steps = int(self._setup.duration_s // self._setup.step_s)
        vacant = 0
        for step in range(steps):
            self._step(step * self._setup.step_s)
            vacant += int(self._setup.cars - np.count_nonzero(self._busy))
        waits = np.array(self._waits).reshape(-1, 3)
        matching_s, pickup_s, trip_s = (waits.mean(axis=0) if len(waits) else np.zeros(3)).tolist()
        return PlaneOutcome(
            requests=len(waits) + self._gave_up,
            matched=len(waits),
            matching_s=matching_s,
            pickup_s=pickup_s,
            trip_s=trip_s,
            vacant=vacant / max(1, steps),
        )

    def _step(self, now: float) -> None:
        if self._matcher.waiting_count:
            for proposal in self._matcher.window(CityTime(now)).proposals:
                self._take(proposal, now)
        self._expire(now)
        self._new_orders(now)
        self._move(now + self._setup.step_s)

    def _take(self, proposal: Proposal, now: float) -> None:
        self._matcher.proposal_taken(proposal.trip_id, proposal.vehicle_id)
        ordered_at, goal, trip_s = self._orders.pop(proposal.trip_id)
        car = self._number[proposal.vehicle_id]
        self._busy[car] = True
        self._remaining_s[car] = proposal.pickup_s + trip_s
        self._goal[car] = goal
        self._idle_s[car] = 0.0
        self._waits.append((now - ordered_at, proposal.pickup_s, trip_s))

    def _expire(self, now: float) -> None:
        """Close orders that waited longer than the patience; at exactly the patience an order gets one more match."""
        while self._queue and now - self._queue[0][0] > self._setup.patience_s:
            _, trip_id = self._queue.popleft()
            if self._orders.pop(trip_id, None) is not None:
                self._matcher.request_closed(trip_id)
                self._gave_up += 1

    def _new_orders(self, now: float) -> None:
        for _ in range(int(self._rng.poisson(self._setup.orders))):
            y, x, goal_y, goal_x = self._rng.uniform(0, self._setup.side_m, 4).tolist()
            trip_id = TripId(f"T{self._made:06}")
            self._made += 1
            trip_s = (abs(goal_y - y) + abs(goal_x - x)) / self._setup.mps
            self._orders[trip_id] = now, LatLng(goal_y, goal_x), trip_s
            self._queue.append((now, trip_id))
            self._matcher.request_open(
                OpenRequest(
                    trip=trip_id,
                    pickup=Place(y, x),
                    requested_at=now,
                    max_pickup_s=self._setup.reach_m / self._setup.mps,
                )
            )

    def _move(self, at: float) -> None:
        cruising = np.flatnonzero(~self._busy)
        self._cruise(cruising)
        self._remaining_s -= self._setup.step_s
        arrived = np.flatnonzero(self._busy & (self._remaining_s <= 0))
        self._busy[arrived] = False
        self._y[arrived], self._x[arrived] = self._goal[arrived, 0], self._goal[arrived, 1]
        self._announce(arrived, at)
        fixed_at = np.full(cruising.size, at)
        self._matcher.cars_moved(cruising, self._y[cruising], self._x[cruising], fixed_at)

    def _cruise(self, cars: Ints) -> None:
        stride = self._setup.mps * self._setup.step_s
        side = self._setup.side_m
        heading = self._heading[cars]
        self._y[cars] = np.clip(self._y[cars] + stride * _NORTH[heading], 0, side)
        self._x[cars] = np.clip(self._x[cars] + stride * _EAST[heading], 0, side)
        self._idle_s[cars] += self._setup.step_s
        turning = cars[self._idle_s[cars] >= self._setup.straight_s]
        self._heading[turning] = self._rng.integers(0, 4, turning.size)
        self._idle_s[turning] = 0.0

    def _announce(self, cars: Ints, at: float) -> None:
        """Announce free cars, first in the order of their numbers, so that number and handle agree."""
        for car in cars.tolist():
            self._matcher.car_free(
                AvailableVehicle(self._ids[car]), float(self._y[car]), float(self._x[car]), CityTime(at)
            )
