"""Travel time without a map."""

from __future__ import annotations

import numpy as np
import pytest

from dispatch.geo.distance import haversine_m
from dispatch.geo.straight_line import StraightLine
from dispatch.geo.travel_time import TravelTime
from dispatch.values.units import CityTime, LatLng

A, B = LatLng(37.70, -122.40), LatLng(37.80, -122.50)
NOON = CityTime(43_200.0)


def test_seconds_are_the_line_made_longer_at_one_speed() -> None:
    """36 km/h is 10 m/s: a straight metre takes detour / 10 seconds, in pairs and as a route."""
    way: TravelTime = StraightLine(kmh=36, detour=1.5)
    places = way.anchor(np.array([A.lat, B.lat]), np.array([A.lng, B.lng]))
    assert len(places) == 2
    straight = haversine_m(A, B)
    seconds = way.pairs(places, places, np.array([0, 1, 0]), np.array([1, 0, 0]), NOON)
    assert seconds.tolist() == pytest.approx([straight * 0.15, straight * 0.15, 0.0])
    route = way.route(A, B, NOON)
    assert route.seconds == pytest.approx(straight * 0.15)
    assert route.meters == pytest.approx(straight * 1.5)
    assert route.points == (A, B)


@pytest.mark.parametrize(("kmh", "detour"), [(0, 1.3), (-1, 1.3), (25, 0.9)])
def test_impossible_figures_are_refused(kmh: float, detour: float) -> None:
    """No speed, or a way shorter than the straight line, is a ValueError."""
    with pytest.raises(ValueError, match="kmh must be above zero"):
        StraightLine(kmh=kmh, detour=detour)
