"""Cities as directories."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from dispatch.geo.city import CityError, load_city, read_network, shipped_cities, write_network
from dispatch.geo.distance import haversine_m
from dispatch.values.units import CityTime, LatLng
from tests.dispatch.geo.grids import grid

SETTINGS = 'title = "Grid"\ntime_zone = "Asia/Hong_Kong"\nsources = ["made up"]\n'


def a_city(directory: Path, settings: str = SETTINGS) -> Path:
    """A directory with a small city."""
    write_network(directory, grid(np.random.default_rng(1)))
    (directory / "city.toml").write_text(settings, "utf-8")
    return directory


def test_san_francisco_comes_with_the_product() -> None:
    """Its streets, hours, airport zone, map and sources are there, and its parts fit each other."""
    assert "san_francisco" in shipped_cities()
    city = load_city("san_francisco")
    assert (city.network.size, len(city.network.source)) == (9_048, 27_352)
    assert city.network.strongly_connected().size == city.network.size
    assert city.time_zone == "America/Los_Angeles"
    assert city.box.holds(city.center)
    assert [zone.name for zone in city.zones if zone.contains(LatLng(37.6161, -122.3890))] == ["SFO"]
    assert [zone.name for zone in city.zones if zone.contains(LatLng(37.7749, -122.4194))] == []
    assert any("DataSF" in source for source in city.sources)
    assert len(set(city.hours.weekday)) > 12
    for layer, features in (("land", 3), ("streets", 14_313)):
        drawn = city.map_layer(layer)
        assert drawn is not None
        assert len(json.loads(drawn)["features"]) == features
    assert city.map_layer("mountains") is None


def test_a_drive_through_san_francisco() -> None:
    """From the Ferry Building to the Mission it takes 4 to 7 km and 8 to 20 minutes, longer at five than at night."""
    graph = load_city("san_francisco").travel_time()
    ferry, mission = LatLng(37.7955, -122.3937), LatLng(37.7599, -122.4148)
    five, night = CityTime(1_212_192_000.0), CityTime(1_212_145_200.0)  # Friday 2008-05-30, 17:00 and 04:00
    route = graph.route(ferry, mission, five)
    assert 4_000 < route.meters < 7_000
    assert 480 < route.seconds < 1_200
    assert route.seconds > 1.3 * graph.route(ferry, mission, night).seconds
    steps = list(zip(route.points, route.points[1:], strict=False))
    assert sum(haversine_m(a, b) for a, b in steps) == pytest.approx(route.meters, rel=0.1)


def test_a_network_is_read_as_it_was_written(tmp_path: Path) -> None:
    """PlaceIndex come back exactly, edges to 32-bit floats."""
    network = grid(np.random.default_rng(1))
    write_network(tmp_path, network)
    again = read_network(tmp_path)
    assert (again.lat == network.lat).all()
    assert (again.source == network.source).all()
    np.testing.assert_allclose(again.seconds, network.seconds, rtol=1e-6)


def test_a_directory_is_a_city_too(tmp_path: Path) -> None:
    """What is not named takes its default; the name is the directory's."""
    city = load_city(a_city(tmp_path))
    assert city.name == tmp_path.name
    assert city.zones == ()
    assert city.off_road.detour == 1.3
    assert city.hours.at(CityTime(0.0)) == 1.0
    assert city.map_layer("land") is None


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ("title = ", "Invalid value"),
        ('title = "x"\nsources = []\n', "time_zone"),
        (SETTINGS + "colour = 3\n", "colour"),
        (SETTINGS + "[off_road]\ndetour = 0.5\n", "detour"),
        (SETTINGS + "[hours]\nweekday = [1.0]\n", "24"),
        (SETTINGS.replace("Hong_Kong", "Atlantis"), "Atlantis"),
    ],
)
def test_a_wrong_city_says_what_is_wrong(tmp_path: Path, settings: str, text: str) -> None:
    """One CityError names the directory and the fault."""
    with pytest.raises(CityError, match=text):
        load_city(a_city(tmp_path, settings))


def test_missing_cities_and_files(tmp_path: Path) -> None:
    """No directory, no network file: a CityError, which names what is shipped."""
    with pytest.raises(CityError, match="san_francisco"):
        load_city("atlantis")
    (tmp_path / "city.toml").write_text(SETTINGS, "utf-8")
    with pytest.raises(CityError, match=r"nodes\.parquet"):
        load_city(tmp_path)
    a_city(tmp_path)
    (tmp_path / "edges.parquet").write_bytes(b"no table")
    with pytest.raises(CityError, match="edges"):
        load_city(tmp_path)
