"""Places of the matching benches."""

from __future__ import annotations

import numpy as np

from bench.matching.box import EAST, NORTH, SOUTH, WEST, random_places


def test_places_lie_in_the_box() -> None:
    """Latitudes first."""
    lat, lng = random_places(np.random.default_rng(1), 100)
    assert (lat.shape, lng.shape) == ((100,), (100,))
    assert SOUTH <= lat.min() < lat.max() <= NORTH
    assert WEST <= lng.min() < lng.max() <= EAST
