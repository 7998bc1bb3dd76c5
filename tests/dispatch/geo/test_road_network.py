"""The road network's quickest ways."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.geo.road_network import RoadNetwork
from tests.dispatch.geo.grids import grid


def all_pairs(network: RoadNetwork) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Seconds from every node to every node by Floyd and Warshall's rule, the plainest there is."""
    best = np.full((network.size, network.size), np.inf)
    np.fill_diagonal(best, 0)
    for a, b, s in zip(network.source, network.target, network.seconds, strict=True):
        best[a, b] = min(best[a, b], s)
    for via in range(network.size):
        best = np.minimum(best, best[:, via, None] + best[None, via, :])
    return best


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), keep=st.sampled_from([0.6, 0.9, 1.0]))
def test_searches_agree_with_floyd_and_warshall(seed: int, keep: float) -> None:
    """Forward, backward and step by step, the quickest way is the quickest; one-way streets are kept to."""
    rng = np.random.default_rng(seed)
    network = grid(rng, keep=keep)
    expected = all_pairs(network)
    every = np.arange(network.size)
    np.testing.assert_allclose(network.seconds_from(every), expected)
    np.testing.assert_allclose(network.seconds_to(every, np.inf), expected.T)
    within = np.where(expected.T <= 20.0, expected.T, np.inf)
    np.testing.assert_allclose(network.seconds_to(every, 20.0), within)
    for a, b in rng.integers(0, network.size, (10, 2)).tolist():
        way = network.fastest_path(a, b)
        if np.isinf(expected[a, b]):
            assert way == []
        else:
            assert (way[0], way[-1]) == (a, b)
            assert network.length_of(way)[1] == pytest.approx(expected[a, b])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_the_strongly_connected_part_has_ways_everywhere(seed: int) -> None:
    """From every kept node there is a way to every other, as quick as before."""
    network = grid(np.random.default_rng(seed), keep=0.7)
    part = network.strongly_connected()
    expected = all_pairs(network)
    both_ways = np.isfinite(expected) & np.isfinite(expected.T)
    assert part.size == both_ways.sum(axis=1).max()
    kept = all_pairs(part)
    assert np.isfinite(kept).all()
    where = {(a, b): i for i, (a, b) in enumerate(zip(network.lat.tolist(), network.lng.tolist(), strict=True))}
    old = [where[p] for p in zip(part.lat.tolist(), part.lng.tolist(), strict=True)]
    np.testing.assert_allclose(kept, expected[np.ix_(old, old)])


def test_of_parallel_edges_the_quickest_counts() -> None:
    """Two edges side by side are one way of the quicker one's seconds and metres; a loop is nothing."""
    network = RoadNetwork(
        lat=np.array([0.0, 0.001]),
        lng=np.zeros(2),
        source=np.array([0, 0, 0, 1]),
        target=np.array([1, 1, 0, 0]),
        meters=np.array([100.0, 300.0, 50.0, 100.0]),
        seconds=np.array([30.0, 20.0, 1.0, 9.0]),
    )
    assert network.fastest_path(0, 1) == [0, 1]
    assert network.length_of([0, 1]) == (300.0, 20.0)
    assert network.length_of([0]) == (0.0, 0.0)
    assert network.seconds_from(np.array([0])).tolist() == [[0.0, 20.0]]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"target": np.array([7])}, "does not exist"),
        ({"seconds": np.array([0.0])}, "more than 0 seconds"),
        ({"meters": np.array([1.0, 2.0])}, "differ in length"),
        ({"lat": np.zeros(0)}, "needs nodes"),
    ],
)
def test_a_wrong_network_is_refused(change: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]], text: str) -> None:
    """Edges to nowhere, in no time, or columns that do not fit are ValueErrors."""
    one = np.ones(1)
    columns = {"lat": one, "lng": one, "source": one * 0, "target": one * 0, "meters": one, "seconds": one} | change
    with pytest.raises(ValueError, match=text):
        RoadNetwork(
            lat=columns["lat"],
            lng=columns["lng"],
            source=columns["source"].astype(np.int64),
            target=columns["target"].astype(np.int64),
            meters=columns["meters"],
            seconds=columns["seconds"],
        )


def test_the_digest_names_what_is_held() -> None:
    """Equal networks share a digest; another second makes another."""
    a, b, c = (grid(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert a.digest == b.digest != c.digest
