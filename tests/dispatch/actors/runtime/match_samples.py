"""Vehicles, trips and positions for the tests of feeds and matchers."""

from __future__ import annotations

from dispatch.actors.core.protocol import MatcherPosition
from dispatch.domain.match_pool import AvailableVehicle, OpenRequest
from dispatch.values.ids import TripId, VehicleId
from dispatch.values.place import Place
from tests.dispatch.actors.core.harness import trip_key, vehicle_key
from tests.dispatch.matching.builders import LAT, LNG, NOW

V, T = vehicle_key(), trip_key()
WITHIN_S = 10.0


def free(name: str = "V1", since: float = 0.0) -> AvailableVehicle:
    return AvailableVehicle(VehicleId(name), idle_since=since)


def waiting(name: str = "T1", seq: int = 1, excluded: tuple[str, ...] = ()) -> OpenRequest:
    return OpenRequest(
        trip=TripId(name),
        seq=seq,
        pickup=Place(LAT, LNG),
        requested_at=float(NOW),
        excluded=tuple(VehicleId(each) for each in excluded),
    )


def at(name: str = "V1", north: float = 0.0) -> MatcherPosition:
    return MatcherPosition(name, LAT + north, LNG, float(NOW))
