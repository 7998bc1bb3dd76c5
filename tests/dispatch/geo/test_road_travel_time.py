"""Travel time over streets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.geo.distance import haversine_m, haversine_many
from dispatch.geo.hourly_speeds import HourFactors
from dispatch.geo.road_network import RoadNetwork
from dispatch.geo.road_travel_time import NearestNode, OffRoad, RoadGraph
from dispatch.geo.travel_time import TravelTime
from dispatch.values.units import CityTime, LatLng
from tests.dispatch.geo.grids import grid

AT = CityTime(3 * 3_600.0)
AIRPORT = LatLng(37.60, -122.38)


def test_pairs_are_access_and_way_and_access() -> None:
    """From a point by its node over the streets: access by straight line x detour at walking-pace speed."""
    network = grid(np.random.default_rng(1))
    graph: TravelTime = RoadGraph(network, off_road=OffRoad(detour=1.5, access_kmh=18))
    a, b = LatLng(37.7001, -122.4001), LatLng(37.7049, -122.3939)
    ends = graph.anchor(np.array([a.lat, b.lat]), np.array([a.lng, b.lng]))
    assert ends.node.tolist() == [0, 35]
    access = [haversine_m(p, LatLng(network.lat[n], network.lng[n])) * 0.3 for p, n in ((a, 0), (b, 35))]
    assert ends.access_s.tolist() == pytest.approx(access)
    way = network.seconds_from(np.array([0]))[0, 35]
    seconds = graph.pairs(ends, ends, np.array([0]), np.array([1]), AT)
    assert seconds.tolist() == pytest.approx([way + sum(access)])


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), keep=st.sampled_from([0.8, 1.0]))
def test_route_and_pairs_tell_the_same_seconds(seed: int, keep: float) -> None:
    """A route takes what its pair takes, starts and ends at its ends, and is no shorter than its line."""
    rng = np.random.default_rng(seed)
    network = grid(rng, keep=keep).strongly_connected()
    graph = RoadGraph(network)
    lat, lng = rng.uniform(37.69, 37.715, 8), rng.uniform(-122.41, -122.385, 8)
    ends = graph.anchor(lat, lng)
    seconds = graph.pairs(ends, ends, np.arange(4), np.arange(4, 8), AT)
    for i in range(4):
        origin, destination = LatLng(lat[i], lng[i]), LatLng(lat[i + 4], lng[i + 4])
        route = graph.route(origin, destination, AT)
        assert route.seconds == pytest.approx(seconds[i])
        assert (route.points[0], route.points[-1]) == (origin, destination)
        assert route.meters >= 0.8 * haversine_m(origin, destination)


def test_a_drawn_way_keeps_to_the_streets_where_there_are_any() -> None:
    """From the airport, off the map, it leads to the nearest street and on along them; figures stay the line's."""
    network = grid(np.random.default_rng(1))
    graph = RoadGraph(network)
    corner, hill = LatLng(float(network.lat[0]), float(network.lng[0])), LatLng(37.7049, -122.3939)
    on_map = graph.drawn(corner, hill, AT)
    assert (on_map, on_map.by_road) == (graph.route(corner, hill, AT), True)
    found = graph.drawn(AIRPORT, hill, AT)
    straight = graph.route(AIRPORT, hill, AT)
    assert (found.seconds, found.meters, found.by_road) == (straight.seconds, straight.meters, False)
    assert len(straight.points) == 2
    streets = set(zip(network.lat.tolist(), network.lng.tolist(), strict=True))
    assert (found.points[0], found.points[-1]) == (AIRPORT, hill)
    assert len(found.points) > 3
    assert {(p.lat, p.lng) for p in found.points[1:-1]} <= streets
    beside = graph.drawn(AIRPORT, LatLng(37.601, -122.38), AT)
    assert (len(beside.points), beside.by_road) == (2, False)


def test_with_a_table_the_seconds_are_the_same_within_rounding(tmp_path: Path) -> None:
    """Look-ups in the table differ by half a second at most from searches."""
    rng = np.random.default_rng(2)
    network = grid(rng)
    searched, tabled = RoadGraph(network), RoadGraph(network, cache=tmp_path)
    ends = searched.anchor(rng.uniform(37.699, 37.706, 50), rng.uniform(-122.401, -122.393, 50))
    o, d = rng.integers(0, 50, (2, 500))
    difference = searched.pairs(ends, ends, o, d, AT) - tabled.pairs(ends, ends, o, d, AT)
    assert np.abs(difference).max() <= 0.5


def test_off_the_map_a_straight_line_counts() -> None:
    """An airport beyond the map is reached by straight line x detour at the speed outside, never by a node."""
    graph = RoadGraph(grid(np.random.default_rng(1)), off_road=OffRoad(detour=1.25, off_map_kmh=45, max_access_m=400))
    town = LatLng(37.702, -122.398)
    ends = graph.anchor(np.array([AIRPORT.lat, town.lat]), np.array([AIRPORT.lng, town.lng]))
    assert ends.node[0] == -1
    assert ends.access_s[0] == 0
    assert ends.node[1] >= 0
    expected = haversine_m(AIRPORT, town) * 1.25 / 12.5
    both = graph.pairs(ends, ends, np.array([0, 1, 0]), np.array([1, 0, 0]), AT)
    assert both.tolist() == pytest.approx([expected, expected, 0.0])
    route = graph.route(AIRPORT, town, AT)
    assert route.seconds == pytest.approx(expected)
    assert route.meters == pytest.approx(haversine_m(AIRPORT, town) * 1.25)
    assert route.points == (AIRPORT, town)


def test_the_hour_multiplies_everything() -> None:
    """At a slow hour every drive takes longer by its factor, on the map and off it."""
    network = grid(np.random.default_rng(1))
    even = RoadGraph(network)
    slow = RoadGraph(network, hours=HourFactors("UTC", (1.0,) * 3 + (1.5,) + (1.0,) * 20))
    ends = even.anchor(np.array([37.7001, 37.7042, AIRPORT.lat]), np.array([-122.4001, -122.3952, AIRPORT.lng]))
    o, d = np.array([0, 2]), np.array([1, 0])
    thursday = AT
    np.testing.assert_allclose(slow.pairs(ends, ends, o, d, thursday), 1.5 * even.pairs(ends, ends, o, d, thursday))
    a, b = LatLng(37.7001, -122.4001), LatLng(37.7042, -122.3952)
    assert slow.route(a, b, AT).seconds == pytest.approx(1.5 * even.route(a, b, AT).seconds)


def test_a_pair_beyond_the_limit_is_finite() -> None:
    """Where the search stops, or no way leads, the answer is at least the limit and never infinite."""
    rng = np.random.default_rng(1)
    short = RoadGraph(grid(rng), limit_s=5.0)
    ends = short.anchor(np.array([37.70, 37.705]), np.array([-122.40, -122.39375]))
    assert short.pairs(ends, ends, np.array([0]), np.array([1]), AT)[0] >= 5.0
    apart = RoadNetwork(
        np.array([0.0, 0.01]), np.zeros(2), np.array([0]), np.array([1]), np.array([1100.0]), np.array([90.0])
    )
    graph = RoadGraph(apart)
    ends = graph.anchor(np.array([0.0, 0.01]), np.zeros(2))
    there, back = graph.pairs(ends, ends, np.array([0, 1]), np.array([1, 0]), AT).tolist()
    assert there == pytest.approx(90.0)
    assert np.isfinite(back)
    assert graph.route(LatLng(0.01, 0), LatLng(0, 0), AT).points == (LatLng(0.01, 0), LatLng(0, 0))


def test_neighbours_of_one_node_drive_no_detour_to_it() -> None:
    """Two points at one corner are as far apart as they are, not as far as both are from the corner."""
    graph = RoadGraph(grid(np.random.default_rng(1)))
    a, b = LatLng(37.7003, -122.4003), LatLng(37.70031, -122.4003)
    ends = graph.anchor(np.array([a.lat, b.lat]), np.array([a.lng, b.lng]))
    assert ends.node.tolist() == [0, 0]
    assert graph.pairs(ends, ends, np.array([0]), np.array([1]), AT)[0] < 1.0
    assert graph.route(a, b, AT).points == (a, b)
    assert graph.route(a, a, AT).points == (a, a)


def test_impossible_figures_beside_the_network_are_refused() -> None:
    """No detour below 1, no speed or reach of nothing."""
    for wrong in ({"detour": 0.5}, {"access_kmh": 0.0}, {"off_map_kmh": -1.0}, {"max_access_m": 0.0}):
        with pytest.raises(ValueError, match="detour must be at least 1"):
            OffRoad(**wrong)


def test_the_nearest_node_by_great_circle() -> None:
    """Node and metres are those of brute force."""
    rng = np.random.default_rng(3)
    network = grid(rng)
    lat, lng = rng.uniform(37.69, 37.71, 200), rng.uniform(-122.41, -122.39, 200)
    node, meters = NearestNode(network.lat, network.lng).nearest(lat, lng)
    every = haversine_many(lat[:, None], lng[:, None], network.lat, network.lng)
    np.testing.assert_allclose(meters, every.min(axis=1), atol=1e-5)
    np.testing.assert_allclose(every[np.arange(200), node], every.min(axis=1), atol=1e-5)
