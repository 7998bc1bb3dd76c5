"""A city split over several matchers: each owns the requests of its cells and sees a band of cells around them.

Theory of operation. Two matchers that see the same neighbourhood of a border find the same best assignment there; each
proposes its own part, and the parts fit. Without the neighbour's requests, each would send the vehicles near the border
to its own requests, which costs more the scarcer vehicles are.

Rule 1. A request belongs to one matcher: the owner of the cell of its pick-up.
Rule 2. The vehicle decides. Several matchers may see and propose a vehicle near a border; it takes the first proposal.
        The matchers that lost it try again immediately, so no vehicle is assigned twice.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from dispatch.geo.cells import Cell, cell_center, cell_of, disk
from dispatch.values.units import LatLng


def split_evenly(cells: Sequence[Cell], weight: Sequence[float], regions: int) -> dict[Cell, int]:
    """Split cells by longitude into ``regions`` stripes of about equal weight, from west to east."""
    if regions < 1:
        raise ValueError("at least one region")
    order = sorted(range(len(cells)), key=lambda place: (cell_center(cells[place]).lng, cells[place]))
    total = sum(weight)
    owners, before = {}, 0.0
    for place in order:
        share = (before + weight[place] / 2) / total if total else 0.0
        owners[cells[place]] = min(regions - 1, int(share * regions))
        before += weight[place]
    return owners


class Regions:
    """The owner of a point, and the regions that see it.

    ``band``: rings of cells around its own that a matcher sees; best as wide as a usual pick-up distance. A point in
    a cell without an owner belongs to the owner of the nearest owned cell.
    """

    def __init__(self, owners: Mapping[Cell, int], *, resolution: int, band: int) -> None:
        if not owners:
            raise ValueError("no cell has an owner")
        self._owners = dict(owners)
        self._resolution = resolution
        self._band = band
        self._centers = [(cell_center(cell), cell) for cell in sorted(owners)]
        self._seen: dict[Cell, tuple[int, ...]] = {}

    @property
    def count(self) -> int:
        return 1 + max(self._owners.values())

    def owner(self, point: LatLng) -> int:
        return self._owner(cell_of(point, self._resolution))

    def seen_by(self, point: LatLng) -> tuple[int, ...]:
        """The regions that see this point, sorted, including its owner."""
        return self._sight(cell_of(point, self._resolution))

    def _owner(self, cell: Cell) -> int:
        owner = self._owners.get(cell)
        if owner is None:
            here = cell_center(cell)
            _, nearest = min(self._centers, key=lambda entry: _gap(here, entry[0]))
            owner = self._owners[cell] = self._owners[nearest]
        return owner

    def _sight(self, cell: Cell) -> tuple[int, ...]:
        sight = self._seen.get(cell)
        if sight is None:
            near = {self._owner(other) for other in disk(cell, self._band)}
            sight = self._seen[cell] = tuple(sorted(near))
        return sight


def _gap(one: LatLng, other: LatLng) -> float:
    """A measure that increases with the distance between two points of a city."""
    narrow = float(np.cos(np.radians(one.lat)))
    return (one.lat - other.lat) ** 2 + (narrow * (one.lng - other.lng)) ** 2
