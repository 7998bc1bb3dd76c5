"""Making a city from an OpenStreetMap file."""

from __future__ import annotations

import json
from pathlib import Path

import osmium
import pytest

from dispatch.geo.city import CityError, load_city
from dispatch.geo.distance import haversine_m
from dispatch.geo.osm_import import AVERAGE_KMH, OF_LIMIT, average_kmh, directions, import_osm, read_streets
from dispatch.values.units import CityTime, LatLng

PLACES = {
    1: (52.500, 13.400), 2: (52.500, 13.402), 3: (52.500, 13.404),
    4: (52.502, 13.400), 5: (52.502, 13.402), 6: (52.502, 13.404),
    7: (52.510, 13.400), 8: (52.510, 13.402), 9: (52.500, 13.412),
}  # fmt: skip
WAYS: list[tuple[list[int], dict[str, str]]] = [
    ([1, 2, 3], {"highway": "primary", "name": "South Street", "maxspeed": "50"}),
    ([4, 5, 6], {"highway": "residential", "name": "North Street"}),
    ([1, 4], {"highway": "residential", "oneway": "yes", "name": "Up"}),
    ([3, 6], {"highway": "residential", "oneway": "-1", "name": "Down"}),
    ([2, 5], {"highway": "footway"}),
    ([2, 5], {"highway": "residential", "access": "private"}),
    ([7, 8], {"highway": "residential", "name": "An island"}),
    ([3, 9], {"highway": "primary", "name": "A long stretch"}),
]


def write_map(path: Path, ways: list[tuple[list[int], dict[str, str]]] = WAYS) -> Path:
    """A small map as OpenStreetMap's own format."""
    with osmium.SimpleWriter(str(path)) as writer:
        for ref, (lat, lng) in PLACES.items():
            writer.add_node(osmium.osm.mutable.Node(id=ref, location=(lng, lat), version=1))
        for i, (refs, tags) in enumerate(ways):
            writer.add_way(osmium.osm.mutable.Way(id=100 + i, nodes=refs, tags=tags, version=1))
    return path


@pytest.mark.parametrize("suffix", [".osm.pbf", ".osm"])
def test_a_small_map_becomes_a_city(tmp_path: Path, suffix: str) -> None:
    """One-way streets, limits, junctions, lengths and the connected part are as drawn; the city loads."""
    result = import_osm(write_map(tmp_path / f"map{suffix}"), tmp_path, "kreuz_berg", "Europe/Berlin")
    assert str(result).startswith(f"{tmp_path / 'kreuz_berg'}: 6 streets, 5 nodes")
    city = load_city(result.directory)
    assert city.title == "Kreuz Berg"
    assert city.time_zone == "Europe/Berlin"
    assert "OpenStreetMap" in city.sources[0]
    assert result.nodes == city.network.size == 5
    assert result.dropped_nodes == 2
    at = CityTime(0.0)
    graph = city.travel_time()
    a, c, d, f = (LatLng(*PLACES[ref]) for ref in (1, 3, 4, 6))
    up = graph.route(a, d, at)
    assert up.points == (a, d)
    assert up.meters == pytest.approx(haversine_m(a, d), rel=1e-4)
    assert up.seconds == pytest.approx(haversine_m(a, d) / AVERAGE_KMH["residential"] * 3.6, rel=1e-3)
    around = graph.route(d, a, at)
    assert around.points == (d, f, c, a)
    assert graph.route(a, c, at).seconds == pytest.approx(haversine_m(a, c) / (50 * OF_LIMIT) * 3.6, rel=1e-3)
    streets = json.loads(city.map_layer("streets") or b"")
    assert [s["properties"]["name"] for s in streets["features"]][:2] == ["South Street", "North Street"]


def test_streets_that_carry_no_taxi_are_left_out(tmp_path: Path) -> None:
    """Footways and private ways are not read; taxis may pass where only they may."""
    ways = [*WAYS, ([1, 5], {"highway": "residential", "access": "no", "taxi": "yes", "name": "Taxis only"})]
    names = [street.name for street in read_streets(write_map(tmp_path / "map.osm", ways))]
    assert names == ["South Street", "North Street", "Up", "Down", "An island", "A long stretch", "Taxis only"]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"highway": "residential"}, (True, True)),
        ({"highway": "residential", "oneway": "yes"}, (True, False)),
        ({"highway": "residential", "oneway": "-1"}, (False, True)),
        ({"highway": "motorway"}, (True, False)),
        ({"highway": "motorway", "oneway": "no"}, (True, True)),
        ({"highway": "tertiary", "junction": "roundabout"}, (True, False)),
    ],
)
def test_directions(tags: dict[str, str], expected: tuple[bool, bool]) -> None:
    """One-way rules, spoken and implied."""
    assert directions(tags) == expected


@pytest.mark.parametrize(
    ("limit", "kmh"),
    [
        ("50", 50 * OF_LIMIT),
        ("30 mph", 48.28032 * OF_LIMIT),
        ("30mph", 48.28032 * OF_LIMIT),
        ("signals", 20.0),
        ("0", 20.0),
    ],
)
def test_speeds(limit: str, kmh: float) -> None:
    """A limit counts where it is a number, in km/h or mph; else the kind of street does."""
    assert average_kmh({"highway": "residential", "maxspeed": limit}) == pytest.approx(kmh)


def test_what_makes_no_city_is_refused(tmp_path: Path) -> None:
    """No file, no map, no streets, no way back, no such time zone, no plain name: one CityError each."""
    whole = write_map(tmp_path / "map.osm")
    (tmp_path / "broken.osm.pbf").write_bytes(b"no map at all")
    for path, name, zone, text in (
        (tmp_path / "none.osm", "x", "UTC", "no file"),
        (tmp_path / "broken.osm.pbf", "x", "UTC", "broken"),
        (write_map(tmp_path / "foot.osm", WAYS[4:5]), "x", "UTC", "no streets"),
        (write_map(tmp_path / "oneway.osm", WAYS[2:3]), "x", "UTC", "no two places"),
        (whole, "x", "Atlantis/Deep", "no time zone"),
        (whole, "../x", "UTC", "no name for a city"),
    ):
        with pytest.raises(CityError, match=text):
            import_osm(path, tmp_path / "out", name, zone)
