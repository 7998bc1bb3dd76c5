"""Named discs on the map, such as an airport with a fee."""

import msgspec

from dispatch.geo.distance import haversine_m
from dispatch.values.units import LatLng


class Geofence(msgspec.Struct, frozen=True):
    """A disc: ``name`` for rules, ``radius_m`` in metres, ``title`` for people."""

    name: str
    center: LatLng
    radius_m: float
    title: str = ""

    def __post_init__(self) -> None:
        if not self.radius_m > 0:
            raise ValueError(f"zone {self.name}: the radius must be above zero")

    def contains(self, point: LatLng) -> bool:
        return haversine_m(self.center, point) <= self.radius_m
