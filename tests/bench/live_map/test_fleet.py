"""Cars that drive on a grid."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bench.live_map.fleet import SPEED_MPS, GridCar
from bench.live_map.system import DOWNTOWN
from dispatch.geo.distance import haversine_m
from dispatch.values.units import LatLng


def test_a_car_drives_at_its_speed_and_stays_in_the_box() -> None:
    """A second between two fixes is eight metres, or none where the car turns back at the border."""
    car = GridCar(1, DOWNTOWN)
    fixes = [car.fix(1000.0 + second) for second in range(2000)]
    moves = [haversine_m(LatLng(a.lat, a.lng), LatLng(b.lat, b.lng)) for a, b in pairwise(fixes)]
    assert max(moves) == pytest.approx(SPEED_MPS, rel=0.01)
    assert sum(move > 1.0 for move in moves) > 0.95 * len(moves)
    assert all(DOWNTOWN.south <= fix.lat <= DOWNTOWN.north for fix in fixes)
    assert all(DOWNTOWN.west <= fix.lng <= DOWNTOWN.east for fix in fixes)
    assert {fix.heading for fix in fixes} == {0.0, 90.0, 180.0, 270.0}
