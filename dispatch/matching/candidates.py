"""Which cars are near, and how long they would take: a port, and its implementation for a city.

Rule 1. A list of nearby cars is sorted by distance, and ``reach_s`` never promises more than is true: no car
        outside the list is nearer in seconds. The proof that an assignment is optimal stands on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dispatch.geo.travel_time import Anchors, TravelTime
from dispatch.matching.growable_arrays import grown
from dispatch.matching.types import Floats, Ints
from dispatch.values.units import CityTime


@dataclass(frozen=True, slots=True)
class Places:
    """Pick-up points, one for each row, in degrees (or in whatever the implementation measures)."""

    lat: Floats
    lng: Floats

    def __len__(self) -> int:
        return len(self.lat)

    def of(self, rows: Ints) -> Places:
        """The points of these rows."""
        return Places(self.lat[rows], self.lng[rows])


@dataclass(frozen=True, slots=True)
class Nearby:
    """Cars near each place: flat lists, by ``row`` and then by ``meters``; ``reach_s`` one for each row."""

    row: Ints
    car: Ints
    meters: Floats
    reach_s: Floats


class Candidates(Protocol):
    """Free cars by handle, and how far they are."""

    def put(self, car: int, lat: float, lng: float) -> None:
        """A car is free here. Replaces what was known of it."""
        ...

    def move(self, cars: Ints, lat: Floats, lng: Floats) -> None:
        """Cars that were put have moved; thousands at once."""
        ...

    def remove(self, car: int) -> None:
        """A car is free no more. A car that was never put is ignored."""
        ...

    def nearest(self, places: Places, k: int) -> Nearby:
        """At least the ``k`` nearest cars of each place, or all there are."""
        ...

    def pickup_s(self, places: Places, row: Ints, car: Ints, at: CityTime) -> Floats:
        """Seconds from each car to the place of its row."""
        ...


class CarIndex(Protocol):
    """The k nearest of many moving points; ``dispatch.geo.index.vehicle_index`` implements it on H3 cells."""

    def put(self, handle: int, lat: float, lng: float, /) -> None:
        """Add a car, or move it."""
        ...

    def move(self, handles: Ints, lat: Floats, lng: Floats, /) -> None:
        """Move cars that are in the index."""
        ...

    def remove(self, handle: int, /) -> None:
        """Take a car out."""
        ...

    def nearest(self, lat: Floats, lng: Floats, k: int, /) -> tuple[npt.NDArray[np.int32], Floats]:
        """Handles ``[n, k]`` by distance, padded with -1, and metres ``[n, k]``, padded with infinity."""
        ...


class CityCandidates:
    """Nearest by the index, seconds by a travel-time port.

    ``top_mps``: no drive covers more metres of straight line a second than this, all of it counted. It turns the
    index's metres into the promise of ``reach_s``; too small a value loses the proof, not the service.
    """

    def __init__(self, index: CarIndex, travel_time: TravelTime, *, top_mps: float = 25.0) -> None:
        self._index = index
        self._travel_time = travel_time
        self._top_mps = top_mps
        self._lat = np.zeros(0)
        self._lng = np.zeros(0)
        self._node = np.zeros(0, dtype=np.int64)
        self._access_s = np.zeros(0)
        self._anchored = np.zeros(0, dtype=np.bool_)
        self._listed = np.zeros(0, dtype=np.bool_)

    def put(self, car: int, lat: float, lng: float) -> None:
        """A car is free here."""
        if car >= self._lat.size:
            self._grow(car + 1)
        self._lat[car], self._lng[car] = lat, lng
        self._anchored[car] = False
        self._listed[car] = True
        self._index.put(car, lat, lng)

    def move(self, cars: Ints, lat: Floats, lng: Floats) -> None:
        """Cars have moved; they are tied to the road again when somebody asks for their seconds."""
        self._lat[cars], self._lng[cars] = lat, lng
        self._anchored[cars] = False
        self._index.move(cars, lat, lng)

    def remove(self, car: int) -> None:
        """A car is free no more."""
        if car < self._listed.size and self._listed[car]:
            self._listed[car] = False
            self._index.remove(car)

    def nearest(self, places: Places, k: int) -> Nearby:
        """The ``k`` nearest by straight line."""
        handles, meters = self._index.nearest(places.lat, places.lng, k)
        listed = handles >= 0
        row, place = np.nonzero(listed)
        full = listed[:, -1] if handles.shape[1] else np.zeros(len(places), dtype=np.bool_)
        last = meters[:, -1] if handles.shape[1] else np.zeros(len(places))
        reach_s = np.where(full, last / self._top_mps, np.inf)
        return Nearby(row.astype(np.int64), handles[row, place].astype(np.int64), meters[row, place], reach_s)

    def pickup_s(self, places: Places, row: Ints, car: Ints, at: CityTime) -> Floats:
        """Seconds by the travel-time port, cars to places."""
        self._anchor(np.unique(car))
        origins = Anchors(self._node, self._access_s, self._lat, self._lng)
        destinations = self._travel_time.anchor(places.lat, places.lng)
        return self._travel_time.pairs(origins, destinations, car, row, at)

    def _anchor(self, cars: Ints) -> None:
        loose = cars[~self._anchored[cars]]
        if not loose.size:
            return
        anchors = self._travel_time.anchor(self._lat[loose], self._lng[loose])
        self._node[loose], self._access_s[loose] = anchors.node, anchors.access_s
        self._anchored[loose] = True

    def _grow(self, size: int) -> None:
        self._lat, self._lng = grown(self._lat, size), grown(self._lng, size)
        self._node, self._access_s = grown(self._node, size), grown(self._access_s, size)
        self._anchored, self._listed = grown(self._anchored, size), grown(self._listed, size)
