"""Travel time over a city's streets, with straight lines for points off the map."""

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from dispatch.geo.arrays import BoolArray, FloatArray, IntArray
from dispatch.geo.distance import chord2_to_meters, haversine_many, unit_vectors
from dispatch.geo.hourly_speeds import HourFactors
from dispatch.geo.road_network import RoadNetwork
from dispatch.geo.straight_line import StraightLine
from dispatch.geo.travel_time import Anchors, Route
from dispatch.geo.travel_time_matrix import MAX_NODES, TableArray, load_or_build
from dispatch.values.units import CityTime, LatLng

_TARGETS = 256
"""Searches per chunk without a table: 18 MB for a city of 9,000 nodes."""


@dataclass(frozen=True, slots=True)
class OffRoad:
    """Parameters of drives outside the network.

    ``detour``: metres of driving per metre of straight line. ``access_kmh``: speed between a point and its node.
    ``max_access_m``: a point farther from every node is off the map; a drive from or to it is a straight line
    x detour at ``off_map_kmh``.
    """

    detour: float = 1.3
    access_kmh: float = 15.0
    off_map_kmh: float = 50.0
    max_access_m: float = 500.0

    def __post_init__(self) -> None:
        if self.detour < 1 or min(self.access_kmh, self.off_map_kmh, self.max_access_m) <= 0:
            raise ValueError("detour must be at least 1; speeds and distances must be above zero")


class RoadGraph:
    """Travel times by Dijkstra's algorithm, or from the all-pairs table if a cache directory is given.

    With a table (whole seconds, up to 10,000 nodes) a pair costs one look-up. Without it, each destination costs one
    search on the reversed graph, up to ``limit_s`` of an average hour. A pair beyond the limit, or without a path,
    takes the straight line's seconds, and at least the limit. All results are multiplied by the factor of the hour
    in which the drive starts.
    """

    def __init__(
        self,
        network: RoadNetwork,
        *,
        hours: HourFactors | None = None,
        off_road: OffRoad | None = None,
        cache: Path | None = None,
        limit_s: float = 3_600.0,
    ) -> None:
        off = off_road or OffRoad()
        self._network = network
        self._hours = hours or HourFactors()
        self._max_access_m = off.max_access_m
        self._detour = off.detour
        self._access_s_a_meter = off.detour * 3.6 / off.access_kmh
        self._off_map_s_a_meter = off.detour * 3.6 / off.off_map_kmh
        self._straight = StraightLine(kmh=off.off_map_kmh, detour=off.detour)
        self._snap = NearestNode(network.lat, network.lng)
        self._limit_s = limit_s
        self._table: TableArray | None = None
        if cache is not None and network.size <= MAX_NODES:
            self._table = load_or_build(network, cache)

    def anchor(self, lat: FloatArray, lng: FloatArray) -> Anchors:
        """Anchor points to their nearest nodes; -1 beyond ``max_access_m``."""
        lat, lng = np.asarray(lat, np.float64), np.asarray(lng, np.float64)
        node, meters = self._snap.nearest(lat, lng)
        on_map = meters <= self._max_access_m
        access_s = np.where(on_map, meters * self._access_s_a_meter, 0.0)
        return Anchors(np.where(on_map, node, -1), access_s, lat, lng)

    def pairs(
        self,
        origins: Anchors,
        destinations: Anchors,
        origin_index: IntArray,
        destination_index: IntArray,
        at: CityTime,
    ) -> FloatArray:
        """Seconds for each listed pair, always finite."""
        source, target = origins.node[origin_index], destinations.node[destination_index]
        straight_m = haversine_many(
            origins.lat[origin_index],
            origins.lng[origin_index],
            destinations.lat[destination_index],
            destinations.lng[destination_index],
        )
        access = origins.access_s[origin_index] + destinations.access_s[destination_index]
        seconds = straight_m * self._off_map_s_a_meter
        on_map = (source >= 0) & (target >= 0)
        seconds[on_map] = self._driven(source[on_map], target[on_map], seconds[on_map]) + access[on_map]
        beside = on_map & (source == target)
        seconds[beside] = np.minimum(access[beside], straight_m[beside] * self._access_s_a_meter)
        return seconds * self._hours.at(at)

    def route(self, origin: LatLng, destination: LatLng, at: CityTime) -> Route:
        """The fastest route, with metres along the streets; a straight line if an end is off the map."""
        ends = self.anchor(np.array([origin.lat, destination.lat]), np.array([origin.lng, destination.lng]))
        source, target = ends.node.tolist()
        way = self._network.fastest_path(source, target) if min(source, target) >= 0 else []
        if len(way) < 2:
            line = self._straight.route(origin, destination, at)
            seconds = self.pairs(ends, ends, np.array([0]), np.array([1]), at)[0]
            return Route(float(seconds), line.meters, line.points, by_road=len(way) == 1)
        meters, seconds = self._network.length_of(way)
        access_s = float(ends.access_s.sum())
        total = (seconds + access_s) * self._hours.at(at)
        along = meters + access_s / self._access_s_a_meter * self._detour
        return Route(total, along, _without_repeats([origin, *self._along(way), destination]), by_road=True)

    def drawn(self, origin: LatLng, destination: LatLng, at: CityTime) -> Route:
        """:meth:`route` for drawing: an end off the map is connected to the nearest street. The figures stay those
        of the straight line."""
        found = self.route(origin, destination, at)
        if found.by_road:
            return found
        ends, _ = self._snap.nearest(np.array([origin.lat, destination.lat]), np.array([origin.lng, destination.lng]))
        source, target = ends.tolist()
        way = self._network.fastest_path(source, target)
        if len(way) < 2:
            return found
        return replace(found, points=_without_repeats([origin, *self._along(way), destination]))

    def _along(self, way: list[int]) -> list[LatLng]:
        lat, lng = self._network.lat[way].tolist(), self._network.lng[way].tolist()
        return [LatLng(*point) for point in zip(lat, lng, strict=True)]

    def _driven(self, source: IntArray, target: IntArray, otherwise: FloatArray) -> FloatArray:
        """Seconds from node to node in an average hour."""
        if self._table is not None:
            seconds = np.asarray(self._table[source, target], np.float64)
            lost: BoolArray = seconds >= np.iinfo(np.uint16).max
        else:
            seconds = self._searched(source, target)
            lost = np.isinf(seconds)
        seconds[lost] = np.maximum(otherwise[lost], self._limit_s)
        return seconds

    def _searched(self, source: IntArray, target: IntArray) -> FloatArray:
        seconds = np.full(len(source), np.inf)
        targets, which = np.unique(target, return_inverse=True)
        for start in range(0, len(targets), _TARGETS):
            part = targets[start : start + _TARGETS]
            found = self._network.seconds_to(part, self._limit_s)
            mine = (which >= start) & (which < start + len(part))
            seconds[mine] = found[which[mine] - start, source[mine]]
        return seconds


def _without_repeats(points: list[LatLng]) -> tuple[LatLng, ...]:
    """The points without consecutive duplicates; at least two remain."""
    kept = [points[0], *(b for a, b in pairwise(points) if a != b)]
    return tuple(kept) if len(kept) > 1 else (points[0], points[-1])


class NearestNode:
    """A tree of unit vectors: the nearest by chord is the nearest by great-circle distance."""

    def __init__(self, lat: FloatArray, lng: FloatArray) -> None:
        self._tree = cKDTree(unit_vectors(lat, lng))

    def nearest(self, lat: FloatArray, lng: FloatArray) -> tuple[IntArray, FloatArray]:
        """The nearest node of each point, and the metres to it."""
        chord, node = self._tree.query(unit_vectors(lat, lng))
        return np.asarray(node, np.int64), chord2_to_meters(np.square(np.asarray(chord, np.float64)))
