"""How long a drive takes: a port. ``straight_line`` and ``road_graph`` implement it.

Places are anchored once, thousands at a time, and then compared in pairs, so that nothing is looked up twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from dispatch.geo.arrays import FloatArray, IntArray
from dispatch.values.units import CityTime, LatLng

__all__ = ["Anchors", "FloatArray", "IntArray", "Route", "TravelTime"]


@dataclass(frozen=True, slots=True, eq=False)
class Anchors:
    """Places tied to the road network; parallel arrays of one length.

    ``node``: the nearest graph node, -1 where the point is off the map (always, where there is no map).
    ``access_s``: seconds between the point and its node by straight line x detour; 0 where there is none.
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
    """A way to drive: seconds, metres, and the points from the origin (first) to the destination (last).

    ``by_road``: the figures are those of streets, not of a straight line.
    """

    seconds: float
    meters: float
    points: tuple[LatLng, ...]
    by_road: bool = False


class TravelTime(Protocol):
    """Seconds of driving between places at a time of the city's day. Never raises for a valid point."""

    def anchor(self, lat: FloatArray, lng: FloatArray) -> Anchors:
        """Tie points in degrees to the network, all at once."""
        ...

    def pairs(
        self,
        origins: Anchors,
        destinations: Anchors,
        origin_index: IntArray,
        destination_index: IntArray,
        at: CityTime,
    ) -> FloatArray:
        """Seconds from ``origins[origin_index[i]]`` to ``destinations[destination_index[i]]``, for each i."""
        ...

    def route(self, origin: LatLng, destination: LatLng, at: CityTime) -> Route:
        """The quickest way between two points, with its polyline."""
        ...
