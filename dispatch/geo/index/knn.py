"""Exact k nearest vehicles for many points at once, over vehicles laid out by cell.

Theory of operation. Distances are chords of the unit sphere: straight lines in space, so the triangle inequality
holds, and they order vehicles as great-circle distance does. A vehicle is in its cell, and its cell is in a ball of
known radius; so for a point at ``d`` from a cell's centre, each vehicle of that cell is between ``d - cover`` and
``d + cover`` away. The nearest cells that together hold k vehicles give k distances, and the k-th is an upper bound.
A cell whose least distance exceeds the bound cannot hold one of the k nearest; the vehicles of all other cells are
compared. If the bound exceeds the reach of the listed cells, the answer is not *settled*, and the caller repeats the
search with more cells.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dispatch.geo.arrays import BoolArray, FloatArray, IntArray
from dispatch.geo.index.cell_slots import CellSlots

_CHUNK = 1 << 15
"""Numbers per chunk: a quarter of a megabyte per column, which fits into the processor's cache."""
_WIDEST = 4.0
_SLACK = 1e-10
"""Safety margin of every bound: 0.6 mm on the ground, a thousand times the rounding error."""


class Layout(NamedTuple):
    """Vehicles sorted by slot: slot ``s`` holds ``start[s]`` to ``start[s] + held[s]``.

    ``x``, ``y``, ``z`` have one entry more than ``handle``: a point far from everything.
    """

    handle: IntArray
    x: FloatArray
    y: FloatArray
    z: FloatArray
    start: IntArray
    held: IntArray

    def reaching(self, slots: int) -> Layout:
        """The same layout for ``slots`` slots; new slots hold no vehicle."""
        if slots == len(self.held):
            return self
        more = np.zeros(slots - len(self.held), np.int64)
        return self._replace(start=np.concatenate((self.start, more)), held=np.concatenate((self.held, more)))


class KnnQuery(NamedTuple):
    """Points to search around, and the cells to search.

    ``points``: unit vectors [n, 3]. ``near``: slots [n, j]. ``reach`` [n]: every vehicle nearer than this is in one of
    them; infinite if they hold all vehicles.
    """

    points: FloatArray
    near: IntArray
    reach: FloatArray


class Neighbours(NamedTuple):
    """``handle`` [n, k] padded with -1; ``chord2`` [n, k] ascending, padded with infinity; ``settled`` [n]: other rows
    are undefined."""

    handle: IntArray
    chord2: FloatArray
    settled: BoolArray


def search(layout: Layout, table: CellSlots, query: KnnQuery, k: int) -> Neighbours:
    """The k nearest vehicles of each point among its cells. The order of equally distant vehicles is undefined."""
    n = len(query.points)
    found = Neighbours(np.full((n, k), -1, np.int64), np.full((n, k), np.inf), np.zeros(n, np.bool_))
    step = max(1, _CHUNK // max(1, query.near.shape[1]))
    for i in range(0, n, step):
        span = slice(i, i + step)
        part = KnnQuery(query.points[span], query.near[span], query.reach[span])
        _search_part(layout, table, part, Neighbours(found.handle[span], found.chord2[span], found.settled[span]))
    return found


def search_all(layout: Layout, points: FloatArray, k: int) -> Neighbours:
    """The k nearest vehicles by comparing every vehicle with every point."""
    n, cars = len(points), len(layout.handle)
    found = Neighbours(np.full((n, k), -1, np.int64), np.full((n, k), np.inf), np.ones(n, np.bool_))
    step = max(1, _CHUNK // cars)
    for i in range(0, n, step):
        part = points[i : i + step]
        everyone = np.broadcast_to(np.arange(cars), (len(part), cars))
        nearest, place = _least(_chords2(layout, part, everyone), k)
        found.handle[i : i + step, : nearest.shape[1]] = layout.handle[place]
        found.chord2[i : i + step, : nearest.shape[1]] = nearest
    return found


def _search_part(layout: Layout, table: CellSlots, query: KnnQuery, found: Neighbours) -> None:
    """Fill ``found`` for a chunk of points, in groups with similar numbers of vehicles to sample."""
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
        _search_even(layout, KnnQuery(query.points[rows], query.near[rows], query.reach[rows]), cells, rows, found)


class _Cells(NamedTuple):
    """For each row and cell [rows, cells]: first vehicle, number of vehicles, number to sample, least distance."""

    start: IntArray
    held: IntArray
    sample: IntArray
    least: FloatArray


def _search_even(layout: Layout, query: KnnQuery, cells: _Cells, rows: IntArray, found: Neighbours) -> None:
    """Sample each row, derive its bound, and compare the vehicles of the cells within the bound.

    With r rows, c cells and s sampled vehicles: ``place`` and ``chord2`` are [r, s], ``bound`` and ``settled`` [r],
    ``wanted`` and ``rest`` [r, c].
    """
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
    """A distance within which each point certainly has k vehicles; infinity if its cells hold fewer."""
    order = np.argsort(most, axis=1)
    enough = np.cumsum(np.take_along_axis(held, order, axis=1), axis=1) >= k
    first = np.take_along_axis(order, enough.argmax(axis=1)[:, None], axis=1)
    bound: FloatArray = np.where(enough[:, -1], np.take_along_axis(most, first, axis=1)[:, 0], np.inf)
    return bound


def _even_chunks(total: IntArray) -> list[IntArray]:
    """Rows in groups of similar totals, so that padding each row to the largest of its group wastes little."""
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
    """Each row's spans of vehicles, concatenated and padded with indices from ``nowhere`` on."""
    ends = np.cumsum(held, axis=1)
    total = ends[:, -1:]
    width = int(total.max())
    shift = np.concatenate((start - ends + held, np.full_like(total, nowhere)), axis=1)
    length = np.concatenate((held, width - total), axis=1)
    place = np.repeat(shift.ravel(), length.ravel()).reshape(len(held), width)
    place += np.arange(width)
    return place


def _chords2(layout: Layout, points: FloatArray, place: IntArray) -> FloatArray:
    """Squared chords from each row's point to its vehicles; beyond the widest chord for padding."""
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
    """The k least of each row, ascending, and their columns; all columns if there are fewer; infinity for padding.

    Sorts integers: the bits of a squared chord with the column number in the lowest bits. The bits of positive floats
    increase with their value. With 1,000 candidates the column number changes a distance by a factor of 1e-13, less
    than the arithmetic before it. Overwrites ``chord2``.
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
