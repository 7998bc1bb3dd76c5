"""Units of measure. Seconds and metres are floats; a point is degrees on WGS 84."""

from __future__ import annotations

from typing import NamedTuple, NewType

CityTime = NewType("CityTime", float)
"""Unix seconds on the city's clock, which rules the domain. At speed 1 it is wall time."""
WallTime = NewType("WallTime", float)
"""Unix seconds on the machine's clock, which rules sockets, deadlines and Alipay."""
Seconds = NewType("Seconds", float)
Meters = NewType("Meters", float)


class LatLng(NamedTuple):
    """A point in degrees, latitude first, WGS 84."""

    lat: float
    lng: float
