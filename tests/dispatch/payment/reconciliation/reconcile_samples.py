"""Ledger entries, shared by tests."""

import datetime as dt

from dispatch.payment.core.beijing_time import BEIJING
from dispatch.payment.reconciliation.reconcile import BookedEntry
from dispatch.values.money import Money
from tests.dispatch.payment.reconciliation.bill_samples import DAY

NOON = 12.0


def booked(order: str, minor: int, refund: str = "", *, day: dt.date = DAY, hour: float = NOON) -> BookedEntry:
    at = dt.datetime.combine(day, dt.time(), BEIJING).timestamp() + hour * 3600
    return BookedEntry(order=order, refund=refund, amount=Money(minor, "CNY"), day=day, at=at)
