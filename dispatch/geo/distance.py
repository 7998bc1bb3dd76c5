"""Great-circle distance: the one haversine of the project.

The earth is taken as a sphere of its mean radius (IUGG, 6,371,008.8 m); against the WGS 84 ellipsoid this is
off by 0.5 % at most, far below what streets add to a straight line.
"""

from __future__ import annotations

import math

import numpy as np

from dispatch.geo.arrays import FloatArray
from dispatch.values.units import LatLng, Meters

EARTH_RADIUS_M = 6_371_008.8
STRAIGHT_MPS = 4.5
"""Straight-line progress of a car in city streets: 23 km/h by road over a detour of about 1.4."""


def haversine_m(a: LatLng, b: LatLng) -> Meters:
    """Great-circle metres between two points."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    half_lat = math.sin((lat_b - lat_a) / 2)
    half_lng = math.sin(math.radians(b.lng - a.lng) / 2)
    h = half_lat * half_lat + math.cos(lat_a) * math.cos(lat_b) * half_lng * half_lng
    return Meters(2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h))))


def haversine_many(lat1: FloatArray, lng1: FloatArray, lat2: FloatArray, lng2: FloatArray) -> FloatArray:
    """Great-circle metres between points given in degrees; the shapes broadcast."""
    phi1, phi2 = np.radians(lat1), np.radians(lat2)
    half_lat = np.sin((phi2 - phi1) / 2)
    half_lng = np.sin(np.radians(np.subtract(lng2, lng1)) / 2)
    h = half_lat * half_lat + np.cos(phi1) * np.cos(phi2) * half_lng * half_lng
    meters: FloatArray = 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(1.0, np.sqrt(h)))
    return meters


def unit_vectors(lat: FloatArray, lng: FloatArray) -> FloatArray:
    """Points in degrees as unit vectors, shape [n, 3]: their chord grows with their great-circle distance."""
    phi, lam = np.radians(lat), np.radians(lng)
    out = np.empty((len(phi), 3))
    cos_phi = np.cos(phi)
    np.multiply(cos_phi, np.cos(lam), out=out[:, 0])
    np.multiply(cos_phi, np.sin(lam), out=out[:, 1])
    np.sin(phi, out=out[:, 2])
    return out


def chord2_to_meters(chord2: FloatArray) -> FloatArray:
    """Great-circle metres of a squared chord of the unit sphere; infinite stays infinite."""
    meters: FloatArray = 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(1.0, np.sqrt(chord2) / 2))
    meters[np.isinf(chord2)] = np.inf
    return meters


def meters_to_chord2(meters: FloatArray) -> FloatArray:
    """The squared chord of the unit sphere that spans so many metres; negative metres count as none."""
    half = np.sin(np.clip(meters / (2 * EARTH_RADIUS_M), 0.0, np.pi / 2))
    chord2: FloatArray = 4 * half * half
    return chord2
