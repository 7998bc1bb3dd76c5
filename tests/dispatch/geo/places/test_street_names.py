"""Names of streets, as words and for people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.geo.places.street_names import is_place, readable, words_of


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("03RD ST", "3rd St"),
        ("SAINT GERMAIN AVE", "Saint Germain Ave"),
        ("MCALLISTER ST", "McAllister St"),
        ("OFARRELL ST", "O'Farrell St"),
        ("LAPU-LAPU ST", "Lapu-Lapu St"),
        ("THE EMBARCADERO", "The Embarcadero"),
        ("AVENUE OF THE PALMS", "Avenue of the Palms"),
        ("E ST", "E St"),
        ("Rue de Rivoli", "Rue de Rivoli"),
    ],
)
def test_names_are_readable(name: str, text: str) -> None:
    """Capitals become what stands on a street sign; what is written well is left."""
    assert readable(name) == text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("5th Street", ["5th", "st"]),
        ("05TH ST", ["5th", "st"]),
        ("Fifth st.", ["5th", "st"]),
        ("Saint-Germain AVENUE", ["st", "germain", "ave"]),
        ("the Embarcadero", ["embarcadero"]),
        ("O'Farrell", ["ofarrell"]),
        ("Café Blvd", ["cafe", "blvd"]),
        ("Market街", ["market", "st"]),
        ("第5街", ["5", "st"]),
        ("国际机场", ["international", "airport"]),
        ("!?", []),
    ],
)
def test_words_have_one_form(typed: str, words: list[str]) -> None:
    """However somebody shortens, capitalises or accents a name, its words are the same."""
    assert words_of(typed) == words


@given(st.text(max_size=60))
def test_any_text_has_words(text: str) -> None:
    """No text breaks it, and words of words are the same words."""
    words = words_of(text)
    assert words_of(" ".join(words)) == words


def test_motorways_are_no_places() -> None:
    """Nobody is picked up on a ramp, on a motorway, or in a street without a name."""
    assert not any(map(is_place, ("I-80 EASTBOUND", "HWY 101 N ON RAMP", "UNNAMED 161", "", " ")))
    assert all(map(is_place, ("GREAT HWY", "I ST", "MARKET ST", "INDIANA ST")))
