"""The k nearest of cars laid out by cell, for many points at once, exact.

Theory of operation. A car lies in its cell, and its cell in a disc of known radius, so for a point at ``d``
metres from a cell's centre each car of that cell is between ``d - cover`` and ``d + cover`` away. The nearest
cells that hold k cars between them bound the k-th nearest car from above; a cell whose least distance exceeds
that bound cannot hold one of the k. The rest is looked at car by car, by squared chord of the unit sphere,
which orders cars as great-circle distance does. Cells that were not listed at all are further than the
outermost listed ring, because every way to them crosses it; where the k-th car is not nearer than that
ring, the answer is not *settled* and the caller asks again with more cells.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dispatch.geo.arrays import BoolArray, FloatArray, IntArray
from dispatch.geo.cell_table import CellTable
from dispatch.geo.distance import chord2_to_meters

_CHUNK = 1 << 16
"""Distances worked on at once: half a megabyte, to stay in the processor's cache."""
_NO_KEY = np.iinfo(np.int64).max
_SLACK_M = 1e-3
"""Added to every bound on the safe side, a thousand times what rounding could take."""


class Layout(NamedTuple):
    """Cars in the order of their slots: those of slot ``s`` are ``start[s]`` to ``start[s] + held[s]``."""

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
    """``handle`` [n, k], -1 where there are fewer; ``meters`` [n, k] rising, inf there; ``settled`` [n]."""

    handle: IntArray
    meters: FloatArray
    settled: BoolArray


def search(layout: Layout, table: CellTable, query: Query, k: int) -> Found:
    """The k nearest cars of each point among its cells. Equally far cars come in no promised order."""
    points, near, rim = query
    rows = max(1, _CHUNK // max(1, near.shape[1]))
    spans = [slice(i, i + rows) for i in range(0, len(points), rows)]
    parts = [_search_part(layout, table, Query(points[s], near[s], rim), k) for s in spans]
    return Found(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _search_part(layout: Layout, table: CellTable, query: Query, k: int) -> Found:
    points, near, rim = query
    gap = table.center[near] - points[:, None, :]
    meters = chord2_to_meters(np.einsum("nji,nji->nj", gap, gap))
    cover = table.cover_m[near] + _SLACK_M
    least = meters - cover
    held = layout.held[near]
    bound = _kth_at_most(meters + cover, held, k)
    held = np.where(least <= bound[:, None], held, 0)
    chord2, place = _nearest_of(layout, query, held, k)
    far = chord2_to_meters(chord2)
    handle = np.where(place >= 0, layout.handle[place], -1)
    if not rim:
        return Found(handle, far, np.ones(len(points), np.bool_))
    return Found(handle, far, far[:, -1] <= least[:, -rim:].min(axis=1))


def _kth_at_most(most: FloatArray, held: IntArray, k: int) -> FloatArray:
    """Metres within which each point surely has k cars; inf where its cells hold fewer."""
    order = np.argsort(most, axis=1)
    enough = np.cumsum(np.take_along_axis(held, order, axis=1), axis=1) >= k
    first = np.take_along_axis(order, enough.argmax(axis=1)[:, None], axis=1)
    bound: FloatArray = np.where(enough[:, -1], np.take_along_axis(most, first, axis=1)[:, 0], np.inf)
    return bound


def _nearest_of(layout: Layout, query: Query, held: IntArray, k: int) -> tuple[FloatArray, IntArray]:
    """Squared chords [n, k] and places in the layout [n, k] of the nearest of the ``held`` cars of each cell."""
    chord2 = np.full((len(held), k), np.inf)
    place = np.full((len(held), k), -1, np.int64)
    for rows in _even_chunks(held.sum(axis=1)):
        start = layout.start[query.near[rows]]
        chord2[rows], place[rows] = _nearest_even(layout, query.points[rows], start, held[rows], k)
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


def _nearest_even(
    layout: Layout, points: FloatArray, start: IntArray, held: IntArray, k: int
) -> tuple[FloatArray, IntArray]:
    """The k nearest by a sort of whole numbers: the bits of a squared chord, its last ones a column number.

    Bits of positive floats rise with their value. The column takes the place of the lowest bits: with 1,000
    candidates that rounds a distance by 2e-13 of itself, less than the arithmetic before it.
    """
    total = held.sum(axis=1)
    width = int(total.max())
    place = _expand(start.ravel(), held.ravel())
    chord2 = np.square(layout.x[place] - np.repeat(points[:, 0], total))
    chord2 += np.square(layout.y[place] - np.repeat(points[:, 1], total))
    chord2 += np.square(layout.z[place] - np.repeat(points[:, 2], total))
    low = (1 << width.bit_length()) - 1
    key = np.full((len(points), max(width, k)), _NO_KEY)
    key[np.arange(key.shape[1]) < total[:, None]] = chord2.view(np.int64) & ~low
    key[:, :width] |= np.arange(width)
    if key.shape[1] > k:
        key = np.ascontiguousarray(np.partition(key, k - 1, axis=1)[:, :k])
    key.sort(axis=1)
    none = key == _NO_KEY
    column = np.where(none, 0, key & low)
    first = np.cumsum(total) - total
    nearest = (key & ~low).view(np.float64)
    return np.where(none, np.inf, nearest), np.where(none, -1, place[first[:, None] + column])


def _expand(start: IntArray, length: IntArray) -> IntArray:
    """The whole numbers of each span, one span after the other."""
    ends = np.cumsum(length)
    return np.arange(int(ends[-1])) + np.repeat(start - ends + length, length)
