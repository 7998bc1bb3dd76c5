"""The company's ledger of its fares: double entry, append-only, in minor units.

Accounts: ``fares`` (earned by rides), ``alipay`` (held by Alipay for the company), ``cash`` (held by drivers), ``owed``
(passengers' money to be refunded). Each entry moves an amount from one account to another, so the balances of each
currency always add up to zero.

Each attempt, answer and notification is stored beside the entries as it was sent or received.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from dispatch.domain.entity import Context, Event, Row
from dispatch.payment.core.beijing_time import beijing_day
from dispatch.payment.core.context import PaymentContext
from dispatch.payment.core.events import (
    AttemptFailed,
    OrderPaid,
    PartRefunded,
    SurplusPaid,
    SurplusRefunded,
    WholeRefunded,
)
from dispatch.payment.core.rules import CASH
from dispatch.values.money import Money

FARES: Final = "fares"
ALIPAY: Final = "alipay"
IN_CASH: Final = "cash"
OWED: Final = "owed"


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Money that moved. ``trade`` is Alipay's number, ``refund`` our refund number, ``day`` the day in Beijing."""

    kind: str
    order: str
    from_account: str
    to_account: str
    amount: Money
    day: str
    trade: str = ""
    refund: str = ""
    method: str = ""


def ledger_entries(payment: PaymentContext, event: Event) -> Iterator[LedgerEntry]:
    """The entries of an event; most events have none."""
    match event:
        case OrderPaid():
            held = IN_CASH if event.method == CASH else ALIPAY
            yield _entry("fare", event, FARES, held, method=event.method)
        case SurplusPaid():
            yield _entry("surplus", event, OWED, ALIPAY, method=_method(payment, event.order))
        case PartRefunded() | WholeRefunded():
            method = _method(payment, event.order)
            yield _entry("refund", event, IN_CASH if method == CASH else ALIPAY, FARES, method=method)
        case SurplusRefunded():
            yield _entry("surplus_refund", event, ALIPAY, OWED, method=_method(payment, event.order))
        case AttemptFailed(returned=True):
            yield from _undone(payment, event)


def _method(payment: PaymentContext, order: str) -> str:
    attempt = payment.data.attempt(order)
    return attempt.method if attempt is not None else ""


def _entry(
    kind: str,
    event: OrderPaid | SurplusPaid | PartRefunded | WholeRefunded | SurplusRefunded,
    from_account: str,
    to_account: str,
    *,
    method: str,
) -> LedgerEntry:
    return LedgerEntry(
        kind=kind,
        order=event.order,
        from_account=from_account,
        to_account=to_account,
        amount=event.amount,
        day=event.day,
        trade=event.trade if isinstance(event, OrderPaid | SurplusPaid) else "",
        refund="" if isinstance(event, OrderPaid | SurplusPaid) else event.refund,
        method=method,
    )


def _undone(payment: PaymentContext, event: AttemptFailed) -> Iterator[LedgerEntry]:
    """A cancel refunded a paid order: Alipay's bill has both moves, so the ledger has both."""
    attempt = payment.data.attempt(event.order)
    if attempt is None:
        return
    day = beijing_day("", event.at)
    for kind, giver, taker in (("surplus", OWED, ALIPAY), ("surplus_refund", ALIPAY, OWED)):
        yield LedgerEntry(
            kind=kind,
            order=event.order,
            from_account=giver,
            to_account=taker,
            amount=attempt.amount,
            day=day,
            trade=attempt.trade,
            refund=event.order if kind == "surplus_refund" else "",
            method=attempt.method,
        )


def ledger_rows(payment: PaymentContext, events: Sequence[Event]) -> list[Row]:
    return [
        _row(payment, f"{payment.id}:{payment.seq + 1 + number}:{line}", entry, event.at)
        for number, event in enumerate(events)
        for line, entry in enumerate(ledger_entries(payment, event))
    ]


def received_row(payment: PaymentContext, context: Context, kind: str, order: str, body: str) -> Row:
    said = {"payment": payment.id, "order_no": order, "kind": kind, "at": context.now, "body": body}
    return Row("payment_said", f"{payment.id}:{context.command_id}", said)


def _row(payment: PaymentContext, number: str, entry: LedgerEntry, at: float) -> Row:
    return Row(
        "ledger",
        number,
        {
            "payment": payment.id,
            "kind": entry.kind,
            "order_no": entry.order,
            "trade_no": entry.trade or None,
            "refund_no": entry.refund or None,
            "method": entry.method,
            "company": payment.data.company,
            "vehicle": payment.data.vehicle,
            "from_account": entry.from_account,
            "to_account": entry.to_account,
            "amount_minor": entry.amount.minor,
            "currency": entry.amount.currency,
            "day": entry.day,
            "at": at,
        },
    )
