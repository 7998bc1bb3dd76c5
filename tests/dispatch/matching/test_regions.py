"""A city split over matchers serves as one matcher would, and nobody is doubled."""

from __future__ import annotations

from collections import Counter
from typing import cast

import msgspec
import numpy as np

from bench.studies.recorded_demand import CityReplay, ReplaySetup
from dispatch.domain.match_pool import AvailableVehicle, OpenRequest
from dispatch.geo.cells import Box, Cell, cell_of, covering
from dispatch.geo.index.vehicle_index import VehicleIndex
from dispatch.matching.candidates import CityCandidates
from dispatch.matching.matcher import RegionMatcher
from dispatch.matching.regions import Regions, split_evenly
from dispatch.matching.types import MatcherSettings, Window
from dispatch.values.ids import TripId, VehicleId
from dispatch.values.place import Place
from dispatch.values.units import CityTime, LatLng
from sim.demand.recorded_demand import Trips
from tests.dispatch.matching.builders import LAT, LNG, MPS, NOW, TRAVEL, PositionedVehicle, car, matcher, request
from tests.dispatch.matching.split_matcher import SplitMatcher

RESOLUTION = 8
HALF = 0.03


def standing_matcher() -> RegionMatcher:
    """A matcher for cars that stand still without a fix."""
    settings = MatcherSettings(stale_after_s=float("inf"))
    return RegionMatcher(CityCandidates(VehicleIndex(), TRAVEL, top_mps=MPS), settings)


def town(count: int, seconds: float, seed: int) -> Trips:
    """An evening's demand: a centre, and the rest spread evenly."""
    rng = np.random.default_rng(seed)
    places = np.where(
        rng.random((4, count)) < 0.5, rng.normal(0, 0.006, (4, count)), rng.uniform(-HALF, HALF, (4, count))
    )
    return Trips(
        np.sort(rng.uniform(0, seconds, count)), LAT + places[0], LNG + places[1], LAT + places[2], LNG + places[3]
    )


def regions_of(demand: Trips, count: int, band: int) -> Regions:
    """Stripes of equal demand."""
    cells = covering(Box(LAT - HALF, LNG - HALF, LAT + HALF, LNG + HALF), RESOLUTION)
    weight: Counter[Cell] = Counter(
        cell_of(LatLng(lat, lng), RESOLUTION)
        for lat, lng in zip(demand.pickup_lat.tolist(), demand.pickup_lng.tolist(), strict=True)
    )
    return Regions(split_evenly(cells, [weight[cell] for cell in cells], count), resolution=RESOLUTION, band=band)


class Watched(SplitMatcher):
    """A split matcher whose proposals are kept."""

    seen: list[Window]

    def window(self, now: CityTime) -> Window:
        """Remember what was proposed."""
        answer = super().window(now)
        self.seen.append(answer)
        return answer


def test_split_windows_cost_as_one() -> None:
    """Over a hundred recorded windows three regions serve as many as one matcher, at a total cost within 1 %."""
    demand = town(3000, 10.0, seed=11)
    regions = regions_of(demand, 3, band=4)
    served, cost = np.zeros(2), np.zeros(2)
    for scene in range(100):
        pair: tuple[RegionMatcher | SplitMatcher, ...] = (standing_matcher(), SplitMatcher(regions, standing_matcher))
        for which, city in enumerate(pair):
            _fill(city, demand, scene)
            window = city.window(NOW)
            cars = {proposal.vehicle_id for proposal in window.proposals}
            assert len(cars) == len(window.proposals)
            served[which] += len(cars)
            cost[which] += sum(proposal.pickup_s for proposal in window.proposals)
    assert abs(served[1] / served[0] - 1) <= 0.005
    assert abs(cost[1] / cost[0] - 1) <= 0.01


def _fill(city: RegionMatcher | SplitMatcher, demand: Trips, scene: int) -> None:
    """A dozen requests of the demand, and forty or eight free cars at other places of it."""
    rng = np.random.default_rng(scene)
    riders, cars = rng.choice(len(demand), 12, replace=False), 8 if scene % 2 else 40
    for place in rng.choice(len(demand), cars, replace=False).tolist():
        spot = float(demand.dropoff_lat[place]), float(demand.dropoff_lng[place])
        city.car_free(*PositionedVehicle(AvailableVehicle(VehicleId(f"V{place:04}")), spot[0], spot[1], NOW))
    for place in riders.tolist():
        spot = float(demand.pickup_lat[place]), float(demand.pickup_lng[place])
        city.request_open(msgspec.structs.replace(request(f"T{place:04}"), pickup=Place(*spot)))


def test_split_serves_as_one() -> None:
    """Hours of replay with three regions serve within half a point of one matcher, and double nobody."""
    demand = town(1200, 4500.0, seed=6)
    setup = ReplaySetup(cars=150, seed=6)
    one = CityReplay(demand, TRAVEL, setup, matcher=standing_matcher()).run()
    split = Watched(regions_of(demand, 3, band=2), standing_matcher)
    split.seen = []
    three = CityReplay(demand, TRAVEL, setup, matcher=cast("RegionMatcher", split)).run()
    assert 0.5 < one.share < 1.0
    assert abs(three.share - one.share) <= 0.005
    for window in split.seen:
        cars = [proposal.vehicle_id for proposal in window.proposals]
        trips = [proposal.trip_id for proposal in window.proposals]
        assert len(set(cars)) == len(cars)
        assert len(set(trips)) == len(trips)


def test_stripes_share_the_weight() -> None:
    """Each stripe has about its share of the demand, and every cell an owner."""
    demand = town(3000, 10.0, seed=1)
    regions = regions_of(demand, 3, band=1)
    owners = Counter(
        regions.owner(LatLng(lat, lng))
        for lat, lng in zip(demand.pickup_lat.tolist(), demand.pickup_lng.tolist(), strict=True)
    )
    assert regions.count == 3
    assert min(owners.values()) > 500


def test_outside_belongs_to_the_nearest() -> None:
    """A point beyond all cells has the owner of the nearest cell, and is seen by it."""
    regions = regions_of(town(300, 10.0, seed=1), 2, band=1)
    assert regions.owner(LatLng(LAT, LNG + 1.0)) == 1
    assert regions.owner(LatLng(LAT, LNG - 1.0)) == 0
    assert regions.seen_by(LatLng(LAT, LNG - 1.0)) == (0,)


def two_halves() -> SplitMatcher:
    """West and east, split at the corner; both see what is near it."""
    west, east = (cell_of(LatLng(LAT, LNG + sign * 0.02), RESOLUTION) for sign in (-1, 1))
    return SplitMatcher(Regions({west: 0, east: 1}, resolution=RESOLUTION, band=2), matcher)


def test_vehicle_decides_and_the_loser_gets_another() -> None:
    """Two regions want the car at the border: the first gets it, the other takes the next car in the same window."""
    split = two_halves()
    split.car_free(*car("V1"))
    split.car_free(*car("V2", 300.0))
    west, east = request("W"), request("E")
    for trip, sign in ((west, -1), (east, 1)):
        split.request_open(_moved(trip, LNG + sign * 0.004))
    window = split.window(NOW)
    assert sorted(proposal.trip_id for proposal in window.proposals) == ["E", "W"]
    assert sorted(proposal.vehicle_id for proposal in window.proposals) == ["V1", "V2"]


def test_refused_car_is_free_for_the_other_region() -> None:
    """After a refusal the car is proposed to the other region's request, not to the same trip."""
    split = two_halves()
    split.car_free(*car("V1"))
    split.request_open(_moved(request("W"), LNG - 0.004))
    assert [proposal.vehicle_id for proposal in split.window(NOW).proposals] == ["V1"]
    split.request_open(_moved(request("E"), LNG + 0.004))
    assert not split.window(NOW).proposals
    split.proposal_failed(TripId("W"), VehicleId("V1"), "declined")
    assert split.wants_window_now
    assert [proposal.trip_id for proposal in split.window(NOW).proposals] == ["E"]
    split.proposal_taken(TripId("E"), VehicleId("V1"))
    assert split.waiting_count == 1
    split.request_closed(TripId("W"))
    assert split.waiting_count == 0


def test_car_that_drives_over_is_announced_there() -> None:
    """A car deep in the west is unknown to the east until it comes near."""
    split = two_halves()
    far = car("V1")
    handle = split.car_free(*_driven(far, LNG - 0.05))
    split.request_open(_moved(request("E"), LNG + 0.02))
    assert not split.window(NOW).proposals
    moved = split.cars_moved(np.array([handle]), np.array([LAT]), np.array([LNG + 0.015]), np.array([NOW + 1.0]))
    assert moved == 1
    assert [proposal.trip_id for proposal in split.window(NOW).proposals] == ["E"]
    split.car_gone(VehicleId("V1"), "break")
    assert split.cars_moved(np.array([handle]), np.array([LAT]), np.array([LNG]), np.array([NOW + 2.0])) == 0


def _moved(trip: OpenRequest, lng: float) -> OpenRequest:
    return msgspec.structs.replace(trip, pickup=Place(trip.pickup.lat, lng))


def _driven(free: PositionedVehicle, lng: float) -> PositionedVehicle:
    return free._replace(lng=lng)
