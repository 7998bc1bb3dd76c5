"""The replay on the virtual clock: every request has one end, the same input one outcome, and exact beats greedy."""

from __future__ import annotations

import numpy as np

from bench.studies.recorded_demand import CityReplay, ReplaySetup, trips_on_map
from dispatch.geo.road_travel_time import RoadGraph
from dispatch.geo.straight_line import StraightLine
from dispatch.matching.greedy_assignment import oldest_first
from sim.demand.recorded_demand import Trips
from tests.dispatch.geo.grids import grid

LAT, LNG = 37.77, -122.42
TRAVEL = StraightLine(kmh=25.0)


def demand(count: int, seconds: float, seed: int = 3) -> Trips:
    """Requests spread evenly over a few kilometres."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(-0.03, 0.03, (4, count))
    return Trips(
        np.sort(rng.uniform(0.0, seconds, count)) + 1e9,
        LAT + places[0],
        LNG + places[1],
        LAT + places[2],
        LNG + places[3],
    )


def test_same_input_same_outcome() -> None:
    """Two replays of one demand and seed agree in every figure."""
    first, second = (CityReplay(demand(300, 3000.0), TRAVEL, ReplaySetup(cars=40)).run() for _ in range(2))
    assert first == second
    assert first.requests == 300
    assert 0 < first.served <= 300


def test_plenty_of_cars_serve_all() -> None:
    """With a car at every corner everybody is served, and waits little more than the drive."""
    outcome = CityReplay(demand(200, 3600.0), TRAVEL, ReplaySetup(cars=400)).run()
    assert outcome.share == 1.0
    assert outcome.wait_s - outcome.pickup_s < 2.0


def test_no_car_no_ride() -> None:
    """Without cars everybody gives up, and the replay ends."""
    outcome = CityReplay(demand(20, 100.0), TRAVEL, ReplaySetup(cars=0)).run()
    assert (outcome.requests, outcome.served) == (20, 0)


def test_no_demand() -> None:
    """A replay of nothing is over at once."""
    assert CityReplay(demand(0, 1.0), TRAVEL, ReplaySetup(cars=3)).run().requests == 0


def test_limits_hold() -> None:
    """Nobody served waited longer for a car than the patience, nor got a car from beyond the limit."""
    setup = ReplaySetup(cars=15, patience_s=120.0, max_pickup_s=240.0)
    outcome = CityReplay(demand(400, 3000.0), TRAVEL, setup).run()
    assert outcome.served < outcome.requests
    assert outcome.wait_p90_s <= 360.0
    assert outcome.pickup_s <= 240.0


def test_exact_serves_more_when_cars_are_scarce() -> None:
    """Where cars are scarce the exact assignment serves more rides than oldest first."""
    setup = ReplaySetup(cars=30)
    scarce = demand(600, 5400.0)
    ours = CityReplay(scarce, TRAVEL, setup).run()
    theirs = CityReplay(scarce, TRAVEL, setup, assign=oldest_first).run()
    assert ours.served > 1.1 * theirs.served
    assert ours.wait_s < theirs.wait_s


def test_requests_on_the_map_are_kept() -> None:
    """Those that begin or end far from the road network are left out."""
    near, far = (37.7021, -122.3979), (37.9, -122.3979)
    places = [(near, near), (near, far), (far, near), (near, near)]
    (pickup_lat, pickup_lng), (dropoff_lat, dropoff_lng) = (
        (np.array([each[end][0] for each in places]), np.array([each[end][1] for each in places])) for end in (0, 1)
    )
    times = np.array([10.0, 20.0, 30.0, 40.0])
    trips = Trips(times, pickup_lat, pickup_lng, dropoff_lat, dropoff_lng)
    kept = trips_on_map(trips, RoadGraph(grid(np.random.default_rng(1))))
    assert kept.pickup_at.tolist() == [10.0, 40.0]
    assert kept.dropoff_lat.tolist() == [near[0]] * 2


def test_without_a_road_network_nothing_is_on_the_map() -> None:
    """A straight line has no nodes."""
    assert len(trips_on_map(demand(5, 10.0), TRAVEL)) == 0
