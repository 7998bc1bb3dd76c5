"""The payment's machine moves as its table says, and no other way."""

import itertools

import pytest

from dispatch.entity import Event
from dispatch.errors import ErrorCode, IllegalMoveError
from dispatch.machine import UNBORN, mermaid
from dispatch.money import Money
from dispatch.payment.payment_events import (
    AttemptFailed,
    AttemptOpened,
    AttemptUnclear,
    GatewayAsked,
    OrderPaid,
    OrderPlaced,
    SurplusPaid,
)
from dispatch.payment.payment_state import MACHINE, TABLE, PaymentState, fold

FARE = Money(500, "USD")
EVENTS: list[Event] = [
    AttemptOpened(1.0, "t_1_2", "alipay", FARE, "V1", "2088", "Taxi ride t", "c2"),
    GatewayAsked(1.0, "t_1_1", "query", 2),
    OrderPlaced(1.0, "t_1_1", "N1"),
    AttemptFailed(1.0, "t_1_1", "CLOSED"),
    AttemptUnclear(1.0, "t_1_1", "timeout"),
    OrderPaid(1.0, "t_1_1", "alipay", FARE, "query"),
    SurplusPaid(1.0, "t_1_1", FARE, "query"),
]
LEGAL = {
    "unborn": {"attempt_opened": "creating"},
    "creating": {
        "gateway_asked": "creating",
        "order_placed": "waiting",
        "attempt_failed": "failed",
        "attempt_unclear": "unknown",
        "order_paid": "paid",
    },
    "waiting": {
        "gateway_asked": "waiting",
        "attempt_failed": "failed",
        "attempt_unclear": "unknown",
        "order_paid": "paid",
    },
    "unknown": {
        "gateway_asked": "unknown",
        "order_placed": "unknown",
        "attempt_failed": "failed",
        "order_paid": "paid",
    },
    "failed": {"attempt_opened": "creating", "order_paid": "paid"},
    "paid": {"gateway_asked": "paid", "order_placed": "paid", "attempt_failed": "paid", "surplus_paid": "paid"},
}


def name(event: Event) -> str:
    return str(type(event).__struct_config__.tag)


def in_state(state: str) -> PaymentState:
    """A payment with one attempt, in ``state``."""
    data = PaymentState()
    fold(data, AttemptOpened(0.0, "t_1_1", "alipay", FARE, "V1", "2088", "Taxi ride t", "c1"), "t")
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


def test_paid_is_for_ever() -> None:
    """No event leads out of ``paid``."""
    assert set(TABLE["paid"].values()) == {"paid"}


def test_every_state_is_reached() -> None:
    """The table has no state that nothing leads to, and none that it does not describe."""
    reached = {after for moves in TABLE.values() for after in moves.values()}

    assert reached | {UNBORN} == set(TABLE)


def test_event_of_no_attempt_is_an_error() -> None:
    """A stream that speaks of an attempt it never opened is broken."""
    with pytest.raises(ValueError, match="no attempt"):
        fold(in_state("creating"), OrderPlaced(1.0, "t_1_9", "N1"), "t")


def test_diagram_is_drawn_from_the_table() -> None:
    """The diagram names each move."""
    assert "[*] --> creating: attempt_opened" in mermaid(MACHINE)
