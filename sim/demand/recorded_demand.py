"""Recorded trips from a Parquet file with the columns of the EPFL cabspotting extract, as arrays and as requests.

Columns: ``pickup_ts`` (Unix seconds) and ``pu_lat_e5``, ``pu_lon_e5``, ``do_lat_e5``, ``do_lon_e5``
(degrees times 100,000). The user supplies the file; none is shipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dispatch.geo.arrays import FloatArray
from dispatch.values.units import CityTime, LatLng
from sim.demand.ride_request import RideRequest

_PLACES: Final = ("pu_lat_e5", "pu_lon_e5", "do_lat_e5", "do_lon_e5")
_E5: Final = 1e5
_NEAR_S: Final = 3600.0


class TripsFileError(ValueError):
    """The file cannot be read, lacks a column, or has no trips at the requested time."""


@dataclass(frozen=True, slots=True, eq=False)
class Trips:
    """Trips in the order of their pick-ups; parallel arrays: Unix seconds and degrees."""

    pickup_at: FloatArray
    pickup_lat: FloatArray
    pickup_lng: FloatArray
    dropoff_lat: FloatArray
    dropoff_lng: FloatArray

    def __len__(self) -> int:
        return len(self.pickup_at)

    def request(self, index: int) -> RideRequest:
        pickup = LatLng(float(self.pickup_lat[index]), float(self.pickup_lng[index]))
        dropoff = LatLng(float(self.dropoff_lat[index]), float(self.dropoff_lng[index]))
        return RideRequest(CityTime(float(self.pickup_at[index])), pickup, dropoff)


def read_trips(path: Path) -> Trips:
    """All trips of a file, sorted by pick-up; equal times keep the file's order. Raises :class:`TripsFileError`."""
    try:
        table = pq.read_table(path, columns=["pickup_ts", *_PLACES])
        at = table["pickup_ts"].to_numpy().astype(np.float64)
        order = np.argsort(at, kind="stable")
        places = [table[name].to_numpy().astype(np.float64)[order] / _E5 for name in _PLACES]
    except (OSError, KeyError, pa.ArrowException) as error:
        raise TripsFileError(f"{path}: {error}") from error
    return Trips(at[order], *places)


class RecordedDemand:
    """Replays the trips of a file in their order, from the first at or after ``since`` (Unix seconds)."""

    def __init__(self, trips: Trips, *, since: CityTime, rng: Random) -> None:
        self._trips = trips
        self._since = since
        self._rng = rng
        self._first = int(np.searchsorted(trips.pickup_at, since))
        if self._first == len(trips):
            raise TripsFileError("the file has no trips from that time on")

    def requests(self, start: CityTime) -> Iterator[RideRequest]:
        """The recorded trips, shifted in time so that ``since`` becomes ``start``."""
        shift = start - self._since
        for index in range(self._first, len(self._trips)):
            request = self._trips.request(index)
            yield request._replace(at=CityTime(request.at + shift))

    def places(self, at: CityTime, many: int) -> list[LatLng]:  # noqa: ARG002 - a recording has its own time
        last = int(np.searchsorted(self._trips.pickup_at, self._since + _NEAR_S))
        within = range(self._first, max(last, self._first + 1))
        return [self._trips.request(self._rng.choice(within)).pickup for _ in range(many)]
