"""The k nearest of cars laid out by cell, for many points at once, exact.

Theory of operation. Distances here are chords of the unit sphere: straight lines in space, so the triangle
inequality holds, and they order cars as great-circle distance does. A car lies in its cell, and its cell in a
ball of known radius, so for a point at ``d`` from a cell's centre each car of that cell is between ``d - cover``
and ``d + cover`` away. The nearest cells that hold k cars between them give k distances and with the k-th an
upper bound; a cell whose least distance exceeds it cannot hold one of the k nearest, and the cars of all other
cells are compared. Cells that were not listed at all are farther than the outermost listed ring, because
every way to them crosses it; where the k-th car is not nearer than that ring, the answer is not *settled* and
the caller asks again with more cells.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np

from dispatch.geo.arrays import BoolArray, FloatArray, IntArray
from dispatch.geo.cell_table import CellTable

_Array = TypeVar("_Array", FloatArray, IntArray)
_CHUNK = 1 << 15
"""Numbers worked on at once: a quarter of a megabyte a column, to stay in the processor's cache."""
_SLACK = 1e-10
"""Added to every bound on the safe side: 0.6 mm on the ground, a thousand times what rounding could take."""


class Layout(NamedTuple):
    """Cars in the order of their slots: those of slot ``s`` are ``start[s]`` to ``start[s] + held[s]``.

    ``x``, ``y``, ``z`` have one more place than ``handle``: it is far from everything.
    """

    handle: IntArray
    x: FloatArray
    y: FloatArray
    z: FloatArray
    start: IntArray
    held: IntArray

    def reaching(self, slots: int) -> Layout:
        """The same for a table that has grown to so many slots; the new ones hold no car."""
        if slots == len(self.held):
            return self
        more = np.zeros(slots - len(self.held), np.int64)
        return self._replace(start=np.concatenate((self.start, more)), held=np.concatenate((self.held, more)))


class Query(NamedTuple):
    """Points to search around, and the cells to search.

    ``points``: unit vectors [n, 3]. ``near``: slots [n, j]. ``rim``: how many of the last columns are the
    outermost ring; 0 says that the rows hold every car there is.
    """

    points: FloatArray
    near: IntArray
    rim: int


class Found(NamedTuple):
    """``handle`` [n, k], -1 where there are fewer; ``chord2`` [n, k] rising, inf there; ``settled`` [n]."""

    handle: IntArray
    chord2: FloatArray
    settled: BoolArray


def search(layout: Layout, table: CellTable, query: Query, k: int) -> Found:
    """The k nearest cars of each point among its cells. Equally far cars come in no promised order."""
    points, near, rim = query
    rows = max(1, _CHUNK // max(1, near.shape[1]))
    spans = [slice(i, i + rows) for i in range(0, len(points), rows)]
    parts = [_search_part(layout, table, Query(points[s], near[s], rim), k) for s in spans]
    return Found(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def search_all(layout: Layout, points: FloatArray, k: int) -> Found:
    """The same by comparing every car with every point."""
    cars = len(layout.handle)
    rows = max(1, _CHUNK // cars)
    parts = [points[i : i + rows] for i in range(0, len(points), rows)]
    nearest = [_nearest_even(layout, p, np.broadcast_to(np.arange(cars), (len(p), cars)), k) for p in parts]
    chord2, place = (np.concatenate(column) for column in zip(*nearest, strict=True))
    handle = np.where(place >= 0, layout.handle[place], -1)
    return Found(handle, chord2, np.ones(len(handle), np.bool_))


def _search_part(layout: Layout, table: CellTable, query: Query, k: int) -> Found:
    center, held = table.center[query.near], layout.held[query.near]
    center -= query.points[:, None, :]
    away = np.sqrt(np.einsum("nji,nji->nj", center, center))
    cover = table.cover[query.near] + _SLACK
    least, most = away - cover, away + cover
    sample = np.where(most <= _kth_at_most(most, held, k)[:, None], held, 0)
    bound = np.sqrt(_kth_chord2(layout, query, sample, k)) + _SLACK
    chord2, place = _nearest_of(layout, query, np.where(least <= bound[:, None], held, 0), k)
    handle = np.where(place >= 0, layout.handle[place], -1)
    if not query.rim:
        return Found(handle, chord2, np.ones(len(handle), np.bool_))
    return Found(handle, chord2, np.sqrt(chord2[:, -1]) <= least[:, -query.rim :].min(axis=1))


def _kth_at_most(most: FloatArray, held: IntArray, k: int) -> FloatArray:
    """How far each point surely has k cars; inf where its cells hold fewer."""
    order = np.argsort(most, axis=1)
    enough = np.cumsum(np.take_along_axis(held, order, axis=1), axis=1) >= k
    first = np.take_along_axis(order, enough.argmax(axis=1)[:, None], axis=1)
    bound: FloatArray = np.where(enough[:, -1], np.take_along_axis(most, first, axis=1)[:, 0], np.inf)
    return bound


def _kth_chord2(layout: Layout, query: Query, held: IntArray, k: int) -> FloatArray:
    """Squared chord to the k-th nearest of the ``held`` cars of each cell; inf where there are fewer."""
    kth = np.full(len(held), np.inf)
    for rows in _even_chunks(held.sum(axis=1)):
        places = _places(layout.start[query.near[rows]], held[rows], len(layout.handle))
        if places.shape[1] >= k:
            chord2 = _chords2(layout, query.points[rows], places)
            chord2.partition(k - 1, axis=1)
            kth[rows] = chord2[:, k - 1]
    return kth


def _nearest_of(layout: Layout, query: Query, held: IntArray, k: int) -> tuple[FloatArray, IntArray]:
    """Squared chords [n, k] and places in the layout [n, k] of the nearest of the ``held`` cars of each cell."""
    chord2 = np.full((len(held), k), np.inf)
    place = np.full((len(held), k), -1, np.int64)
    for rows in _even_chunks(held.sum(axis=1)):
        places = _places(layout.start[query.near[rows]], held[rows], len(layout.handle))
        chord2[rows], place[rows] = _nearest_even(layout, query.points[rows], places, k)
    return chord2, place


def _even_chunks(total: IntArray) -> list[IntArray]:
    """Rows in groups of similar totals, so that little is lost by filling each up to its group's largest."""
    order = np.argsort(total, kind="stable")
    order = order[total[order] > 0]
    chunks: list[IntArray] = []
    end = len(order)
    while end > 0:
        size = max(1, _CHUNK // int(total[order[end - 1]]))
        chunks.append(order[max(0, end - size) : end])
        end -= size
    return chunks


def _places(start: IntArray, held: IntArray, nowhere: int) -> IntArray:
    """Each row's spans of places, one after the other, filled up with places from ``nowhere`` on.

    Made as running sums: steps of one, and a jump where a span begins.
    """
    total = held.sum(axis=1)
    rows, cells = np.nonzero(held)
    first, length = start[rows, cells], held[rows, cells]
    ends = np.cumsum(length)
    row_start = np.cumsum(total) - total
    steps = np.ones((len(held), int(total.max()) + 1), np.int64)
    jump = first.copy()
    same_row = rows[1:] == rows[:-1]
    jump[1:] -= np.where(same_row, first[:-1] + length[:-1] - 1, 0)
    steps[rows, ends - length - row_start[rows]] = jump
    last = np.append(~same_row, True)
    steps[rows[last], total[rows[last]]] = nowhere - (first[last] + length[last] - 1)
    return np.cumsum(steps, axis=1, out=steps)[:, :-1]


def _chords2(layout: Layout, points: FloatArray, place: IntArray) -> FloatArray:
    """Squared chords from each row's point to its places; beyond 4, the sphere's widest, for nowhere."""
    chord2 = np.take(layout.x, place, mode="clip")
    chord2 -= points[:, 0, None]
    chord2 *= chord2
    for column, axis in ((1, layout.y), (2, layout.z)):
        gap = np.take(axis, place, mode="clip")
        gap -= points[:, column, None]
        gap *= gap
        chord2 += gap
    return chord2


def _nearest_even(layout: Layout, points: FloatArray, place: IntArray, k: int) -> tuple[FloatArray, IntArray]:
    """The k nearest by a sort of whole numbers: the bits of a squared chord, its last ones a column number.

    Bits of positive floats rise with their value. The column takes the place of the lowest bits: with 1,000
    candidates that rounds a distance by 1e-13 of itself, less than the arithmetic before it.
    """
    width = place.shape[1]
    chord2 = _chords2(layout, points, place)
    low = (1 << width.bit_length()) - 1
    key = chord2.view(np.int64)
    key &= ~low
    key |= np.arange(width)
    if width > k:
        key = np.ascontiguousarray(np.partition(key, k - 1, axis=1)[:, :k])
    key.sort(axis=1)
    nearest, column_of = (key & ~low).view(np.float64), key & low
    none = nearest > 4
    found = np.where(none, -1, np.take_along_axis(place, column_of, axis=1))
    return _widened(np.where(none, np.inf, nearest), k, np.inf), _widened(found, k, -1)


def _widened(columns: _Array, k: int, fill: float) -> _Array:
    """The same with k columns, the new ones filled."""
    missing = k - columns.shape[1]
    return columns if missing <= 0 else np.pad(columns, ((0, 0), (0, missing)), constant_values=fill)
