"""Money as a whole number of minor units with a currency; never mixed with floats."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Self

import msgspec

MINOR_DIGITS: Final[dict[str, int]] = {"USD": 2, "CNY": 2, "HKD": 2, "EUR": 2, "GBP": 2, "JPY": 0, "KRW": 0}
"""Decimal digits of each supported currency (ISO 4217)."""


class CurrencyMismatchError(ArithmeticError):
    """Two amounts of different currencies were added or compared."""

    def __init__(self, left: str, right: str) -> None:
        self.left = left
        self.right = right
        super().__init__(f"cannot combine {left} with {right}")


class Money(msgspec.Struct, frozen=True, order=False, forbid_unknown_fields=True):
    """An amount: ``minor`` units (cents, fen) of ``currency`` (ISO 4217, three capitals)."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in MINOR_DIGITS:
            raise ValueError(f"unknown currency {self.currency!r}")

    @classmethod
    def parse(cls, amount: str, currency: str) -> Self:
        """Parse ``"12.34"``. Raises ``ValueError`` if the text has more digits than the currency."""
        scaled = Decimal(amount).scaleb(MINOR_DIGITS[currency])
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{amount!r} has more digits than {currency}")
        return cls(int(scaled), currency)

    @classmethod
    def rounded(cls, amount: Decimal, currency: str) -> Self:
        """Round ``amount`` (major units) half up to the currency's smallest unit."""
        scaled = amount.scaleb(MINOR_DIGITS[currency])
        return cls(int(scaled.to_integral_value(rounding=ROUND_HALF_UP)), currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        return cls(0, currency)

    def decimal(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.minor).scaleb(-MINOR_DIGITS[self.currency])

    def plain(self) -> str:
        """The amount as ``"12.34"`` without the currency, as Alipay writes it."""
        return f"{self.decimal():.{MINOR_DIGITS[self.currency]}f}"

    def __str__(self) -> str:
        return f"{self.plain()} {self.currency}"

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatchError(self.currency, other.currency)

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.minor <= other.minor
