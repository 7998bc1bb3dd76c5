"""Named zones."""

from __future__ import annotations

import pytest

from dispatch.geo.geofence import Geofence
from dispatch.values.units import LatLng


def test_a_zone_holds_what_is_near_enough() -> None:
    """A disc of 1 km holds a point 900 m away and not one 1,100 m away."""
    zone = Geofence("X", LatLng(0.0, 0.0), 1_000.0, "An airport")
    assert zone.contains(LatLng(0.0081, 0.0))
    assert not zone.contains(LatLng(0.0099, 0.0))
    with pytest.raises(ValueError, match="radius"):
        Geofence("X", LatLng(0.0, 0.0), 0.0)
