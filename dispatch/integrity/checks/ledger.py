"""The ledger of one payment: every entry follows from its history, and the sum is payments minus refunds. The whole
ledger balances because every entry has two sides."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from dispatch.integrity.checks.stream import Row, StreamCheck
from dispatch.payment.core.ledger import ALIPAY, FARES, IN_CASH, OWED, LedgerEntry
from dispatch.payment.core.payment import Payment
from dispatch.payment.core.state import COLLECTED

ACCOUNTS: Final = frozenset({FARES, ALIPAY, IN_CASH, OWED})

Balances = Counter[tuple[str, str]]
"""Minor units by account and currency."""


def check_books(check: StreamCheck, rows: Sequence[Row]) -> Balances:
    """Compare a payment's entries with its history. Returns the change of each account."""
    stored = {str(row["id"]): row for row in rows}
    if check.entity is not None:
        _check_entries(check, stored)
    balances: Balances = Counter()
    for row in rows:
        _check_accounts(check, row)
        amount, currency = int(row["amount_minor"]), str(row["currency"])
        balances[str(row["from_account"]), currency] -= amount
        balances[str(row["to_account"]), currency] += amount
    if isinstance(check.entity, Payment):
        _check_balances(check, check.entity, balances)
    return balances


def _check_entries(check: StreamCheck, stored: Mapping[str, Row]) -> None:
    for number, entry in check.entries.items():
        row = stored.get(number)
        if row is None:
            check.report("entry", f"entry {number} is missing: {_words(entry)}")
        elif _facts(entry) != tuple(row[name] for name in _COLUMNS):
            check.report("entry", f"entry {number} is {tuple(row[name] for name in _COLUMNS)}: {_words(entry)}")
    for number in sorted(stored.keys() - check.entries.keys()):
        check.report("entry", f"entry {number} has no event in the history")


_COLUMNS: Final = ("kind", "order_no", "from_account", "to_account", "amount_minor", "currency")


def _facts(entry: LedgerEntry) -> tuple[str, str, str, str, int, str]:
    amount = entry.amount
    return entry.kind, entry.order, entry.from_account, entry.to_account, amount.minor, amount.currency


def _words(entry: LedgerEntry) -> str:
    amount = f"{entry.amount.minor} {entry.amount.currency}"
    return f"order {entry.order}, {entry.kind}, {amount} (minor units) from {entry.from_account} to {entry.to_account}"


def _check_accounts(check: StreamCheck, row: Row) -> None:
    sides = {row["from_account"], row["to_account"]}
    if len(sides) != 2 or not sides <= ACCOUNTS:
        check.report("account", f"entry {row['id']} goes from {row['from_account']} to {row['to_account']}")
    if row["amount_minor"] <= 0:
        check.report("account", f"entry {row['id']} moves {row['amount_minor']}")


def _check_balances(check: StreamCheck, payment: Payment, balances: Balances) -> None:
    """``fares`` is what was paid minus refunds; ``owed`` is surplus money that has not been refunded yet."""
    earned: Balances = Counter()
    data = payment.data
    paid = data.attempt(data.paid_order)
    if paid is not None and data.state in COLLECTED:
        earned[FARES, paid.amount.currency] -= paid.amount.minor - data.refunded
    for attempt in data.attempts:
        if attempt.end == "surplus":
            earned[OWED, attempt.amount.currency] -= attempt.amount.minor
    for refund in data.refunds:
        if refund.surplus and refund.end == "done":
            earned[OWED, refund.amount.currency] += refund.amount.minor
    accounts = sorted({key for key in (*earned, *balances) if key[0] in (FARES, OWED)})
    for account, currency in accounts:
        have, should = -balances[account, currency], -earned[account, currency]
        if have != should:
            check.report("balance", f"{account}: the ledger has {have} {currency} (minor units), the history {should}")
