"""What somebody typed for a place, taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.geo.places.query_parser import streets_in

CITY = ("san", "francisco", "sf")


@pytest.mark.parametrize(
    ("typed", "streets"),
    [
        ("Market & 5th", [["market"], ["5th"]]),
        ("5th St and Mission", [["5th", "st"], ["mission"]]),
        ("16th/Valencia", [["16th"], ["valencia"]]),
        ("Lombard at Hyde", [["lombard"], ["hyde"]]),
        ("Market 和 5th", [["market"], ["5th"]]),
        ("Market与5th", [["market"], ["5th"]]),
        ("Market, 5th", [["market"], ["5th"]]),
        ("500 Market Street", [["market", "st"]]),
        ("500 5th St", [["5th", "st"]]),
        ("5 st", [["5", "st"]]),
        ("500 Market St, San Francisco, CA 94105", [["market", "st"]]),
        ("Market St San Francisco", [["market", "st"]]),
        ("San Francisco", [["san"]]),
        ("California & Hyde", [["california"], ["hyde"]]),
        ("Market &", [["market"]]),
        ("94105", []),
        (" & ", []),
        ("", []),
    ],
)
def test_streets_are_found_in_what_is_typed(typed: str, streets: list[list[str]]) -> None:
    """One street or two, without house number, city, state and postcode."""
    assert streets_in(typed, CITY) == streets


@given(st.text(max_size=300))
def test_any_text_can_be_taken_apart(text: str) -> None:
    """Two streets at most, none without a word, whatever is typed."""
    streets = streets_in(text, CITY)
    assert len(streets) <= 2
    assert all(streets)
