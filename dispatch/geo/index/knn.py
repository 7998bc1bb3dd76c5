"""The k nearest of cars laid out by cell, for many points at once, exact.

Theory of operation. Distances here are chords of the unit sphere: straight lines in space, so the triangle
inequality holds, and they order cars as great-circle distance does. A car lies in its cell, and its cell in a
ball of known radius, so for a point at ``d`` from a cell's centre each car of that cell is between ``d - cover``
and ``d + cover`` away. The nearest cells that hold k cars between them give k distances and with the k-th an
upper bound; a cell whose least distance exceeds it cannot hold one of the k nearest, and the cars of all other
cells are compared. Where the bound goes beyond what the listed cells surely reach, the answer is not *settled*
and the caller asks again with more cells.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dispatch.geo.arrays import BoolArray, FloatArray, IntArray
from dispatch.geo.index.cell_slots import CellTable

_CHUNK = 1 << 15
"""Numbers worked on at once: a quarter of a megabyte a column, to stay in the processor's cache."""
_WIDEST = 4.0
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

    ``points``: unit vectors [n, 3]. ``near``: slots [n, j]. ``reach`` [n]: a car that is nearer than this is in
    one of them; infinite where they hold every car there is.
    """

    points: FloatArray
    near: IntArray
    reach: FloatArray


class Found(NamedTuple):
    """``handle`` [n, k], -1 where there are fewer; ``chord2`` [n, k] rising, inf there; ``settled`` [n]:
    the others' rows mean nothing."""

    handle: IntArray
    chord2: FloatArray
    settled: BoolArray


def search(layout: Layout, table: CellTable, query: Query, k: int) -> Found:
    """The k nearest cars of each point among its cells. Equally far cars come in no promised order."""
    n = len(query.points)
    found = Found(np.full((n, k), -1, np.int64), np.full((n, k), np.inf), np.zeros(n, np.bool_))
    step = max(1, _CHUNK // max(1, query.near.shape[1]))
    for i in range(0, n, step):
        span = slice(i, i + step)
        part = Query(query.points[span], query.near[span], query.reach[span])
        _search_part(layout, table, part, Found(found.handle[span], found.chord2[span], found.settled[span]))
    return found


def search_all(layout: Layout, points: FloatArray, k: int) -> Found:
    """The same by comparing every car with every point."""
    n, cars = len(points), len(layout.handle)
    found = Found(np.full((n, k), -1, np.int64), np.full((n, k), np.inf), np.ones(n, np.bool_))
    step = max(1, _CHUNK // cars)
    for i in range(0, n, step):
        part = points[i : i + step]
        everyone = np.broadcast_to(np.arange(cars), (len(part), cars))
        nearest, place = _least(_chords2(layout, part, everyone), k)
        found.handle[i : i + step, : nearest.shape[1]] = layout.handle[place]
        found.chord2[i : i + step, : nearest.shape[1]] = nearest
    return found


def _search_part(layout: Layout, table: CellTable, query: Query, found: Found) -> None:
    """Fill ``found`` for some points: those with alike many cars to sample at a time."""
    k = found.handle.shape[1]
    gap = table.center[query.near]
    gap -= query.points[:, None, :]
    away = np.sqrt(np.einsum("nji,nji->nj", gap, gap))
    cover = table.cover[query.near] + _SLACK
    held, start = layout.held[query.near], layout.start[query.near]
    most = away + cover
    sample = np.where(most <= _kth_at_most(most, held, k)[:, None], held, 0)
    found.settled[:] = np.isinf(query.reach)
    for rows in _even_chunks(sample.sum(axis=1)):
        cells = _Cells(start[rows], held[rows], sample[rows], (away - cover)[rows])
        _search_even(layout, Query(query.points[rows], query.near[rows], query.reach[rows]), cells, rows, found)


class _Cells(NamedTuple):
    """Of each cell of each row: its cars' place, how many, how many of them to sample, the least distance."""

    start: IntArray
    held: IntArray
    sample: IntArray
    least: FloatArray


def _search_even(layout: Layout, query: Query, cells: _Cells, rows: IntArray, found: Found) -> None:
    """Sample, bound and compare the rest of the cells that the bound leaves."""
    k = found.handle.shape[1]
    nowhere = len(layout.handle)
    place = _places(cells.start, cells.sample, nowhere)
    chord2 = _chords2(layout, query.points, place)
    bound = np.full(len(rows), np.inf)
    if place.shape[1] >= k:
        bound = np.sqrt(np.partition(chord2, k - 1, axis=1)[:, k - 1]) + _SLACK
    settled = (bound <= query.reach) | np.isinf(query.reach)
    found.settled[rows] = settled
    wanted = settled[:, None] & (cells.least <= bound[:, None]) & (cells.sample == 0)
    rest = np.where(wanted, cells.held, 0)
    for some in _even_chunks(place.shape[1] + rest.sum(axis=1)):
        other = _places(cells.start[some], rest[some], nowhere)
        both = np.concatenate((chord2[some], _chords2(layout, query.points[some], other)), axis=1)
        nearest, column = _least(both, k)
        where = np.take_along_axis(np.concatenate((place[some], other), axis=1), column, axis=1)
        width = nearest.shape[1]
        found.handle[rows[some], :width] = np.where(np.isinf(nearest), -1, np.take(layout.handle, where, mode="clip"))
        found.chord2[rows[some], :width] = nearest


def _kth_at_most(most: FloatArray, held: IntArray, k: int) -> FloatArray:
    """How far each point surely has k cars; inf where its cells hold fewer."""
    order = np.argsort(most, axis=1)
    enough = np.cumsum(np.take_along_axis(held, order, axis=1), axis=1) >= k
    first = np.take_along_axis(order, enough.argmax(axis=1)[:, None], axis=1)
    bound: FloatArray = np.where(enough[:, -1], np.take_along_axis(most, first, axis=1)[:, 0], np.inf)
    return bound


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
    """Each row's spans of places, one after the other, filled up with places from ``nowhere`` on."""
    ends = np.cumsum(held, axis=1)
    total = ends[:, -1:]
    width = int(total.max())
    shift = np.concatenate((start - ends + held, np.full_like(total, nowhere)), axis=1)
    length = np.concatenate((held, width - total), axis=1)
    place = np.repeat(shift.ravel(), length.ravel()).reshape(len(held), width)
    place += np.arange(width)
    return place


def _chords2(layout: Layout, points: FloatArray, place: IntArray) -> FloatArray:
    """Squared chords from each row's point to its places; beyond the sphere's widest for nowhere."""
    chord2 = np.take(layout.x, place, mode="clip")
    chord2 -= points[:, 0, None]
    chord2 *= chord2
    for column, axis in ((1, layout.y), (2, layout.z)):
        gap = np.take(axis, place, mode="clip")
        gap -= points[:, column, None]
        gap *= gap
        chord2 += gap
    return chord2


def _least(chord2: FloatArray, k: int) -> tuple[FloatArray, IntArray]:
    """The k least of each row, rising, and their columns; fewer columns come back as they are; inf for nowhere.

    By a sort of whole numbers: the bits of a squared chord, its last ones a column number. Bits of positive
    floats rise with their value. The column takes the place of the lowest bits: with 1,000 candidates that
    rounds a distance by 1e-13 of itself, less than the arithmetic before it. Overwrites ``chord2``.
    """
    width = chord2.shape[1]
    low = (1 << width.bit_length()) - 1
    key = chord2.view(np.int64)
    key &= ~low
    key |= np.arange(width)
    if width > k:
        key = np.ascontiguousarray(np.partition(key, k - 1, axis=1)[:, :k])
    key.sort(axis=1)
    nearest, column = (key & ~low).view(np.float64), key & low
    nearest[nearest > _WIDEST] = np.inf
    return nearest, column
