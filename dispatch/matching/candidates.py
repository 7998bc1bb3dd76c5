"""Nearby free vehicles and their travel times: a port, and its implementation for a city.

Rule 1. A list of nearby vehicles is sorted by distance, and ``reach_s`` is a true lower bound: no vehicle outside
        the list is nearer in seconds. The proof that an assignment is optimal depends on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dispatch.geo.index.vehicle_index import VehicleIndex
from dispatch.geo.travel_time import Anchors, TravelTime
from dispatch.matching.growable_arrays import grown
from dispatch.matching.types import Floats, Ints
from dispatch.values.units import CityTime


@dataclass(frozen=True, slots=True)
class PickupPoints:
    """Pick-up points, one per row, in degrees (or in the unit of the implementation)."""

    lat: Floats
    lng: Floats

    def __len__(self) -> int:
        return len(self.lat)

    def take(self, rows: Ints) -> PickupPoints:
        return PickupPoints(self.lat[rows], self.lng[rows])


@dataclass(frozen=True, slots=True)
class Nearby:
    """Vehicles near each point: flat lists sorted by ``row``, then by ``meters``. ``reach_s`` has one value per row."""

    row: Ints
    car: Ints
    meters: Floats
    reach_s: Floats


class Candidates(Protocol):
    """Free vehicles by handle, and how far away they are."""

    def put(self, car: int, lat: float, lng: float) -> None: ...

    def move(self, cars: Ints, lat: Floats, lng: Floats) -> None:
        """Move vehicles that were added before; a call may move thousands."""

    def remove(self, car: int) -> None: ...

    def nearest(self, places: PickupPoints, k: int) -> Nearby:
        """At least the ``k`` nearest vehicles of each point, or all of them."""

    def pickup_s(self, places: PickupPoints, row: Ints, car: Ints, at: CityTime) -> Floats:
        """Seconds from each vehicle to the point of its row."""


class CityCandidates:
    """Nearest vehicles from an index of H3 cells, seconds from a travel-time port.

    ``top_mps``: an upper bound of the straight-line progress of any drive, in metres per second. It converts the
    index's metres into ``reach_s``. If it is too small, assignments lose their proof of optimality, not their service.
    """

    def __init__(self, index: VehicleIndex, travel_time: TravelTime, *, top_mps: float = 25.0) -> None:
        self._index = index
        self._travel_time = travel_time
        self._top_mps = top_mps
        self._node = np.zeros(0, dtype=np.int64)
        self._access_s = np.zeros(0)
        self._anchored = np.zeros(0, dtype=np.bool_)
        self._listed = np.zeros(0, dtype=np.bool_)

    def put(self, car: int, lat: float, lng: float) -> None:
        if car >= self._listed.size:
            self._grow(car + 1)
        self._anchored[car] = False
        self._listed[car] = True
        self._index.put(car, lat, lng)

    def move(self, cars: Ints, lat: Floats, lng: Floats) -> None:
        """Move vehicles. Each is anchored to the road again when its travel time is next needed."""
        self._anchored[cars] = False
        self._index.move(cars, lat, lng)

    def remove(self, car: int) -> None:
        if car < self._listed.size and self._listed[car]:
            self._listed[car] = False
            self._index.remove(car)

    def nearest(self, places: PickupPoints, k: int) -> Nearby:
        handles, meters = self._index.nearest(places.lat, places.lng, k)
        listed = handles >= 0
        row, place = np.nonzero(listed)
        full = listed[:, -1] if handles.shape[1] else np.zeros(len(places), dtype=np.bool_)
        last = meters[:, -1] if handles.shape[1] else np.zeros(len(places))
        reach_s = np.where(full, last / self._top_mps, np.inf)
        return Nearby(row.astype(np.int64), handles[row, place].astype(np.int64), meters[row, place], reach_s)

    def pickup_s(self, places: PickupPoints, row: Ints, car: Ints, at: CityTime) -> Floats:
        self._anchor(np.unique(car))
        origins = Anchors(self._node, self._access_s, self._index.lat, self._index.lng)
        destinations = self._travel_time.anchor(places.lat, places.lng)
        return self._travel_time.pairs(origins, destinations, car, row, at)

    def _anchor(self, cars: Ints) -> None:
        loose = cars[~self._anchored[cars]]
        if not loose.size:
            return
        anchors = self._travel_time.anchor(self._index.lat[loose], self._index.lng[loose])
        self._node[loose], self._access_s[loose] = anchors.node, anchors.access_s
        self._anchored[loose] = True

    def _grow(self, size: int) -> None:
        self._node, self._access_s = grown(self._node, size), grown(self._access_s, size)
        self._anchored, self._listed = grown(self._anchored, size), grown(self._listed, size)
