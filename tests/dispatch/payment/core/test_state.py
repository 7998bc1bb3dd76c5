"""The payment's machine moves as its table says, and no other way."""

import itertools

import pytest

from dispatch.domain.entity import Event
from dispatch.domain.errors import ErrorCode, IllegalMoveError
from dispatch.domain.state_machine import NEW, mermaid
from dispatch.payment.core.events import (
    AttemptFailed,
    AttemptOpened,
    AttemptStopped,
    AttemptUnclear,
    CodeShown,
    GatewayAsked,
    NewsChecked,
    OrderPaid,
    OrderPlaced,
    PartRefunded,
    PasswordAsked,
    RefundAsked,
    RefundFailed,
    RefundOpened,
    RefundUnclear,
    SurplusPaid,
    SurplusRefunded,
    WholeRefunded,
)
from dispatch.payment.core.state import COLLECTED, MACHINE, TABLE, PaymentState, RefundState, fold
from dispatch.values.money import Money

FARE = Money(500, "USD")
REFUND = "t_1_1_R1"
EVENTS: list[Event] = [
    AttemptOpened(1.0, "t_1_2", "alipay_app", FARE, "V1", "2088", "Taxi ride t", "c2"),
    GatewayAsked(1.0, "t_1_1", "query", 2),
    OrderPlaced(1.0, "t_1_1", "N1"),
    CodeShown(1.0, "t_1_1", "https://qr.example/1"),
    PasswordAsked(1.0, "t_1_1", "N1"),
    AttemptStopped(1.0, "t_1_1"),
    AttemptFailed(1.0, "t_1_1", "CLOSED"),
    NewsChecked(1.0, "t_1_1"),
    AttemptUnclear(1.0, "t_1_1", "timeout"),
    OrderPaid(1.0, "t_1_1", "alipay_app", FARE, "query"),
    SurplusPaid(1.0, "t_1_1", FARE, "query"),
    RefundOpened(1.0, "t_1_1_R2", "t_1_1", FARE, "refund", "dispatcher:d1", "complaint", "c3"),
    RefundAsked(1.0, REFUND, "refund", 2),
    RefundUnclear(1.0, REFUND, "timeout"),
    RefundFailed(1.0, REFUND, "TRADE_HAS_FINISHED"),
    PartRefunded(1.0, REFUND, "t_1_1", FARE, "2026-01-01"),
    WholeRefunded(1.0, REFUND, "t_1_1", FARE, "2026-01-01"),
    SurplusRefunded(1.0, REFUND, "t_1_1", FARE, "2026-01-01"),
]
LATER = (
    "gateway_asked",
    "order_placed",
    "code_shown",
    "password_asked",
    "attempt_failed",
    "news_checked",
    "surplus_paid",
    "refund_opened",
    "refund_asked",
    "refund_unclear",
    "refund_failed",
    "surplus_refunded",
)
"""What is still heard of a fare that was paid."""
LEGAL = {
    "unborn": {"attempt_opened": "creating"},
    "creating": {
        "gateway_asked": "creating",
        "order_placed": "waiting",
        "code_shown": "waiting",
        "password_asked": "waiting",
        "attempt_stopped": "creating",
        "news_checked": "creating",
        "attempt_failed": "failed",
        "attempt_unclear": "unknown",
        "order_paid": "paid",
    },
    "waiting": {
        "attempt_stopped": "waiting",
        "news_checked": "waiting",
        "gateway_asked": "waiting",
        "order_placed": "waiting",
        "attempt_failed": "failed",
        "attempt_unclear": "unknown",
        "order_paid": "paid",
    },
    "unknown": {
        "attempt_stopped": "unknown",
        "news_checked": "unknown",
        "gateway_asked": "unknown",
        "order_placed": "unknown",
        "code_shown": "unknown",
        "password_asked": "unknown",
        "attempt_failed": "failed",
        "order_paid": "paid",
    },
    "failed": {
        "attempt_opened": "creating",
        "gateway_asked": "failed",
        "news_checked": "failed",
        "order_paid": "paid",
    },
    "paid": {**dict.fromkeys(LATER, "paid"), "part_refunded": "part_refunded", "whole_refunded": "refunded"},
    "part_refunded": {
        **dict.fromkeys(LATER, "part_refunded"),
        "part_refunded": "part_refunded",
        "whole_refunded": "refunded",
    },
    "refunded": dict.fromkeys(LATER, "refunded"),
}


def name(event: Event) -> str:
    return str(type(event).__struct_config__.tag)


def in_state(state: str) -> PaymentState:
    """A payment with one attempt, in ``state``."""
    data = PaymentState()
    fold(data, AttemptOpened(0.0, "t_1_1", "alipay_app", FARE, "V1", "2088", "Taxi ride t", "c1"), "t")
    data.refunds.append(RefundState(REFUND, "t_1_1", FARE, "refund", "dispatcher:d1", "why", "c2", False, 0.0))
    data.state = state
    return data


@pytest.mark.parametrize(("state", "event"), list(itertools.product(LEGAL, EVENTS)), ids=str)
def test_every_state_with_every_event(state: str, event: Event) -> None:
    """A legal event leads where it should; any other is an error that names state, event and payment, and changes
    nothing."""
    data = in_state(state)
    after = LEGAL[state].get(name(event))

    if after is not None:
        fold(data, event, "t")
        assert (data.state, data.touched_at) == (after, 1.0)
        return
    before = in_state(state)
    with pytest.raises(IllegalMoveError) as caught:
        fold(data, event, "t")
    assert data == before
    assert caught.value.code is ErrorCode.PAYMENT_ILLEGAL_MOVE
    assert all(part in caught.value.text for part in ("payment t", state, name(event)))


@pytest.mark.parametrize("state", sorted(COLLECTED))
def test_paid_is_for_ever(state: str) -> None:
    """Whatever goes back of it, a fare that was paid is never to be paid again."""
    assert set(TABLE[state].values()) <= COLLECTED


def test_every_state_is_reached() -> None:
    """The table has no state that nothing leads to, and none that it does not describe."""
    reached = {after for moves in TABLE.values() for after in moves.values()}

    assert reached | {NEW} == set(TABLE)


def test_event_of_no_attempt_is_an_error() -> None:
    """A stream that speaks of an attempt it never opened is broken."""
    with pytest.raises(ValueError, match="no attempt"):
        fold(in_state("creating"), OrderPlaced(1.0, "t_1_9", "N1"), "t")


def test_diagram_is_drawn_from_the_table() -> None:
    """The diagram names each move."""
    assert "[*] --> creating: attempt_opened" in mermaid(MACHINE)
