"""Named places with a border, such as an airport where a fee is due."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.geo.distance import haversine_m
from dispatch.values.units import LatLng


@dataclass(frozen=True, slots=True)
class Zone:
    """A disc on the map: ``name`` for rules, ``title`` for people, ``radius_m`` in metres."""

    name: str
    title: str
    center: LatLng
    radius_m: float

    def __post_init__(self) -> None:
        if not self.radius_m > 0:
            raise ValueError(f"zone {self.name}: the radius must be above zero")

    def holds(self, point: LatLng) -> bool:
        """Whether the point lies in the zone or on its border."""
        return haversine_m(self.center, point) <= self.radius_m
