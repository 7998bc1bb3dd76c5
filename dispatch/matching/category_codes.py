"""Words as numbers, so that classes and capabilities compare in arrays.

Numbers are given in the order of first sight; only equality and bit tests are made on them.
"""

from __future__ import annotations

from collections.abc import Iterable


class Vocabulary:
    """A number for each word, 0, 1, 2, …"""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._words: list[str] = []

    def number(self, word: str) -> int:
        """The word's number; a new word gets the next one."""
        number = self._numbers.get(word)
        if number is None:
            number = self._numbers[word] = len(self._words)
            self._words.append(word)
        return number

    def word(self, number: int) -> str:
        """The word of a number."""
        return self._words[number]


class Bits:
    """A bit for each word, of 63. Raises ValueError for a 64th word."""

    def __init__(self) -> None:
        self._vocabulary = Vocabulary()

    def mask(self, words: Iterable[str]) -> int:
        """The bits of these words."""
        mask = 0
        for word in sorted(words):
            bit = self._vocabulary.number(word)
            if bit > 62:
                raise ValueError(f"more than 63 capabilities; {word!r} has no bit")
            mask |= 1 << bit
        return mask

    def words(self, mask: int) -> tuple[str, ...]:
        """The words of these bits."""
        return tuple(self._vocabulary.word(bit) for bit in range(63) if mask >> bit & 1)
