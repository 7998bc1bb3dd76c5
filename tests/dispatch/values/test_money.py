"""Money adds up exactly, rounds half up and never mixes currencies."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.values.money import MINOR_DIGITS, CurrencyMismatchError, Money

CURRENCIES = st.sampled_from(sorted(MINOR_DIGITS))
MINORS = st.integers(min_value=-(10**12), max_value=10**12)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("12.34", "USD", 1234), ("0.5", "CNY", 50), ("-3", "EUR", -300), ("700", "JPY", 700)],
)
def test_parse_reads_major_units(text: str, currency: str, minor: int) -> None:
    """Text in major units becomes minor units by the currency's digits."""
    assert Money(minor, currency) == Money.parse(text, currency)


@pytest.mark.parametrize(("text", "currency"), [("0.001", "USD"), ("1.5", "JPY")])
def test_parse_refuses_digits_the_currency_does_not_have(text: str, currency: str) -> None:
    """An amount that the currency cannot pay is an error, never rounded silently."""
    with pytest.raises(ValueError, match="more digits"):
        Money.parse(text, currency)


def test_unknown_currency_is_refused() -> None:
    """Money in a currency that we cannot charge does not exist."""
    with pytest.raises(ValueError, match="unknown currency"):
        Money(1, "XYZ")


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("0.005", "USD", 1), ("0.0049", "USD", 0), ("2.345", "CNY", 235), ("0.5", "JPY", 1), ("-0.005", "USD", -1)],
)
def test_rounding_is_half_away_from_zero(amount: str, currency: str, minor: int) -> None:
    """Half a minor unit goes up, as on a receipt; below zero it mirrors."""
    assert Money(minor, currency) == Money.rounded(Decimal(amount), currency)


@given(minor=MINORS, currency=CURRENCIES)
def test_plain_text_reads_back(minor: int, currency: str) -> None:
    """What is written for Alipay reads back as the same amount."""
    money = Money(minor, currency)

    assert money == Money.parse(money.plain(), currency)
    assert money == Money.rounded(money.decimal(), currency)


@given(left=MINORS, right=MINORS, currency=CURRENCIES)
def test_arithmetic_and_order_are_those_of_minor_units(left: int, right: int, currency: str) -> None:
    """Sums, differences and comparisons are exact."""
    a, b = Money(left, currency), Money(right, currency)

    assert Money(left + right, currency) == a + b
    assert Money(left - right, currency) == a - b
    assert (left < right) == (a < b)
    assert (left <= right) == (a <= b)
    assert a + Money.zero(currency) == a


def test_currencies_do_not_mix() -> None:
    """Two currencies in one sum or comparison are an error that names both."""
    dollars, yuan = Money(1, "USD"), Money(1, "CNY")

    with pytest.raises(CurrencyMismatchError, match="USD with CNY"):
        dollars + yuan
    with pytest.raises(CurrencyMismatchError):
        dollars - yuan
    with pytest.raises(CurrencyMismatchError):
        _ = dollars < yuan
    with pytest.raises(CurrencyMismatchError):
        _ = dollars <= yuan


@pytest.mark.parametrize(
    ("money", "text"), [(Money(5, "USD"), "0.05 USD"), (Money(-150, "CNY"), "-1.50 CNY"), (Money(7, "JPY"), "7 JPY")]
)
def test_text_shows_amount_and_currency(money: Money, text: str) -> None:
    """A person reads the amount with the currency's digits."""
    assert text == str(money)
