"""Travel time: a port. ``straight_line`` and ``road_travel_time`` implement it.

Points are anchored once, thousands at a time, and then evaluated in pairs, so that no point is anchored twice.
"""

from dataclasses import dataclass
from typing import Protocol

from dispatch.geo.arrays import FloatArray, IntArray
from dispatch.values.units import CityTime, LatLng

__all__ = ["Anchors", "FloatArray", "IntArray", "Route", "TravelTime"]


@dataclass(frozen=True, slots=True, eq=False)
class Anchors:
    """Points anchored to the road network, as parallel arrays.

    ``node``: the nearest graph node, -1 if the point is off the map (always without a map).
    ``access_s``: seconds between the point and its node by straight line x detour; 0 without a node.
    ``lat``, ``lng``: degrees.
    """

    node: IntArray
    access_s: FloatArray
    lat: FloatArray
    lng: FloatArray

    def __len__(self) -> int:
        return len(self.node)


@dataclass(frozen=True, slots=True)
class Route:
    """A route: seconds, metres, and the points from the origin (first) to the destination (last).

    ``by_road``: the figures follow streets, not a straight line.
    """

    seconds: float
    meters: float
    points: tuple[LatLng, ...]
    by_road: bool = False


class TravelTime(Protocol):
    """Driving time between points at a city time. Never raises for a valid point."""

    def anchor(self, lat: FloatArray, lng: FloatArray) -> Anchors: ...

    def pairs(
        self,
        origins: Anchors,
        destinations: Anchors,
        origin_index: IntArray,
        destination_index: IntArray,
        at: CityTime,
    ) -> FloatArray:
        """Seconds from ``origins[origin_index[i]]`` to ``destinations[destination_index[i]]``, for each i."""

    def route(self, origin: LatLng, destination: LatLng, at: CityTime) -> Route: ...
