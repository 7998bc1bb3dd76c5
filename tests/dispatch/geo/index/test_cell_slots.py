"""Slots of cells."""

from __future__ import annotations

import h3.api.basic_int as h3_int
import numpy as np

from dispatch.geo.cells import Cell, cell_of, disk, disk_and_rim
from dispatch.geo.index.cell_slots import NOWHERE, CellSlots
from dispatch.values.units import LatLng


def test_slots_stay() -> None:
    """A cell keeps its slot while the table grows, and no cell gets that of nowhere."""
    table = CellSlots()
    cells = disk(cell_of(LatLng(37.77, -122.42), 9), 3)
    first = table.slots(cells[:5])
    table.slots(cells)
    assert (table.slots(cells[:5]) == first).all()
    assert NOWHERE not in table.slots(cells)
    assert [table.cell(int(s)) for s in table.slots(cells)] == cells
    assert len(table) == len(table.center) == len(table.cover) == 1 + len(cells)


def test_neighbours_around_a_pentagon_are_filled_up() -> None:
    """Rows name all cells within the rings, whether there are six to a side or five; reach ends at the next ring."""
    table = CellSlots()
    middle = [Cell(h3_int.get_pentagons(9)[0]), cell_of(LatLng(37.77, -122.42), 9)]
    for rings in (1, 2, 4):
        rows, reach = table.neighbours(table.slots(middle), rings)
        assert rows.shape == (2, 1 + 3 * rings * (rings + 1))
        for cell, row, far in zip(middle, rows, reach.tolist(), strict=True):
            inside, rim = disk_and_rim(cell, rings + 1)
            assert sorted(table.cell(s) for s in row.tolist() if s) == inside
            away = np.linalg.norm(table.center[table.slots(rim)] - table.center[table.slots([cell])], axis=1)
            assert 0 < far < away.min()
        assert (table.neighbours(table.slots(middle[::-1]), rings)[0] == rows[::-1]).all()


def test_nowhere_is_far_from_everything() -> None:
    """No search takes the slot of nowhere for near, and nothing is in it."""
    table = CellSlots()
    assert np.linalg.norm(table.center[NOWHERE]) > 10
    assert not table.surely_in(np.array([[1.0, 0.0, 0.0]]), np.array([NOWHERE])).any()
