"""Snapping to the nearest node."""

from __future__ import annotations

import numpy as np

from dispatch.geo.distance import haversine_many
from dispatch.geo.nearest_node import NearestNode
from tests.dispatch.geo.grids import grid


def test_the_nearest_node_by_great_circle() -> None:
    """Node and metres are those of brute force."""
    rng = np.random.default_rng(3)
    network = grid(rng)
    lat, lng = rng.uniform(37.69, 37.71, 200), rng.uniform(-122.41, -122.39, 200)
    node, meters = NearestNode(network.lat, network.lng).nearest(lat, lng)
    every = haversine_many(lat[:, None], lng[:, None], network.lat, network.lng)
    np.testing.assert_allclose(meters, every.min(axis=1), atol=1e-5)
    np.testing.assert_allclose(every[np.arange(200), node], every.min(axis=1), atol=1e-5)
