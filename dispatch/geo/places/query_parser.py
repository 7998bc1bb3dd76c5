"""Parse a typed place: the streets of a crossing, without house number, city and postcode."""

import re
from collections.abc import Iterable
from typing import Final

from dispatch.geo.places.street_names import KINDS, words_of

MOST_WORDS: Final = 8
_CROSSING: Final = re.compile(r"\s*(?:[&+/@\\]|\b(?:and|at|x|near)\b|和|与|與|跟)\s*", re.IGNORECASE)
_COMMA: Final = re.compile(r"[,;，；、]")  # noqa: RUF001 - what a Chinese keyboard types
_BEYOND: Final = frozenset({"ca", "usa", "us"})
_POSTCODE: Final = re.compile(r"[0-9]{5,6}")


def streets_in(text: str, city: Iterable[str]) -> list[list[str]]:
    """The words of each named street, one or two streets. ``city``: words that name the city itself.

    >>> streets_in("500 Market Street, San Francisco", ["san", "francisco"])
    [['market', 'st']]
    >>> streets_in("5th St and Mission", [])
    [['5th', 'st'], ['mission']]
    """
    known = frozenset(city) | _BEYOND
    pieces = [piece for piece in _COMMA.split(text) if words_of(piece)]
    tail = [piece for piece in pieces[1:] if not known.issuperset(_without_postcode(words_of(piece)))]
    parts = (
        _without_postcode(words_of(part)[:MOST_WORDS]) for piece in pieces[:1] + tail for part in _CROSSING.split(piece)
    )
    return [_without_number(_without_city(words, known)) for words in parts if words][:2]


def _without_postcode(words: list[str]) -> list[str]:
    return [word for word in words if not _POSTCODE.fullmatch(word)]


def _without_number(words: list[str]) -> list[str]:
    """``500 market`` is on Market; ``5 st`` is 5th Street."""
    named = any(word not in KINDS and not word.isdigit() for word in words[1:])
    return words[1:] if words[0].isdigit() and named else words


def _without_city(words: list[str], city: frozenset[str]) -> list[str]:
    """The words without a trailing city name; at least one word remains."""
    end = len(words)
    while end > 1 and words[end - 1] in city:
        end -= 1
    return words[:end]
