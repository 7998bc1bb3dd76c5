"""H3 cells: names, boxes, shapes and the gap to the next ring."""

from __future__ import annotations

import subprocess
import sys

import h3.api.basic_int as h3_int
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.geo.cells import (
    Box,
    Cell,
    cell_center,
    cell_from_name,
    cell_name,
    cell_of,
    cells_of,
    covering,
    disk,
    disk_and_rim,
    shapes,
)
from dispatch.geo.distance import unit_vectors
from dispatch.geo.index.cell_slots import CellSlots
from dispatch.values.units import LatLng

SF = LatLng(37.7749, -122.4194)
seeds = st.integers(0, 2**32)


def a_cell(seed: int, resolution: int) -> Cell:
    """A cell anywhere, every third time a pentagon or next to one."""
    rng = np.random.default_rng(seed)
    if seed % 3 == 0:
        pentagon = Cell(int(rng.choice(h3_int.get_pentagons(resolution))))
        return disk(pentagon, 1)[int(rng.integers(6))]
    return cell_of(LatLng(float(rng.uniform(-89, 89)), float(rng.uniform(-180, 180))), resolution)


def points_near(cell: Cell, seed: int, n: int = 200) -> list[LatLng]:
    """Points in and around a cell."""
    rng = np.random.default_rng(seed)
    center = unit_vectors(*np.array([[c] for c in cell_center(cell)]))[0]
    reach = float(shapes([cell]).cover[0])
    around = center + rng.uniform(-1, 1, (n, 3)) * reach
    around /= np.linalg.norm(around, axis=1, keepdims=True)
    lat, lng = np.degrees(np.arcsin(around[:, 2])), np.degrees(np.arctan2(around[:, 1], around[:, 0]))
    return [LatLng(*p) for p in zip(lat.tolist(), lng.tolist(), strict=True)]


def test_names_go_there_and_back() -> None:
    """A cell's name is H3's text, and what is none is refused."""
    cell = cell_of(SF, 9)
    assert cell_name(cell) == "89283082803ffff"
    assert cell_from_name(cell_name(cell)) == cell
    for wrong in ("", "hello", "89283082803fffe", "ffffffffffffffff"):
        with pytest.raises(ValueError, match="no H3 cell"):
            cell_from_name(wrong)


def test_many_cells_at_once() -> None:
    """Columns give the same cells as single points."""
    assert cells_of([SF.lat, 0.0], [SF.lng, 0.0], 9) == [cell_of(SF, 9), cell_of(LatLng(0, 0), 9)]


@given(south=st.floats(37.7, 37.8), west=st.floats(-122.5, -122.4), size=st.floats(1e-5, 0.02), seed=seeds)
def test_covering_holds_every_point_of_the_box(south: float, west: float, size: float, seed: int) -> None:
    """No point of a box is in a cell that its covering lacks."""
    box = Box(south, west, south + size, west + size)
    cells = set(covering(box, 9))
    rng = np.random.default_rng(seed)
    inside = [LatLng(south + float(a) * size, west + float(b) * size) for a, b in rng.random((30, 2))]
    assert all(box.holds(p) for p in inside)
    assert {cell_of(p, 9) for p in inside} <= cells


def test_a_box_without_area_is_a_point() -> None:
    """An empty box gives the one cell of its corner."""
    assert covering(Box(SF.lat, SF.lng, SF.lat, SF.lng), 9) == [cell_of(SF, 9)]
    assert not Box(0, 0, 1, 1).holds(LatLng(2, 0.5))


@settings(deadline=None)
@given(seed=seeds, resolution=st.sampled_from([3, 7, 9, 12]))
def test_a_point_of_a_cell_is_within_its_cover(seed: int, resolution: int) -> None:
    """The covering ball holds all of the cell, and what is surely in a cell is in it: at pentagons too."""
    cell = a_cell(seed, resolution)
    points = points_near(cell, seed)
    table = CellSlots()
    slots = table.slots([cell]).repeat(len(points))
    vectors = unit_vectors(np.array([p.lat for p in points]), np.array([p.lng for p in points]))
    sure = table.surely_in(vectors, slots)
    truly = np.array([cell_of(p, resolution) == cell for p in points])
    away = np.linalg.norm(vectors - table.center[slots], axis=1)
    assert (away[truly] <= table.cover[slots][truly]).all()
    assert not (sure & ~truly).any()
    # Where H3 bends a side, the test of sides is content to know less.
    assert sure.sum() >= 0.75 * truly.sum()


def test_disk_and_rim_part_the_disk() -> None:
    """Inside and rim make the disk; around a pentagon both are smaller."""
    for middle, rim_size in ((cell_of(SF, 9), 12), (Cell(h3_int.get_pentagons(9)[0]), 10)):
        inside, rim = disk_and_rim(middle, 2)
        assert sorted(inside + rim) == disk(middle, 2)
        assert len(rim) == rim_size


def test_hosts_import_cells_without_the_slow_libraries() -> None:
    """Cells and distances come without scipy, pyarrow and osmium, so that a killed host is soon back."""
    code = (
        "import sys, dispatch.geo.cells, dispatch.geo.distance, dispatch.geo.geofence\n"
        "print(sorted({'scipy', 'pyarrow', 'osmium'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
