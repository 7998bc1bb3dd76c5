"""Each event moves its amount from one account to another."""

import pytest

from dispatch.domain.entity import Event
from dispatch.payment.core.context import PaymentContext
from dispatch.payment.core.events import (
    AttemptFailed,
    AttemptStopped,
    OrderPaid,
    PartRefunded,
    SurplusPaid,
    SurplusRefunded,
)
from dispatch.payment.core.ledger import ledger_entries, ledger_rows
from dispatch.payment.core.state import Attempt, PaymentState
from tests.dispatch.payment.core.payment_host import FARE, RULES


def payment_by(method: str) -> PaymentContext:
    attempt = Attempt(
        order="o1", method=method, amount=FARE, buyer="", subject="", asked_by="", opened_at=0.0, trade="N1"
    )
    return PaymentContext("t1", 7, PaymentState(attempts=[attempt], vehicle="V1", company="blue"), RULES)


@pytest.mark.parametrize(
    ("method", "event", "moves"),
    [
        ("alipay_app", OrderPaid(1.0, "o1", "alipay_app", FARE, "query", day="d"), [("fare", "fares", "alipay")]),
        ("cash", OrderPaid(1.0, "o1", "cash", FARE, "driver", day="d"), [("fare", "fares", "cash")]),
        ("alipay_app", SurplusPaid(1.0, "o1", FARE, "query", day="d"), [("surplus", "owed", "alipay")]),
        ("alipay_app", PartRefunded(1.0, "r1", "o1", FARE, "d"), [("refund", "alipay", "fares")]),
        ("cash", PartRefunded(1.0, "r1", "o1", FARE, "d"), [("refund", "cash", "fares")]),
        ("alipay_app", SurplusRefunded(1.0, "r1", "o1", FARE, "d"), [("surplus_refund", "alipay", "owed")]),
        (
            "alipay_scan",
            AttemptFailed(1.0, "o1", "TRADE_HAS_CLOSE", returned=True),
            [("surplus", "owed", "alipay"), ("surplus_refund", "alipay", "owed")],
        ),
        ("alipay_scan", AttemptFailed(1.0, "o1", "TRADE_HAS_CLOSE"), []),
        ("alipay_scan", AttemptStopped(1.0, "o1"), []),
    ],
)
def test_entries(method: str, event: Event, moves: list[tuple[str, str, str]]) -> None:
    """A fare, a second payment and their refunds are told apart by their accounts."""
    entries = list(ledger_entries(payment_by(method), event))

    assert [(entry.kind, entry.from_account, entry.to_account) for entry in entries] == moves
    assert all(entry.amount == FARE for entry in entries)


def test_rows_are_numbered_by_event() -> None:
    """An entry's id names payment, event and line, so it is written once."""
    events = [AttemptStopped(1.0, "o1"), AttemptFailed(2.0, "o1", "TRADE_HAS_CLOSE", returned=True)]
    rows = ledger_rows(payment_by("alipay_scan"), events)

    assert [row.id for row in rows] == ["t1:9:0", "t1:9:1"]
    assert {row.values["company"] for row in rows} == {"blue"}
