"""A directed road network: nodes, one-way edges with metres and seconds, and shortest paths."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from dispatch.geo.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """Nodes 0 to n - 1 at ``lat``, ``lng`` in degrees; edges ``source`` to ``target`` in metres and seconds.

    Seconds are those of an average hour. Raises ValueError if an edge names no node or takes no time.
    """

    lat: FloatArray
    lng: FloatArray
    source: IntArray
    target: IntArray
    meters: FloatArray
    seconds: FloatArray

    def __post_init__(self) -> None:
        if len(self.lat) == 0 or len(self.lat) != len(self.lng):
            raise ValueError("a road network needs nodes with a latitude and a longitude each")
        if not len(self.source) == len(self.target) == len(self.meters) == len(self.seconds):
            raise ValueError("edge columns differ in length")
        ends = np.concatenate((self.source, self.target))
        if len(ends) and not 0 <= int(ends.min()) <= int(ends.max()) < self.size:
            raise ValueError("an edge names a node that does not exist")
        if not (bool((self.seconds > 0).all()) and bool((self.meters >= 0).all())):
            raise ValueError("edges need more than 0 seconds and at least 0 metres")

    @property
    def size(self) -> int:
        return len(self.lat)

    @cached_property
    def fastest(self) -> IntArray:
        """Edges sorted by source and target: the fastest of parallel edges, and no loops."""
        order = np.lexsort((self.seconds, self.target, self.source))
        order = order[self.source[order] != self.target[order]]
        source, target = self.source[order], self.target[order]
        first = np.ones(len(order), np.bool_)
        first[1:] = (source[1:] != source[:-1]) | (target[1:] != target[:-1])
        kept: IntArray = order[first]
        return kept

    @cached_property
    def forward(self) -> csr_array:
        """Edge seconds from row to column."""
        kept = self.fastest
        shape = (self.size, self.size)
        return csr_array((self.seconds[kept], (self.source[kept], self.target[kept])), shape=shape)

    @cached_property
    def backward(self) -> csr_array:
        """Edge seconds from column to row, for searches from a pick-up to all vehicles that can reach it."""
        return self.forward.T.tocsr()

    @cached_property
    def digest(self) -> str:
        digest = hashlib.sha256()
        for column in (self.lat, self.lng, self.source, self.target, self.meters, self.seconds):
            digest.update(np.ascontiguousarray(column).tobytes())
        return digest.hexdigest()[:16]

    def seconds_to(self, targets: IntArray, limit_s: float) -> FloatArray:
        """Seconds from every node to each target [targets, nodes]; infinity beyond the limit."""
        found: FloatArray = dijkstra(self.backward, indices=targets, limit=limit_s)
        return found

    def seconds_from(self, sources: IntArray) -> FloatArray:
        """Seconds from each source to every node [sources, nodes]; infinity if unreachable."""
        found: FloatArray = dijkstra(self.forward, indices=sources)
        return found

    def fastest_path(self, source: int, target: int) -> list[int]:
        """The nodes of the fastest path including both ends; empty if there is none."""
        _, before = dijkstra(self.forward, indices=[source], return_predecessors=True)
        way = [target]
        while way[-1] != source:
            step = int(before[0, way[-1]])
            if step < 0:
                return []
            way.append(step)
        return way[::-1]

    def length_of(self, way: list[int]) -> tuple[float, float]:
        """Metres and seconds along a path, by the fastest edge of each step."""
        if len(way) < 2:
            return 0.0, 0.0
        steps = np.array(way)
        kept = self.fastest
        key = self.source[kept] * self.size + self.target[kept]
        edges = kept[np.searchsorted(key, steps[:-1] * self.size + steps[1:])]
        return float(self.meters[edges].sum()), float(self.seconds[edges].sum())

    def strongly_connected(self) -> RoadNetwork:
        """The largest strongly connected part; nodes are renumbered in order."""
        _, label = connected_components(self.forward, directed=True, connection="strong")
        keep = label == np.bincount(label).argmax()
        renumbered = np.cumsum(keep) - 1
        edges = keep[self.source] & keep[self.target]
        return RoadNetwork(
            self.lat[keep],
            self.lng[keep],
            renumbered[self.source[edges]],
            renumbered[self.target[edges]],
            self.meters[edges],
            self.seconds[edges],
        )
