"""Great-circle distance (haversine) and chords of the unit sphere.

The earth is a sphere of its mean radius (IUGG, 6,371,008.8 m). The error against the WGS 84 ellipsoid is at most
0.5 %, far below the detour that streets add to a straight line.
"""

import math

import numpy as np

from dispatch.geo.arrays import FloatArray
from dispatch.values.units import LatLng, Meters

EARTH_RADIUS_M = 6_371_008.8
STRAIGHT_MPS = 4.5
"""Straight-line progress of a vehicle in city streets: 23 km/h by road with a detour of about 1.4."""


def haversine_m(a: LatLng, b: LatLng) -> Meters:
    """Great-circle metres between two points."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    half_lat = math.sin((lat_b - lat_a) / 2)
    half_lng = math.sin(math.radians(b.lng - a.lng) / 2)
    h = half_lat * half_lat + math.cos(lat_a) * math.cos(lat_b) * half_lng * half_lng
    return Meters(2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h))))


def haversine_many(lat1: FloatArray, lng1: FloatArray, lat2: FloatArray, lng2: FloatArray) -> FloatArray:
    """Great-circle metres between points in degrees; shapes broadcast."""
    phi1, phi2 = np.radians(lat1), np.radians(lat2)
    half_lat = np.sin((phi2 - phi1) / 2)
    half_lng = np.sin(np.radians(np.subtract(lng2, lng1)) / 2)
    h = half_lat * half_lat + np.cos(phi1) * np.cos(phi2) * half_lng * half_lng
    meters: FloatArray = 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(1.0, np.sqrt(h)))
    return meters


def unit_vectors(lat: FloatArray, lng: FloatArray) -> FloatArray:
    """Points in degrees as unit vectors [n, 3]; chords increase with great-circle distance."""
    phi, lam = np.radians(lat), np.radians(lng)
    out = np.empty((len(phi), 3))
    cos_phi = np.cos(phi)
    np.multiply(cos_phi, np.cos(lam), out=out[:, 0])
    np.multiply(cos_phi, np.sin(lam), out=out[:, 1])
    np.sin(phi, out=out[:, 2])
    return out


def chord2_to_meters(chord2: FloatArray) -> FloatArray:
    """Great-circle metres of squared chords of the unit sphere; infinity stays infinity."""
    meters: FloatArray = 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(1.0, np.sqrt(chord2) / 2))
    meters[np.isinf(chord2)] = np.inf
    return meters
