"""Vehicle classes and capabilities as numbers, so that arrays can compare them.

Numbers are assigned in order of first use. They are only compared for equality or tested bit by bit.
"""

from collections.abc import Iterable


class CategoryCodes:
    """Assigns 0, 1, 2, … to words in order of first use."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._words: list[str] = []

    def number(self, word: str) -> int:
        number = self._numbers.get(word)
        if number is None:
            number = self._numbers[word] = len(self._words)
            self._words.append(word)
        return number

    def word(self, number: int) -> str:
        return self._words[number]


class CapabilityBits:
    """Assigns one of 63 bits to each word. Raises ValueError for a 64th word."""

    def __init__(self) -> None:
        self._vocabulary = CategoryCodes()

    def mask(self, words: Iterable[str]) -> int:
        mask = 0
        for word in sorted(words):
            bit = self._vocabulary.number(word)
            if bit > 62:
                raise ValueError(f"more than 63 capabilities; {word!r} has no bit")
            mask |= 1 << bit
        return mask

    def words(self, mask: int) -> tuple[str, ...]:
        return tuple(self._vocabulary.word(bit) for bit in range(63) if mask >> bit & 1)
