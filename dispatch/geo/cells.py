"""H3 cells: the cell of a point, the cells of a box, neighbours, and the geometry of a cell.

Cells are 64-bit integers; :func:`cell_name` returns the text that maps and messages use. This module imports only h3
and numpy, because hosts import it and must restart quickly.
"""

from collections.abc import Callable, Sequence
from itertools import repeat
from typing import NamedTuple, NewType, cast

import h3
import h3.api.basic_int as h3_int
import numpy as np

from dispatch.geo.arrays import FloatArray
from dispatch.geo.distance import unit_vectors
from dispatch.values.units import LatLng

Cell = NewType("Cell", int)
"""An H3 cell's number."""

_to_cell = cast("Callable[[float, float, int], Cell]", h3_int.latlng_to_cell)
COVER_SLACK = 1 + 1e-6
"""Widens the ball around a cell; :data:`INNER_SLACK` shrinks the ball inside it. Both far exceed rounding errors."""
INNER_SLACK = 0.99


class Box(NamedTuple):
    """A rectangle in degrees that does not cross the date line."""

    south: float
    west: float
    north: float
    east: float

    def holds(self, point: LatLng) -> bool:
        """True if the point is inside or on the border."""
        return self.south <= point.lat <= self.north and self.west <= point.lng <= self.east


class CellShapes(NamedTuple):
    """Geometry of cells on the unit sphere, as parallel arrays. Lengths are chords.

    ``center``: unit vectors [n, 3]. ``cover``: radius of a ball around the centre that contains the cell.
    ``inner2``: squared radius of a ball inside the cell. ``side``: inward normals of the planes through the earth's
    centre and each side [n, 10, 3]; a cell with fewer sides repeats some.
    """

    center: FloatArray
    cover: FloatArray
    inner2: FloatArray
    side: FloatArray


def cell_of(point: LatLng, resolution: int) -> Cell:
    return Cell(h3_int.latlng_to_cell(point.lat, point.lng, resolution))


def cells_of(lat: Sequence[float], lng: Sequence[float], resolution: int) -> list[Cell]:
    """The cell of each point, 0.5-1 µs per point; lists of Python floats are faster here than arrays."""
    return list(map(_to_cell, lat, lng, repeat(resolution)))


def cell_center(cell: Cell) -> LatLng:
    return LatLng(*h3_int.cell_to_latlng(cell))


def cell_name(cell: Cell) -> str:
    return str(h3.int_to_str(cell))


def cell_from_name(name: str) -> Cell:
    """The cell of a hexadecimal text. Raises ValueError if it is not an H3 cell."""
    try:
        cell = h3.str_to_int(name)
    except ValueError as error:
        raise ValueError(f"no H3 cell: {name!r}") from error
    if not h3_int.is_valid_cell(cell):
        raise ValueError(f"no H3 cell: {name!r}")
    return Cell(cell)


def disk(cell: Cell, rings: int) -> list[Cell]:
    """All cells within ``rings`` steps, sorted. Correct at pentagons too."""
    return sorted(Cell(c) for c in h3_int.grid_disk(cell, rings))


def disk_and_rim(cell: Cell, rings: int) -> tuple[list[Cell], list[Cell]]:
    """The cells within ``rings - 1`` steps, and those at exactly ``rings`` steps (at least 1); each sorted."""
    inside = disk(cell, rings - 1)
    return inside, sorted(set(disk(cell, rings)).difference(inside))


def covering(box: Box, resolution: int) -> list[Cell]:
    """All cells that overlap the box, sorted. A box without area returns the cell of its corner."""
    corners = [(box.south, box.west), (box.south, box.east), (box.north, box.east), (box.north, box.west)]
    if box.south >= box.north or box.west >= box.east:
        return [cell_of(LatLng(box.south, box.west), resolution)]
    touching = h3_int.h3shape_to_cells_experimental(h3.LatLngPoly(corners), resolution, contain="overlap")
    return sorted(Cell(c) for c in touching)


def shapes(cells: Sequence[Cell]) -> CellShapes:
    """Centre, covering ball, inner ball and sides of each cell.

    A cell's border consists of great-circle arcs. Its farthest point from the centre is a corner; its nearest border
    point is at least as far as the great circle of the nearest side, whose sine is ``normal · centre``.
    """
    middle = np.array([h3_int.cell_to_latlng(c) for c in cells]).reshape(-1, 2)
    center = unit_vectors(middle[:, 0], middle[:, 1])
    corners = _corners(cells)
    to_corner = np.sqrt(np.square(corners - center[:, None, :]).sum(axis=2).max(axis=1))
    side = np.cross(corners, np.roll(corners, -1, axis=1))
    length = np.linalg.norm(side, axis=2, keepdims=True)
    point = length[:, :, 0] < 1e-15
    side = np.divide(side, length, out=side, where=length >= 1e-15)
    side[point] = np.repeat(side[:, :1], 10, axis=1)[point]
    sine = np.einsum("cvi,ci->cv", side, center)
    side *= np.sign(sine)[:, :, None]
    inner = np.abs(sine).min(axis=1) * INNER_SLACK
    return CellShapes(center, to_corner * COVER_SLACK, inner * inner, side)


def _corners(cells: Sequence[Cell]) -> FloatArray:
    """Corners as unit vectors [n, 10, 3]; a cell with fewer than ten corners repeats its last."""
    rows = []
    for cell in cells:
        corners = list(h3_int.cell_to_boundary(cell))
        rows.append(corners + corners[-1:] * (10 - len(corners)))
    flat = np.array(rows).reshape(-1, 2)
    return unit_vectors(flat[:, 0], flat[:, 1]).reshape(-1, 10, 3)
