"""Cars, requests and matchers for tests, near the corner of Market and 5th in San Francisco."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dispatch.domain.match_pool import AvailableVehicle, OpenRequest
from dispatch.geo.index.vehicle_index import VehicleIndex
from dispatch.geo.straight_line import StraightLine
from dispatch.matching.candidates import CityCandidates
from dispatch.matching.exact_assignment import Assigner, exact
from dispatch.matching.matcher import RegionMatcher
from dispatch.matching.types import MatcherSettings
from dispatch.values.ids import TripId, VehicleId
from dispatch.values.place import Place
from dispatch.values.units import CityTime

LAT, LNG = 37.784, -122.407
NOW = CityTime(1000.0)
DEGREE_M = 111_195.0
TRAVEL = StraightLine(kmh=25.0, detour=1.3)
MPS = 25.0 / 3.6 / 1.3


class PositionedVehicle(NamedTuple):
    """A vehicle and its last fix, as ``RegionMatcher.car_free`` takes them."""

    vehicle: AvailableVehicle
    lat: float
    lng: float
    at: CityTime


def matcher(assign: Assigner = exact, *, settings: MatcherSettings | None = None) -> RegionMatcher:
    """A matcher on the H3 index with straight-line times, whose proof holds exactly."""
    return RegionMatcher(CityCandidates(VehicleIndex(), TRAVEL, top_mps=MPS), settings or MatcherSettings(), assign)


def car(
    name: str,
    north_m: float = 0.0,
    *,
    at: float = NOW,
    vehicle_class: str = "standard",
    capabilities: frozenset[str] = frozenset(),
    seats: int = 4,
) -> PositionedVehicle:
    """A car so many metres north of the corner."""
    vehicle = AvailableVehicle(VehicleId(name), vehicle_class, seats, tuple(capabilities))
    return PositionedVehicle(vehicle, LAT + north_m / DEGREE_M, LNG, CityTime(at))


def request(
    name: str,
    north_m: float = 0.0,
    *,
    at: float = NOW,
    max_pickup_s: float = 900.0,
    vehicle_class: str = "standard",
    needs: frozenset[str] = frozenset(),
    seats: int = 1,
    excluded: tuple[str, ...] = (),
) -> OpenRequest:
    """A passenger so many metres north of the corner."""
    return OpenRequest(
        trip=TripId(name),
        pickup=Place(LAT + north_m / DEGREE_M, LNG),
        requested_at=at,
        max_pickup_s=max_pickup_s,
        vehicle_class=vehicle_class,
        needs=tuple(needs),
        seats=seats,
        excluded=tuple(VehicleId(vehicle) for vehicle in excluded),
    )


def scattered(count: int, seed: int, spread_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Points around the corner, degrees."""
    rng = np.random.default_rng(seed)
    return (
        LAT + rng.normal(0.0, spread_m, count) / DEGREE_M,
        LNG + rng.normal(0.0, spread_m, count) / DEGREE_M,
    )
