"""The H3 index of vehicles: updated with every move, searched for the k nearest of many points at once.

Rule 1: a vehicle is always listed under the cell that contains its last position. Rule 2: an answer is exact: no
vehicle outside it is nearer than one inside. Theory of operation: a move only writes columns of numbers. The index
computes a vehicle's cell again only if the vehicle may have left it, which two tests of the cell's shape decide. The
layout by cell is rebuilt once before the next search.
"""

from collections.abc import Iterator

import numpy as np

from dispatch.geo.arrays import BoolArray, FloatArray, HandleArray, IntArray
from dispatch.geo.cells import Cell, cells_of
from dispatch.geo.distance import chord2_to_meters, unit_vectors
from dispatch.geo.index.cell_slots import NOWHERE, NOWHERE_POINT, CellSlots
from dispatch.geo.index.knn import KnnQuery, Layout, search, search_all
from dispatch.values.units import LatLng

_RINGS = (2, 3, 5, 8)
"""Numbers of rings that a search tries in turn before it compares all occupied cells."""

_FEW_IN_CELL = 1.6
"""With fewer vehicles per occupied cell, comparing all vehicles is faster than choosing cells first."""


class VehicleIndex:
    """Exact nearest vehicles. Handles are small integers from 0, chosen by the caller; memory grows with the largest.

    ``lat`` and ``lng`` hold the last position of each handle in degrees. An invalid position raises ValueError and
    changes nothing.
    """

    def __init__(self, resolution: int = 9) -> None:
        if not 0 <= resolution <= 15:
            raise ValueError("an H3 resolution is 0 to 15")
        self._resolution = resolution
        self._table = CellSlots()
        self._slot = np.zeros(0, np.int64)
        self.lat = np.zeros(0)
        self.lng = np.zeros(0)
        self._point = np.zeros((0, 3))
        self._layout: Layout | None = None

    def __len__(self) -> int:
        return int(np.count_nonzero(self._slot))

    def __contains__(self, handle: int) -> bool:
        return 0 <= handle < len(self._slot) and self._slot[handle] != NOWHERE

    def __iter__(self) -> Iterator[int]:
        return iter(np.flatnonzero(self._slot).tolist())

    @property
    def resolution(self) -> int:
        return self._resolution

    def position(self, handle: int) -> LatLng:
        """The vehicle's position. Raises KeyError if it is not in the index."""
        self._require(handle)
        return LatLng(float(self.lat[handle]), float(self.lng[handle]))

    def cell(self, handle: int) -> Cell:
        """The vehicle's cell. Raises KeyError if it is not in the index."""
        self._require(handle)
        return self._table.cell(int(self._slot[handle]))

    def put(self, handle: int, lat: float, lng: float) -> None:
        self.move(np.array([handle]), np.array([lat]), np.array([lng]))

    def move(self, handles: IntArray | HandleArray, lats: FloatArray, lngs: FloatArray) -> None:
        """Add vehicles or set their positions. If a handle is listed twice, the later position counts."""
        handles = np.asarray(handles, np.int64)
        if not len(handles):
            return
        self._check(handles, lats, lngs)
        self._reserve(int(handles.max()) + 1)
        self.lat[handles] = lats
        self.lng[handles] = lngs
        self._point[handles] = unit_vectors(lats, lngs)
        stays = self._table.surely_in(self._point[handles], self._slot[handles])
        self._look_up(handles[~stays])
        self._layout = None

    def remove(self, handle: int) -> None:
        """Remove a vehicle; an unknown handle is ignored."""
        if handle in self:
            self._slot[handle] = NOWHERE
            self._layout = None

    def nearest(
        self, lat: FloatArray, lng: FloatArray, k: int, allowed: BoolArray | None = None
    ) -> tuple[HandleArray, FloatArray]:
        """The k nearest vehicles of each of n points, nearest first.

        ``allowed`` is a mask by handle; handles beyond its end are not allowed. Returns handles [n, k], padded with
        -1, and great-circle metres [n, k], padded with infinity.
        """
        if k < 1:
            raise ValueError("k is at least 1")
        n = len(lat)
        handle = np.full((n, k), -1, np.int32)
        chord2 = np.full((n, k), np.inf)
        layout = self._lay_out() if allowed is None else self._lay_out_allowed(allowed)
        if n == 0 or not len(layout.handle):
            return handle, chord2
        points = unit_vectors(lat, lng)
        pending = np.arange(n)
        own: IntArray | None = None
        if len(layout.handle) <= _FEW_IN_CELL * np.count_nonzero(layout.held):
            everyone = search_all(layout, points, k)
            return everyone.handle.astype(np.int32), chord2_to_meters(everyone.chord2)
        for rings in self._widening(layout, k):
            if own is None and rings:
                own = self._table.slots(cells_of(lat.tolist(), lng.tolist(), self._resolution))
            query = self._query(points[pending], None if own is None else own[pending], rings, layout)
            layout = layout.reaching(len(self._table))
            found = search(layout, self._table, query, k)
            done = pending[found.settled]
            handle[done], chord2[done] = found.handle[found.settled], found.chord2[found.settled]
            pending = pending[~found.settled]
            if not len(pending):
                break
        return handle, chord2_to_meters(chord2)

    @staticmethod
    def _widening(layout: Layout, k: int) -> Iterator[int]:
        """Rings to look at, more each time, where their sure reach (a third of them) may hold k cars; then 0, for all.

        Rings are left out where they are more than half of all occupied cells.
        """
        occupied = int(np.count_nonzero(layout.held))
        for rings in _RINGS:
            cells = 1 + 3 * rings * (rings + 1)
            if 2 * cells <= occupied and cells * len(layout.handle) >= 3 * k * occupied:
                yield rings
        yield 0

    def _query(self, points: FloatArray, own: IntArray | None, rings: int, layout: Layout) -> KnnQuery:
        """The cells within so many rings of each point's own; all occupied cells, for 0 rings."""
        if own is None or rings == 0:
            occupied = np.flatnonzero(layout.held)
            return KnnQuery(
                points, np.broadcast_to(occupied, (len(points), len(occupied))), np.full(len(points), np.inf)
            )
        near, reach = self._table.neighbours(own, rings)
        gap = points - self._table.center[own]
        return KnnQuery(points, near, reach - np.sqrt(np.einsum("ni,ni->n", gap, gap)))

    def _lay_out(self) -> Layout:
        if self._layout is None:
            self._layout = self._sorted_by_slot(np.flatnonzero(self._slot))
        return self._layout

    def _lay_out_allowed(self, allowed: BoolArray) -> Layout:
        all_cars = self._lay_out().handle
        inside = all_cars[all_cars < len(allowed)]
        return self._sorted_by_slot(np.sort(inside[allowed[inside]]))

    def _sorted_by_slot(self, handles: IntArray) -> Layout:
        slot = self._slot[handles]
        size = len(self._table)
        order = np.argsort(slot.astype(np.uint16) if size <= 1 << 16 else slot, kind="stable")
        count = np.bincount(slot, minlength=size)
        handles = handles[order]
        x, y, z = np.vstack((self._point[handles], NOWHERE_POINT)).T.copy()
        return Layout(handles, x, y, z, np.cumsum(count) - count, count)

    def _look_up(self, handles: IntArray) -> None:
        cells = cells_of(self.lat[handles].tolist(), self.lng[handles].tolist(), self._resolution)
        self._slot[handles] = self._table.slots(cells)

    def _reserve(self, size: int) -> None:
        more = max(size, 2 * len(self._slot)) - len(self._slot)
        if size > len(self._slot):
            self._slot = np.concatenate((self._slot, np.full(more, NOWHERE)))
            self.lat = np.concatenate((self.lat, np.zeros(more)))
            self.lng = np.concatenate((self.lng, np.zeros(more)))
            self._point = np.concatenate((self._point, np.zeros((more, 3))))

    def _require(self, handle: int) -> None:
        if handle not in self:
            raise KeyError(handle)

    @staticmethod
    def _check(handles: IntArray, lats: FloatArray, lngs: FloatArray) -> None:
        if not len(handles) == len(lats) == len(lngs):
            raise ValueError("handles, lats and lngs differ in length")
        if int(handles.min()) < 0:
            raise ValueError("a handle is not below zero")
        if not (bool((np.abs(lats) <= 90).all()) and bool((np.abs(lngs) <= 180).all())):
            raise ValueError("a position is no valid latitude and longitude")
