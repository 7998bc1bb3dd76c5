"""The index of free cars against brute force."""

from __future__ import annotations

import h3.api.basic_int as h3_int
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.geo.arrays import BoolArray, FloatArray, HandleArray, IntArray
from dispatch.geo.cells import cell_of
from dispatch.geo.distance import haversine_many
from dispatch.geo.index.vehicle_index import VehicleIndex
from dispatch.values.units import LatLng

PENTAGON = h3_int.cell_to_latlng(h3_int.get_pentagons(9)[3])
CENTERS = {
    "San Francisco": (37.77, -122.42),
    "pentagon": PENTAGON,
    "cell corner": h3_int.cell_to_boundary(h3_int.latlng_to_cell(37.77, -122.42, 9))[2],
    "date line": (-16.8, 179.9999),
    "north pole": (89.999, 20.0),
    "equator": (0.0, 0.0),
}


def assert_exact(
    index: VehicleIndex,
    cars: dict[int, tuple[float, float]],
    points: FloatArray,
    k: int,
    allowed: BoolArray | None = None,
) -> None:
    """The answer's distances are the k least, each is its car's own, and no car comes twice."""
    lat, lng = points.T
    found, meters = index.nearest(lat, lng, k, allowed)
    assert found.shape == meters.shape == (len(lat), k)
    assert found.dtype == np.int32
    handles = np.array([h for h in cars if allowed is None or (h < len(allowed) and allowed[h])], np.int64)
    where = np.array([cars[h] for h in handles.tolist()]).reshape(-1, 2)
    everyone = haversine_many(lat[:, None], lng[:, None], where[:, 0], where[:, 1])
    count = min(k, len(handles))
    assert_rows(found, meters, handles, everyone, count)


def assert_rows(found: HandleArray, meters: FloatArray, handles: IntArray, everyone: FloatArray, count: int) -> None:
    """Compare with all distances [n, cars]."""
    assert (found[:, count:] == -1).all()
    assert np.isinf(meters[:, count:]).all()
    tolerance = 1e-5 + 1e-9 * everyone.max(initial=0)
    np.testing.assert_allclose(meters[:, :count], np.sort(everyone, axis=1)[:, :count], rtol=0, atol=tolerance)
    assert (np.diff(meters[:, :count], axis=1) >= 0).all()
    column = np.searchsorted(handles, found[:, :count]) if count else np.zeros((len(found), 0), np.int64)
    assert (handles[column] == found[:, :count]).all()
    own = np.take_along_axis(everyone, column, axis=1)
    np.testing.assert_allclose(meters[:, :count], own, rtol=0, atol=tolerance)
    for row in found[:, :count].tolist():
        assert len(set(row)) == count


def scatter(rng: np.random.Generator, n: int, center: tuple[float, float], spread_m: float) -> FloatArray:
    """Points around a centre, [n, 2], kept inside what latitude and longitude allow."""
    lat = np.clip(center[0] + rng.normal(0, spread_m / 111_000, n), -90, 90)
    wide = spread_m / 111_000 / max(0.01, np.cos(np.radians(center[0])))
    lng = (center[1] + rng.normal(0, wide, n) + 180) % 360 - 180
    return np.column_stack((lat, lng))


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    center=st.sampled_from(sorted(CENTERS)),
    cars=st.integers(0, 400),
    spread=st.tuples(
        st.sampled_from([0.0, 5.0, 150.0, 800.0, 5_000.0]), st.sampled_from([0.0, 100.0, 3_000.0, 100_000.0])
    ),
    k_and_resolution=st.sampled_from([(1, 9), (3, 7), (8, 11), (32, 9), (100, 9)]),
)
def test_nearest_is_brute_force(
    seed: int, center: str, cars: int, spread: tuple[float, float], k_and_resolution: tuple[int, int]
) -> None:
    """Wherever cars and points lie, clustered, at borders, at a pentagon, too few: the k least distances."""
    rng = np.random.default_rng(seed)
    middle = CENTERS[center]
    k, resolution = k_and_resolution
    where = scatter(rng, cars, middle, spread[0])
    points = np.vstack((scatter(rng, 15, middle, spread[0]), scatter(rng, 5, middle, spread[1])))
    index = VehicleIndex(resolution)
    handles = np.sort(rng.permutation(2 * cars)[:cars])
    index.move(handles, where[:, 0], where[:, 1])
    kept = {h: (float(a), float(b)) for h, (a, b) in zip(handles.tolist(), where, strict=True)}
    assert_exact(index, kept, points, k)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    center=st.sampled_from(sorted(CENTERS)),
    rounds=st.integers(1, 6),
    step=st.sampled_from([1.0, 60.0, 2_000.0]),
)
def test_moved_and_removed_cars(seed: int, center: str, rounds: int, step: float) -> None:
    """After any moves, additions and removals the index answers, and names each car's cell, as if made anew."""
    rng = np.random.default_rng(seed)
    middle = CENTERS[center]
    index = VehicleIndex()
    cars: dict[int, tuple[float, float]] = {}
    for _ in range(rounds):
        handles = np.unique(rng.integers(0, 500, 200))
        old = np.array([cars.get(h, middle) for h in handles.tolist()])
        where = np.array([scatter(rng, 1, (a, b), step)[0] for a, b in old.tolist()])
        index.move(handles, where[:, 0], where[:, 1])
        cars.update({h: (a, b) for h, (a, b) in zip(handles.tolist(), where.tolist(), strict=True)})
        for gone in rng.permutation(sorted(cars))[:40].tolist():
            index.remove(gone)
            del cars[gone]
        points = scatter(rng, 10, middle, step)
        allowed = rng.random(450) < 0.6
        ordered = dict(sorted(cars.items()))
        assert_exact(index, ordered, points, 8)
        assert_exact(index, ordered, points, 8, allowed)
    assert {h: index.cell(h) for h in index} == {h: cell_of(LatLng(*cars[h]), 9) for h in sorted(cars)}


def test_a_city_of_cars_is_exact() -> None:
    """With thousands of cars in a thousand cells, where rings of cells are searched, brute force agrees."""
    rng = np.random.default_rng(5)
    where = np.vstack(
        (
            np.column_stack((rng.uniform(37.71, 37.81, 4_000), rng.uniform(-122.51, -122.39, 4_000))),
            scatter(rng, 1_500, (37.7786, -122.3893), 120.0),
        )
    )
    index = VehicleIndex()
    index.move(np.arange(len(where)), where[:, 0], where[:, 1])
    cars = {h: (a, b) for h, (a, b) in enumerate(where.tolist())}
    points = np.vstack(
        (
            np.column_stack((rng.uniform(37.70, 37.82, 300), rng.uniform(-122.55, -122.35, 300))),
            scatter(rng, 50, (37.7786, -122.3893), 300.0),
        )
    )
    for k in (1, 8, 32, 200):
        assert_exact(index, cars, points, k)


def test_a_handle_listed_twice_is_where_it_was_last() -> None:
    """Two fixes of one car in a batch leave it at the later one, in that one's cell."""
    index = VehicleIndex()
    index.move(np.array([4, 4]), np.array([37.70, 37.80]), np.array([-122.4, -122.5]))
    assert index.position(4) == (37.80, -122.5)
    assert index.cell(4) == cell_of(LatLng(37.80, -122.5), 9)
    assert len(index) == 1


def test_put_remove_and_contain() -> None:
    """A car is in the index from its put to its removal; removing it again does nothing."""
    index = VehicleIndex()
    index.put(3, 37.77, -122.42)
    assert 3 in index
    assert 2 not in index
    assert list(index) == [3]
    index.remove(3)
    index.remove(3)
    index.remove(99)
    assert 3 not in index
    assert len(index) == 0
    with pytest.raises(KeyError):
        index.position(3)
    with pytest.raises(KeyError):
        index.cell(99)


@pytest.mark.parametrize(("lat", "lng"), [(91.0, 0.0), (0.0, 181.0), (float("nan"), 0.0), (0.0, float("inf"))])
def test_no_position_changes_nothing(lat: float, lng: float) -> None:
    """A batch with one impossible position is refused whole."""
    index = VehicleIndex()
    index.put(0, 1.0, 1.0)
    with pytest.raises(ValueError, match="latitude"):
        index.move(np.array([0, 1]), np.array([2.0, lat]), np.array([2.0, lng]))
    assert index.position(0) == (1.0, 1.0)
    assert 1 not in index


def test_wrong_arguments_are_refused() -> None:
    """Unequal lengths, handles below zero, no resolution of H3 and k of nothing are ValueErrors."""
    index = VehicleIndex()
    with pytest.raises(ValueError, match="length"):
        index.move(np.array([0, 1]), np.array([2.0]), np.array([2.0]))
    with pytest.raises(ValueError, match="below zero"):
        index.put(-1, 2.0, 2.0)
    with pytest.raises(ValueError, match="at least 1"):
        index.nearest(np.zeros(1), np.zeros(1), 0)
    with pytest.raises(ValueError, match="resolution"):
        VehicleIndex(16)
