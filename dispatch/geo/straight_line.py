"""Travel time without a map: straight-line distance times a detour factor, at one speed."""

import numpy as np

from dispatch.geo.arrays import FloatArray, IntArray
from dispatch.geo.distance import haversine_m, haversine_many
from dispatch.geo.travel_time import Anchors, Route
from dispatch.values.units import CityTime, LatLng


class StraightLine:
    """Straight line x ``detour`` at ``kmh``, independent of the hour."""

    def __init__(self, *, kmh: float = 25.0, detour: float = 1.3) -> None:
        if kmh <= 0 or detour < 1:
            raise ValueError("kmh must be above zero and detour at least 1")
        self._seconds_a_meter = detour * 3.6 / kmh
        self._detour = detour

    def anchor(self, lat: FloatArray, lng: FloatArray) -> Anchors:
        n = len(lat)
        return Anchors(np.full(n, -1, np.int64), np.zeros(n), np.asarray(lat, float), np.asarray(lng, float))

    def pairs(
        self,
        origins: Anchors,
        destinations: Anchors,
        origin_index: IntArray,
        destination_index: IntArray,
        at: CityTime,  # noqa: ARG002 - the same at every hour
    ) -> FloatArray:
        return self._seconds_a_meter * haversine_many(
            origins.lat[origin_index],
            origins.lng[origin_index],
            destinations.lat[destination_index],
            destinations.lng[destination_index],
        )

    def route(self, origin: LatLng, destination: LatLng, at: CityTime) -> Route:  # noqa: ARG002
        """The straight line; its metres include the detour."""
        straight = haversine_m(origin, destination)
        return Route(straight * self._seconds_a_meter, straight * self._detour, (origin, destination))
