"""The nearest node of a road network to any point."""

import numpy as np
from scipy.spatial import cKDTree

from dispatch.geo.arrays import FloatArray, IntArray
from dispatch.geo.distance import chord2_to_meters, unit_vectors


class NearestNode:
    """A tree of unit vectors: the nearest by chord is the nearest by great-circle distance."""

    def __init__(self, lat: FloatArray, lng: FloatArray) -> None:
        self._tree = cKDTree(unit_vectors(lat, lng))

    def nearest(self, lat: FloatArray, lng: FloatArray) -> tuple[IntArray, FloatArray]:
        """The nearest node of each point, and the metres to it."""
        chord, node = self._tree.query(unit_vectors(lat, lng))
        return np.asarray(node, np.int64), chord2_to_meters(np.square(np.asarray(chord, np.float64)))
