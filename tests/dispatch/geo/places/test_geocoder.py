"""PlaceIndex by name and names of places."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.geo.city import load_city
from dispatch.geo.distance import haversine_m
from dispatch.geo.places.geocoder import MOST_FOUND, PlaceIndex, read_places
from dispatch.values.units import LatLng

CIVIC_CENTER = LatLng(37.7793, -122.4193)
MARKET_AND_5TH = LatLng(37.78399, -122.40807)
SFO = LatLng(37.6164, -122.3865)


@pytest.fixture(scope="module")
def places() -> PlaceIndex:
    """San Francisco, as shipped."""
    city = load_city("san_francisco")
    return read_places(city.map_layer("streets") or b"", city.zones, city.title)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("Market & 5th", "Market St & 5th St"),
        ("5th St and Mission", "5th St & Mission St"),
        ("16th/Valencia", "16th St & Valencia St"),
        ("Market街与第5街", "Market St & 5th St"),
        ("haight ashbury", "Haight St & Ashbury St"),
        ("19th avenue & irving", "19th Ave & Irving St"),
        ("geary blvd & van ness", "Geary Blvd & Van Ness Ave"),
        ("500 Market Street, San Francisco, CA 94105", "Market St"),
        ("st germain", "Saint Germain Ave"),
        ("vanness", "Van Ness Ave"),
        ("makret", "Market St"),
        ("divisad", "Divisadero St"),
        ("embarcadero", "The Embarcadero"),
        ("3rd st", "3rd St"),
        ("3rd ave", "3rd Ave"),
        ("sfo", "San Francisco International Airport"),
        ("airport", "San Francisco International Airport"),
        ("机场", "San Francisco International Airport"),
        ("o'farrell", "O'Farrell St"),
    ],
)
def test_places_are_found_as_people_type_them(places: PlaceIndex, typed: str, text: str) -> None:
    """The first place is the one that was meant."""
    assert places.search(typed, CIVIC_CENTER)[0].text == text


def test_a_crossing_is_where_the_streets_meet(places: PlaceIndex) -> None:
    """Its point is theirs, in either order."""
    for typed in ("market & 5th", "5th & market"):
        assert haversine_m(places.search(typed)[0].point, MARKET_AND_5TH) < 10


def test_a_street_is_found_where_one_looks(places: PlaceIndex) -> None:
    """A long street's point is the one nearest to ``near``; of streets that fit equally, the nearer one is first."""
    ocean, downtown = LatLng(37.7755, -122.5100), LatLng(37.7870, -122.4100)
    for near in (ocean, downtown):
        geary = next(place for place in places.search("geary", near) if place.text.startswith("Geary"))
        assert haversine_m(geary.point, near) < 1_000
    assert places.search("geary", ocean)[0].text == "Geary Blvd"
    assert places.search("geary", downtown)[0].text == "Geary St"


def test_nothing_is_found_for_nothing(places: PlaceIndex) -> None:
    """What names no street has no place; streets that never meet give the first."""
    assert [places.search(typed) for typed in ("", "&", "xyzzyq", "94105")] == [[], [], [], []]
    assert places.search("fulton & geary", CIVIC_CENTER)[0].text == "Fulton St"


@pytest.mark.parametrize(
    ("point", "name"),
    [
        (MARKET_AND_5TH, "Market St & 5th St"),
        (LatLng(37.7575, -122.4496), "Saint Germain Ave"),
        (SFO, "San Francisco International Airport"),
        (LatLng(37.70, -122.60), ""),
    ],
)
def test_points_have_names(places: PlaceIndex, point: LatLng, name: str) -> None:
    """A crossing's, a street's or a zone's; none in the sea."""
    assert places.name_at(point) == name


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=300) | st.sampled_from(["a", "s & m", "st", "the", "5 & 5", "mission mission mission"]))
def test_any_text_has_an_answer(places: PlaceIndex, text: str) -> None:
    """A few places with names, each once, whatever is typed."""
    found = places.search(text, CIVIC_CENTER)
    assert len(found) <= MOST_FOUND
    assert all(place.text for place in found)
    assert len(set(found)) == len(found)


def test_a_city_without_streets() -> None:
    """Nothing is found and nothing has a name, and nothing breaks."""
    empty = read_places(b'{"type": "FeatureCollection", "features": []}', (), "Nowhere")
    assert (empty.search("market & 5th"), empty.name_at(SFO)) == ([], "")
