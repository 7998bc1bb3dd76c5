"""Units of measure. Seconds and metres are floats; points are degrees on WGS 84."""

from typing import NamedTuple, NewType

CityTime = NewType("CityTime", float)
"""Unix seconds on the city's clock, used by the domain. At speed 1 it equals wall time."""
WallTime = NewType("WallTime", float)
"""Unix seconds on the machine's clock, used for sockets, deadlines and Alipay."""
Seconds = NewType("Seconds", float)
Meters = NewType("Meters", float)


class LatLng(NamedTuple):
    """A point in degrees, latitude first, WGS 84."""

    lat: float
    lng: float
