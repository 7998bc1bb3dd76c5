"""Known cells as small integers ("slots"), with their geometry and neighbours in arrays.

Rule 1: a cell keeps its slot. Rule 2: slot 0 is nowhere: it holds no vehicle, is far from everything, and pads the
rows of cells with fewer neighbours (around pentagons).
"""

from collections.abc import Sequence

import numpy as np

from dispatch.geo.arrays import BoolArray, FloatArray, IntArray
from dispatch.geo.cells import Cell, CellShapes, disk_and_rim, shapes

NOWHERE = 0
NOWHERE_POINT = (9.0, 9.0, 9.0)
_SIDE_SLACK = 1e-9
"""A point is inside a side if it is at least 6 mm away: far more than rounding, far less than a cell."""


class CellSlots:
    """Assigns slots to cells on first use, and holds the arrays that a search reads."""

    def __init__(self) -> None:
        self._slot_of: dict[Cell, int] = {Cell(0): NOWHERE}
        self._cells: list[Cell] = [Cell(0)]
        self._shapes = CellShapes(np.array([NOWHERE_POINT]), np.zeros(1), np.full(1, -1.0), np.zeros((1, 10, 3)))
        self._disks: dict[int, _DiskRows] = {}

    def __len__(self) -> int:
        return len(self._cells)

    @property
    def center(self) -> FloatArray:
        """Unit vectors of the centres [slots, 3]."""
        return self._shapes.center

    @property
    def cover(self) -> FloatArray:
        """The chord from the centre that covers the cell [slots]."""
        return self._shapes.cover

    def surely_in(self, points: FloatArray, slots: IntArray) -> BoolArray:
        """True for points that are certainly in the cell of their slot: in its inner ball, or well inside all sides."""
        gap = points - self._shapes.center[slots]
        inside: BoolArray = np.einsum("ni,ni->n", gap, gap) < self._shapes.inner2[slots]
        doubtful = np.flatnonzero(~inside)
        height = np.einsum("nvi,ni->nv", self._shapes.side[slots[doubtful]], points[doubtful])
        inside[doubtful] = (height > _SIDE_SLACK).all(axis=1)
        return inside

    def cell(self, slot: int) -> Cell:
        return self._cells[slot]

    def slots(self, cells: Sequence[Cell]) -> IntArray:
        """The slot of each cell; new cells get the next slots in the given order."""
        known = self._slot_of
        new = [cell for cell in dict.fromkeys(cells) if cell not in known]
        if new:
            self._learn(new)
        return np.fromiter(map(known.__getitem__, cells), np.int64, len(cells))

    def neighbours(self, slots: IntArray, rings: int) -> tuple[IntArray, FloatArray]:
        """The slots of all cells within ``rings`` steps [n, 1 + 3 * rings * (rings + 1)], and their reach [n].

        Gaps (at pentagons) contain :data:`NOWHERE`. Reach is the chord from the slot's centre within which there is
        no other cell. A path to a cell beyond crosses the next ring, because steps lead from neighbour to
        neighbour; so reach is the least distance of that ring's covering balls.
        """
        rows = self._disks.setdefault(rings, _DiskRows(rings))
        missing = np.unique(slots[~rows.known(slots, len(self))])
        if len(missing):
            around = [disk_and_rim(self._cells[slot], rings + 1) for slot in missing.tolist()]
            inside = [self._filled(cells, rows.width) for cells, _ in around]
            rim = [self._filled(cells, 6 * (rings + 1)) for _, cells in around]
            rows.store(missing, np.array(inside), self._reach(missing, np.array(rim)))
        return rows.lookup(slots)

    def _filled(self, cells: list[Cell], width: int) -> IntArray:
        return np.pad(self.slots(cells), (0, width - len(cells)), constant_values=NOWHERE)

    def _reach(self, slots: IntArray, rim: IntArray) -> FloatArray:
        gap = self.center[rim] - self.center[slots][:, None, :]
        reach: FloatArray = (np.sqrt(np.square(gap).sum(axis=2)) - self.cover[rim]).min(axis=1)
        return reach

    def _learn(self, cells: list[Cell]) -> None:
        start = len(self._cells)
        self._cells.extend(cells)
        self._slot_of.update((c, start + i) for i, c in enumerate(cells))
        both = zip(self._shapes, shapes(cells), strict=True)
        self._shapes = CellShapes(*(np.concatenate(columns) for columns in both))


class _DiskRows:
    """Rows of neighbours by slot, for one number of rings, cached on first use."""

    def __init__(self, rings: int) -> None:
        self.width = 1 + 3 * rings * (rings + 1)
        self._row_of = np.full(0, -1, np.int64)
        self._rows = np.zeros((0, self.width), np.int64)
        self._reach = np.zeros(0)

    def known(self, slots: IntArray, table_size: int) -> BoolArray:
        if len(self._row_of) < table_size:
            grown = np.full(2 * table_size, -1, np.int64)
            grown[: len(self._row_of)] = self._row_of
            self._row_of = grown
        known: BoolArray = self._row_of[slots] >= 0
        return known

    def store(self, slots: IntArray, rows: IntArray, reach: FloatArray) -> None:
        self._row_of[slots] = np.arange(len(self._rows), len(self._rows) + len(rows))
        self._rows = np.concatenate((self._rows, rows))
        self._reach = np.concatenate((self._reach, reach))

    def lookup(self, slots: IntArray) -> tuple[IntArray, FloatArray]:
        """The rows and reaches of slots, all of which must have one."""
        row = self._row_of[slots]
        return self._rows[row], self._reach[row]
