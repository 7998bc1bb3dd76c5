"""The sandbox's accounts: double entry, append-only, in minor units; the only record of charges.

Accounts are named ``buyer:<user id>``, ``merchant:<partner>`` and ``outside`` (where opening balances come from).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, Literal

import msgspec

MINOR_DIGITS: Final = {"JPY": 0, "KRW": 0}
"""Currencies without decimals; all others have two."""
CURRENCIES: Final = frozenset(
    {"AUD", "CAD", "CHF", "CNY", "DKK", "EUR", "GBP", "HKD", "JPY", "KRW", "NOK", "NZD", "SEK", "SGD", "THB", "USD"}
)
OUTSIDE: Final = "outside"

Purpose = Literal["opening", "capture", "refund"]


def parse_amount(text: str, currency: str) -> int:
    """``"12.30"`` as minor units. Raises ``ValueError`` unless ``text`` is a plain amount in ``currency``."""
    whole, point, decimals = text.partition(".")
    digits = MINOR_DIGITS.get(currency, 2)
    if not (whole.isascii() and whole.isdigit() and len(whole) <= 9):
        raise ValueError(f"not an amount in {currency}: {text!r}")
    if point and not (decimals.isascii() and decimals.isdigit() and len(decimals) <= digits):
        raise ValueError(f"not an amount in {currency}: {text!r}")
    return int(whole + decimals.ljust(digits, "0"))


def format_amount(minor: int, currency: str) -> str:
    digits = MINOR_DIGITS.get(currency, 2)
    if digits == 0:
        return str(minor)
    return f"{minor // 10**digits}.{minor % 10**digits:0{digits}d}"


class BookEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer between two accounts."""

    purpose: Purpose
    from_account: str
    to_account: str
    currency: str
    minor: int
    trade_no: str = ""
    at: float = 0.0


class AccountBooks:
    """All entries and the balances that they add up to."""

    def __init__(self) -> None:
        self._entries: list[BookEntry] = []
        self._balances: defaultdict[tuple[str, str], int] = defaultdict(int)

    def post(self, entry: BookEntry) -> None:
        """Raises ``ValueError`` unless the amount is positive."""
        if entry.minor <= 0:
            raise ValueError("the amount of an entry must be positive")
        self._entries.append(entry)
        self._balances[entry.from_account, entry.currency] -= entry.minor
        self._balances[entry.to_account, entry.currency] += entry.minor

    def balance(self, account: str, currency: str) -> int:
        return self._balances.get((account, currency), 0)

    def has_account(self, account: str, currency: str) -> bool:
        return (account, currency) in self._balances

    def entries(self) -> Iterator[BookEntry]:
        return iter(self._entries)

    def balances(self) -> list[tuple[str, str, int]]:
        """Account, currency and minor units, sorted."""
        return sorted((account, currency, minor) for (account, currency), minor in self._balances.items())


def balanced(balances: Iterable[tuple[str, str, int]]) -> bool:
    sums: defaultdict[str, int] = defaultdict(int)
    for _, currency, minor in balances:
        sums[currency] += minor
    return not any(sums.values())
