"""Demand sampled at a city's real rates, from aggregates (see :mod:`sim.demand.build_aggregates`).

Requests are a Poisson process whose rate changes with the hour of the week. The cell of the origin depends on hour and
kind of day, that of the destination on the origin, each with a probability in proportion to its trips. Points are
uniform within their cells, and sampled again if no street is near.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from math import cos, degrees, floor, radians
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
import pyarrow.parquet as pq

from dispatch.geo.cells import Cell, cell_center, cell_of, shapes
from dispatch.geo.travel_time import TravelTime
from dispatch.values.units import CityTime, LatLng
from sim.demand.ride_request import RideRequest
from sim.time.local_time import HOUR_S, LocalTime

SHIPPED: Final = Path(__file__).parent / "data"
_TRIES: Final = 12
_MAX_ACCESS_S: Final = 30.0
"""A point further than this from its street is sampled again: it is in the water or in a park."""


@dataclass(slots=True)
class _Weights:
    cells: list[Cell] = field(default_factory=list)
    trips: list[float] = field(default_factory=list)
    sums: list[float] = field(default_factory=list)

    def draw(self, rng: Random) -> Cell:
        if not self.sums:
            self.sums = list(accumulate(self.trips))
        return rng.choices(self.cells, cum_weights=self.sums)[0]


@dataclass(slots=True)
class Aggregates:
    """A city's demand: trips per hour by hour of the week; cells with their trips by day bucket and by origin."""

    time_zone: str
    resolution: int
    source: str
    rates: dict[int, float] = field(default_factory=dict)
    origins: defaultdict[int, _Weights] = field(default_factory=lambda: defaultdict(_Weights))
    destinations: defaultdict[int, _Weights] = field(default_factory=lambda: defaultdict(_Weights))


def demand_file(city: str) -> Path:
    """The path may not exist."""
    return SHIPPED / f"{city}_demand.parquet"


def read_aggregates(path: Path) -> Aggregates:
    """Raises OSError or KeyError for a file of another kind."""
    table = pq.read_table(path)
    metadata = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    found = Aggregates(metadata["time_zone"], int(metadata["resolution"]), metadata["source"])
    for row in table.to_pylist():
        match row["kind"]:
            case "rate":
                found.rates[row["bucket"]] = row["trips"]
            case "origin":
                _add(found.origins[row["bucket"]], row)
            case _:
                _add(found.destinations[row["origin"]], row)
    return found


def _add(weights: _Weights, row: dict[str, float]) -> None:
    weights.cells.append(Cell(int(row["cell"])))
    weights.trips.append(row["trips"])


class SampledDemand:
    """Samples requests. ``scale`` multiplies the real rates; ``per_hour`` replaces them; ``roads``: the streets."""

    def __init__(
        self,
        aggregates: Aggregates,
        *,
        roads: TravelTime,
        rng: Random,
        scale: float = 1.0,
        per_hour: float | None = None,
        since: CityTime | None = None,
    ) -> None:
        self._aggregates = aggregates
        self._roads = roads
        self._rng = rng
        self._scale = scale
        self._per_hour = per_hour
        self._since = since
        self._local = LocalTime(aggregates.time_zone)
        self._boxes: dict[Cell, tuple[LatLng, float, float]] = {}

    def requests(self, start: CityTime) -> Iterator[RideRequest]:
        """Infinite. With ``since``, the demand of that time is shifted so that it begins at ``start``."""
        at = self._since if self._since is not None else start
        shift = start - at
        while True:
            at = self._next(at)
            origin = self._origin(at)
            yield RideRequest(CityTime(at + shift), self._point(origin), self._point(self._destination(origin)))

    def rate(self, at: CityTime) -> float:
        """Requests per hour."""
        if self._per_hour is not None:
            return self._per_hour
        return self._scale * self._aggregates.rates.get(self._local.moment(at).week_hour, 0.0)

    def places(self, at: CityTime, many: int) -> list[LatLng]:
        return [self._point(self._origin(at)) for _ in range(many)]

    def _next(self, at: CityTime) -> CityTime:
        """The rate is constant within an hour; a draw beyond the hour's end is repeated from there."""
        while True:
            rate = self.rate(at)
            end = (floor(at / HOUR_S) + 1) * HOUR_S
            found = at + self._rng.expovariate(rate) * HOUR_S if rate > 0 else end
            if found < end:
                return CityTime(found)
            at = CityTime(end)

    def _origin(self, at: CityTime) -> Cell:
        origins = self._aggregates.origins
        bucket = self._local.moment(at).day_bucket
        return origins[bucket if bucket in origins else min(origins)].draw(self._rng)

    def _destination(self, origin: Cell) -> Cell:
        destinations = self._aggregates.destinations
        return destinations[origin].draw(self._rng) if origin in destinations else origin

    def _point(self, cell: Cell) -> LatLng:
        """A point of the cell near a kerbside, if a few attempts find one."""
        points = [point for _ in range(_TRIES) if cell_of(point := self._near(cell), self._resolution) == cell]
        if not points:
            return cell_center(cell)
        anchors = self._roads.anchor(np.array([p.lat for p in points]), np.array([p.lng for p in points]))
        on_map = np.flatnonzero((anchors.node >= 0) & (anchors.access_s <= _MAX_ACCESS_S))
        return points[int(on_map[0])] if len(on_map) else points[0]

    @property
    def _resolution(self) -> int:
        return self._aggregates.resolution

    def _near(self, cell: Cell) -> LatLng:
        center, lat_span, lng_span = self._boxes.get(cell) or self._box(cell)
        lat = center.lat + self._rng.uniform(-lat_span, lat_span)
        return LatLng(lat, center.lng + self._rng.uniform(-lng_span, lng_span))

    def _box(self, cell: Cell) -> tuple[LatLng, float, float]:
        """The centre of a cell, and half the sides in degrees of a box around it."""
        center = cell_center(cell)
        lat_span = degrees(float(shapes([cell]).cover[0]))
        self._boxes[cell] = box = (center, lat_span, lat_span / cos(radians(center.lat)))
        return box
