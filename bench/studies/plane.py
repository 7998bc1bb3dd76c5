"""A flat city in metres, with streets in two directions and one speed: travel times are exact.

Latitude stands for metres north and longitude for metres east.
"""

import numpy as np

from dispatch.matching.candidates import Nearby, PickupPoints
from dispatch.matching.growable_arrays import grown
from dispatch.matching.types import Floats, Ints
from dispatch.values.units import CityTime


class PlaneCandidates:
    """Cars on the plane under the Manhattan metric; compares every place with every car.

    ``limit_m``: cars farther away are never listed; the matcher would reject these pairs.
    """

    def __init__(self, *, mps: float, limit_m: float) -> None:
        self._mps = mps
        self._limit_m = limit_m
        self._y, self._x = np.zeros(0), np.zeros(0)
        self._listed = np.zeros(0, dtype=np.bool_)

    def put(self, car: int, lat: float, lng: float) -> None:
        if car >= self._y.size:
            self._y, self._x = grown(self._y, car + 1), grown(self._x, car + 1)
            self._listed = grown(self._listed, car + 1)
        self._y[car], self._x[car], self._listed[car] = lat, lng, True

    def move(self, cars: Ints, lat: Floats, lng: Floats) -> None:
        self._y[cars], self._x[cars] = lat, lng

    def remove(self, car: int) -> None:
        if car < self._listed.size:
            self._listed[car] = False

    def nearest(self, places: PickupPoints, k: int) -> Nearby:  # noqa: ARG002 - all within the limit are listed
        cars = np.flatnonzero(self._listed)
        meters = np.abs(self._y[cars] - places.lat[:, None]) + np.abs(self._x[cars] - places.lng[:, None])
        row, column = np.nonzero(meters <= self._limit_m)
        near = meters[row, column]
        order = np.lexsort((near, row))
        reach_s = np.full(len(places), np.nextafter(self._limit_m, np.inf) / self._mps)
        return Nearby(row[order], cars[column[order]], near[order], reach_s)

    def pickup_s(self, places: PickupPoints, row: Ints, car: Ints, at: CityTime) -> Floats:  # noqa: ARG002 - one speed
        meters = np.abs(self._y[car] - places.lat[row]) + np.abs(self._x[car] - places.lng[row])
        return meters / self._mps
