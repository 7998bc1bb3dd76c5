"""Great-circle distance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.geo.distance import (
    EARTH_RADIUS_M,
    chord2_to_meters,
    haversine_m,
    haversine_many,
    unit_vectors,
)
from dispatch.values.units import LatLng

points = st.builds(LatLng, st.floats(-90, 90), st.floats(-180, 180))


def test_known_distances() -> None:
    """A degree of the equator, pole to pole, and the same place."""
    degree = EARTH_RADIUS_M * np.pi / 180
    assert haversine_m(LatLng(0, 0), LatLng(0, 1)) == pytest.approx(degree)
    assert haversine_m(LatLng(90, 0), LatLng(-90, 77)) == pytest.approx(180 * degree)
    assert haversine_m(LatLng(37.77, -122.42), LatLng(37.77, -122.42)) < 1e-9


@given(a=points, b=points)
def test_one_pair_and_many_and_chords_agree(a: LatLng, b: LatLng) -> None:
    """The scalar, the columns and the chord of unit vectors tell one distance, the same both ways."""
    one = haversine_m(a, b)
    many = haversine_many(np.array([a.lat]), np.array([a.lng]), np.array([b.lat]), np.array([b.lng]))
    vectors = unit_vectors(np.array([a.lat, b.lat]), np.array([a.lng, b.lng]))
    chord2 = np.square(vectors[0] - vectors[1]).sum()
    assert haversine_m(b, a) == pytest.approx(one, abs=1e-6)
    assert many[0] == pytest.approx(one, abs=1e-6)
    # Near the antipode the sphere's diameter hides a metre; a city never looks that far.
    assert chord2_to_meters(np.array([chord2]))[0] == pytest.approx(one, abs=1.0 if one > 1.9e7 else 1e-4)


def test_an_infinite_chord_is_infinitely_far() -> None:
    """What has no place stays infinitely far."""
    assert np.isinf(chord2_to_meters(np.array([np.inf]))).all()
