"""H3 cells: of a point, of a box, and how far a cell reaches.

Cells are 64-bit integers here; :func:`cell_name` gives the text that maps and messages use. This file imports
no more than h3 and numpy, because hosts that restart in a hurry import it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import repeat
from typing import NamedTuple, NewType, cast

import h3
import h3.api.basic_int as h3_int
import numpy as np

from dispatch.geo.arrays import FloatArray
from dispatch.geo.distance import EARTH_RADIUS_M, unit_vectors
from dispatch.values.units import LatLng

Cell = NewType("Cell", int)
"""An H3 cell's number."""

_to_cell = cast("Callable[[float, float, int], Cell]", h3_int.latlng_to_cell)
COVER_SLACK = 1 + 1e-6
"""Widens the ball around a cell, and :data:`INNER_SLACK` narrows the one inside it, far beyond rounding."""
INNER_SLACK = 0.99


class Box(NamedTuple):
    """A rectangle in degrees that does not cross the date line."""

    south: float
    west: float
    north: float
    east: float

    def holds(self, point: LatLng) -> bool:
        """Whether the point lies inside or on the border."""
        return self.south <= point.lat <= self.north and self.west <= point.lng <= self.east


class CellShapes(NamedTuple):
    """Geometry of some cells on the unit sphere; parallel arrays. Lengths are chords.

    ``center``: unit vectors, [n, 3]. ``cover``: the whole cell is no farther from the centre than this.
    ``inner2``: squared; what is nearer to the centre than this is in the cell. ``side``: normals of the planes
    through the earth's centre and each side, pointing inward, [n, 10, 3]; a cell with fewer sides repeats some.
    """

    center: FloatArray
    cover: FloatArray
    inner2: FloatArray
    side: FloatArray


def cell_of(point: LatLng, resolution: int) -> Cell:
    """The cell that holds the point."""
    return Cell(h3_int.latlng_to_cell(point.lat, point.lng, resolution))


def cells_of(lat: Sequence[float], lng: Sequence[float], resolution: int) -> list[Cell]:
    """The cell of each point. 0.5-1 µs a point: lists of Python floats are quicker here than arrays."""
    return list(map(_to_cell, lat, lng, repeat(resolution)))


def cell_center(cell: Cell) -> LatLng:
    """The centre of a cell."""
    return LatLng(*h3_int.cell_to_latlng(cell))


def cell_name(cell: Cell) -> str:
    """The cell as hexadecimal text, as H3 libraries in other languages write it."""
    return str(h3.int_to_str(cell))


def cell_from_name(name: str) -> Cell:
    """The cell of such a text. Raises ValueError where the text names no cell."""
    try:
        cell = h3.str_to_int(name)
    except ValueError as error:
        raise ValueError(f"no H3 cell: {name!r}") from error
    if not h3_int.is_valid_cell(cell):
        raise ValueError(f"no H3 cell: {name!r}")
    return Cell(cell)


def parent_cell(cell: Cell, resolution: int) -> Cell:
    """The coarser cell that holds this one in H3's hierarchy."""
    return Cell(h3_int.cell_to_parent(cell, resolution))


def disk(cell: Cell, rings: int) -> list[Cell]:
    """All cells within so many steps from neighbour to neighbour, sorted. Right at pentagons too."""
    return sorted(Cell(c) for c in h3_int.grid_disk(cell, rings))


def disk_and_rim(cell: Cell, rings: int) -> tuple[list[Cell], list[Cell]]:
    """The cells within fewer than ``rings`` steps, and those at exactly so many (at least 1); each sorted."""
    inside = disk(cell, rings - 1)
    return inside, sorted(set(disk(cell, rings)).difference(inside))


def covering(box: Box, resolution: int) -> list[Cell]:
    """All cells that touch the box, sorted. A box without area gives the cell of its corner."""
    corners = [(box.south, box.west), (box.south, box.east), (box.north, box.east), (box.north, box.west)]
    if box.south >= box.north or box.west >= box.east:
        return [cell_of(LatLng(box.south, box.west), resolution)]
    touching = h3_int.h3shape_to_cells_experimental(h3.LatLngPoly(corners), resolution, contain="overlap")
    return sorted(Cell(c) for c in touching)


def shapes(cells: Sequence[Cell]) -> CellShapes:
    """Centre, covering ball, inner ball and sides of each cell.

    A cell's border is made of great-circle arcs. Its farthest point from the centre is a corner; its nearest
    border point is no nearer than the great circle of the nearest side, of sine ``normal · centre``.
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
    """Corners as unit vectors, [n, 10, 3]; a cell with fewer than ten repeats its last."""
    rows = []
    for cell in cells:
        corners = list(h3_int.cell_to_boundary(cell))
        rows.append(corners + corners[-1:] * (10 - len(corners)))
    flat = np.array(rows).reshape(-1, 2)
    return unit_vectors(flat[:, 0], flat[:, 1]).reshape(-1, 10, 3)


def ring_gap_m(cell: Cell, rings: int) -> float:
    """Metres that a point of ``cell`` is at least away from every cell beyond ``rings`` steps.

    A way from the cell to a farther one crosses the next ring, since steps lead from neighbour to neighbour;
    so the bound is the least gap between the balls that cover ``cell`` and a cell of that ring. May be zero.
    """
    _, rim = disk_and_rim(cell, rings + 1)
    own, others = shapes([cell]), shapes(rim)
    apart = np.sqrt(np.square(others.center - own.center).sum(axis=1))
    return max(0.0, float((apart - others.cover - own.cover).min()) * EARTH_RADIUS_M)
