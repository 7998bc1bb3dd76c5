"""The part of San Francisco in which the matching benches place cars and requests."""

from __future__ import annotations

import numpy as np

from dispatch.geo.arrays import FloatArray

SOUTH, NORTH, WEST, EAST = 37.708, 37.808, -122.51, -122.385


def random_places(rng: np.random.Generator, count: int) -> tuple[FloatArray, FloatArray]:
    """Latitudes and longitudes, uniform in the box."""
    return rng.uniform(SOUTH, NORTH, count), rng.uniform(WEST, EAST, count)
