"""Which names hold a word that somebody typed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dispatch.geo.places.fuzzy_words import BEGINNING, SLIP, WHOLE, WordIndex

INDEX = WordIndex([["market", "st"], ["valencia", "st"], ["5th", "st"], ["5th", "ave"], ["50th", "ave"], ["hyde"]])


def test_whole_words_count_more_than_beginnings_and_slips() -> None:
    """Each name once, with its best; ordinals need no ending; short words and numbers forgive nothing."""
    assert INDEX.find("market") == {0: WHOLE}
    assert INDEX.find("val") == {1: BEGINNING}
    assert INDEX.find("makret") == INDEX.find("markett") == INDEX.find("mrket") == INDEX.find("warket") == {0: SLIP}
    assert INDEX.find("5") == {2: WHOLE, 3: WHOLE, 4: BEGINNING}
    assert INDEX.find("mar") == {0: BEGINNING}
    assert INDEX.find("6th") == INDEX.find("hid") == INDEX.find("mraekt") == {}


@given(st.sampled_from(["market", "valencia"]), st.data())
def test_one_slip_is_always_forgiven(word: str, data: st.DataObject) -> None:
    """A letter taken out, put in, changed, or swapped with the next, anywhere."""
    at = data.draw(st.integers(0, len(word) - 2))
    letter = data.draw(st.sampled_from("aeqz"))
    number = 0 if word == "market" else 1
    for slipped in (
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at:],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    ):
        assert INDEX.find(slipped)[number] >= SLIP
