"""Names that contain a typed word: exactly, as a prefix, or with one typing error."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

WHOLE: Final = 1.0
BEGINNING: Final = 0.8
SLIP: Final = 0.6
_LONG_ENOUGH: Final = 4
"""The least number of letters at which a typing error is accepted."""
_MOST_BEGINNINGS: Final = 400


class WordIndex:
    """Names by their words. A typing error is one letter too many, missing, wrong, or swapped with its neighbour: two
    words are equal after one letter is deleted from each (W. Garbe, symmetric delete spelling correction, 2012)."""

    def __init__(self, names: Sequence[Iterable[str]]) -> None:
        self._names: dict[str, list[int]] = defaultdict(list)
        for number, words in enumerate(names):
            for word in dict.fromkeys(words):
                self._names[word].append(number)
        self._sorted = sorted(self._names)
        self._shortened: dict[str, list[str]] = defaultdict(list)
        for word in self._sorted:
            for short in _shortened(word):
                self._shortened[short].append(word)

    def find(self, word: str) -> dict[int, float]:
        """The numbers of the names that contain ``word``, with a weight from :data:`SLIP` to :data:`WHOLE`."""
        found: dict[int, float] = {}
        for known, weight in self._like(word):
            for number in self._names[known]:
                found[number] = max(weight, found.get(number, 0.0))
        return found

    def _like(self, word: str) -> Iterator[tuple[str, float]]:
        for form in (word, f"{word}th") if word.isdigit() else (word,):
            if form in self._names:
                yield form, WHOLE
        start = bisect_left(self._sorted, word)
        for known in self._sorted[start : start + _MOST_BEGINNINGS]:
            if not known.startswith(word):
                break
            yield known, BEGINNING
        if not any(letter.isdigit() for letter in word):
            for short in _shortened(word):
                yield from ((known, SLIP) for known in self._shortened.get(short, ()))


def _shortened(word: str) -> Iterator[str]:
    if len(word) < _LONG_ENOUGH or any(letter.isdigit() for letter in word):
        return
    yield word
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]
