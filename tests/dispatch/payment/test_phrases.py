"""Business errors reach people as plain sentences in both languages."""

import pytest

from dispatch.payment.phrases import PHRASES, UNLISTED, phrase


def test_known_code_with_and_without_prefix() -> None:
    """mapi's and openapi's spelling of a code give the same words."""
    assert phrase("TRADE_HAS_SUCCESS") is phrase("ACQ.TRADE_HAS_SUCCESS")
    assert phrase("NEW_CODE_OF_NEXT_YEAR") is UNLISTED


@pytest.mark.parametrize("code", PHRASES)
def test_sentences_are_complete(code: str) -> None:
    """Each code has four sentences, and none quotes the code at the reader."""
    words = phrase(code)

    for sentence in (words.en, words.do_en):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert code not in sentence
    assert words.zh.endswith("。")
    assert words.do_zh.endswith("。")
