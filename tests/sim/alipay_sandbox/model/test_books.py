"""Amounts are exact in every currency, and an entry moves money without making any."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.alipay_sandbox.model.books import AccountBooks, BookEntry, balanced, format_amount, parse_amount


@given(st.integers(0, 10**10), st.sampled_from(["USD", "JPY", "CNY"]))
def test_amounts_survive_their_text(minor: int, currency: str) -> None:
    """What is written is read back as the same amount."""
    if currency == "JPY":
        minor %= 10**9

    assert parse_amount(format_amount(minor, currency), currency) == minor


@pytest.mark.parametrize("text", ["", ".", "1.", "1.2.3", "-1", "+1", "1e2", "1.234", "1234567890", "१", " 1"])
def test_what_is_no_amount(text: str) -> None:
    """Signs, exponents, blanks, bare points, too many digits: none is an amount."""
    with pytest.raises(ValueError, match=re.escape(f"not an amount in USD: {text!r}")):
        parse_amount(text, "USD")


def test_an_entry_moves() -> None:
    """One side loses what the other gains; nothing is no entry."""
    books = AccountBooks()
    books.post(BookEntry(purpose="opening", from_account="outside", to_account="a", currency="USD", minor=5))

    assert books.balances() == [("a", "USD", 5), ("outside", "USD", -5)]
    assert balanced(books.balances())
    assert not balanced([("a", "USD", 5)])
    with pytest.raises(ValueError, match="must be positive"):
        books.post(BookEntry(purpose="opening", from_account="a", to_account="b", currency="USD", minor=0))
