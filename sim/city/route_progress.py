"""The position of a moving vehicle at a city time. Speed is constant along the route."""

from __future__ import annotations

from itertools import pairwise
from math import atan2, cos, degrees, hypot, radians
from typing import Final, NamedTuple

from dispatch.geo.distance import EARTH_RADIUS_M
from dispatch.geo.travel_time import Route
from dispatch.values.units import CityTime, LatLng

_METERS_A_DEGREE: Final = radians(1.0) * EARTH_RADIUS_M
BENCH_MPS: Final = 12.0
"""Speed limit of drives with a fixed duration."""


class RoutePosition(NamedTuple):
    """Degrees, m/s, and degrees from north, clockwise."""

    lat: float
    lng: float
    speed: float = 0.0
    heading: float = 0.0


class _Leg(NamedTuple):
    begins_m: float
    meters: float
    start: LatLng
    end: LatLng
    heading: float


class Drive:
    """A drive along a route's points from ``began`` to ``ends_at``. Calls of :meth:`at` need non-decreasing times."""

    __slots__ = ("_at_leg", "_legs", "_mps", "began", "end", "ends_at")

    def __init__(self, points: tuple[LatLng, ...], seconds: float, began: CityTime) -> None:
        self.began = began
        self.ends_at = CityTime(began + seconds)
        self.end = points[-1]
        self._legs = _legs(points)
        self._at_leg = 0
        length = self._legs[-1].begins_m + self._legs[-1].meters if self._legs else 0.0
        self._mps = length / seconds if seconds > 0 else 0.0

    @classmethod
    def along(cls, route: Route, began: CityTime) -> Drive:
        return cls(route.points, route.seconds, began)

    @classmethod
    def for_seconds(cls, start: LatLng, towards: LatLng, seconds: float, began: CityTime) -> Drive:
        """In a straight line for a fixed time, no further than :data:`BENCH_MPS` permits."""
        meters = _meters(start, towards)
        share = min(1.0, BENCH_MPS * seconds / meters) if meters > 0 else 0.0
        stop = LatLng(start.lat + share * (towards.lat - start.lat), start.lng + share * (towards.lng - start.lng))
        return cls((start, stop), seconds, began)

    def at(self, now: float) -> RoutePosition:
        """Clamped to the start before ``began`` and to the end after ``ends_at``."""
        if now >= self.ends_at or not self._legs:
            return RoutePosition(*self.end)
        driven = max(0.0, now - self.began) * self._mps
        legs = self._legs
        while self._at_leg + 1 < len(legs) and legs[self._at_leg + 1].begins_m <= driven:
            self._at_leg += 1
        begins_m, meters, start, end, heading = legs[self._at_leg]
        share = min(1.0, (driven - begins_m) / meters)
        lat = start.lat + share * (end.lat - start.lat)
        return RoutePosition(lat, start.lng + share * (end.lng - start.lng), self._mps, heading)


def _legs(points: tuple[LatLng, ...]) -> list[_Leg]:
    legs = []
    begins_m = 0.0
    for start, end in pairwise(points):
        meters = _meters(start, end)
        if meters > 0:
            legs.append(_Leg(begins_m, meters, start, end, _heading(start, end)))
            begins_m += meters
    return legs


def _east(start: LatLng, end: LatLng) -> float:
    return (end.lng - start.lng) * cos(radians((start.lat + end.lat) / 2))


def _meters(start: LatLng, end: LatLng) -> float:
    """Planar distance: accurate for the short legs of a route."""
    return hypot(end.lat - start.lat, _east(start, end)) * _METERS_A_DEGREE


def _heading(start: LatLng, end: LatLng) -> float:
    return degrees(atan2(_east(start, end), end.lat - start.lat)) % 360.0
