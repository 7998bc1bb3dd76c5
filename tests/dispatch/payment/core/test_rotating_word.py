"""The word changes each minute, and only the key's owner can tell it beforehand."""

from itertools import pairwise

from dispatch.payment.core.rotating_word import MINUTE_S, WORDS, verification_word

MINUTE = 60.0 * 29_000_000


def test_one_word_for_the_whole_minute() -> None:
    """Both screens show the same word until the minute ends."""
    first, last = verification_word(b"key", MINUTE), verification_word(b"key", MINUTE + MINUTE_S - 0.001)

    assert first == last
    assert first.until == MINUTE + MINUTE_S
    assert (first.en, first.zh) in WORDS


def test_neighbours_differ() -> None:
    """A word never holds for two minutes in a row."""
    words = [verification_word(b"key", MINUTE + MINUTE_S * number).en for number in range(1_000)]

    assert all(one != other for one, other in pairwise(words))
    assert len(set(words)) == len(WORDS)


def test_another_key_gives_other_words() -> None:
    """Without the key the next word is a guess."""
    ours, theirs = ([verification_word(key, MINUTE_S * n).en for n in range(100)] for key in (b"ours", b"theirs"))

    assert sum(one == other for one, other in zip(ours, theirs, strict=True)) < 20
