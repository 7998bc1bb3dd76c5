"""The payment's state: its machine, its hard data, and how each event changes them.

Rule 1: what moves a payment stands in ``TABLE`` and nowhere else.
Rule 2: this file decides nothing; ``dispatch.payment.payment`` does.

A payment collects one fare. It holds attempts, one after another; the machine's state is the last attempt's until
the fare is paid, and ``paid`` for ever after. An attempt is open until Alipay has said what became of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

from dispatch.entity import Event
from dispatch.errors import ErrorCode
from dispatch.machine import UNBORN, Machine, Table
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

CREATING: Final = "creating"
WAITING: Final = "waiting"
UNKNOWN: Final = "unknown"
FAILED: Final = "failed"
PAID: Final = "paid"

TABLE: Final[Table] = {
    UNBORN: {AttemptOpened: CREATING},
    CREATING: {
        GatewayAsked: CREATING,
        OrderPlaced: WAITING,
        AttemptFailed: FAILED,
        AttemptUnclear: UNKNOWN,
        OrderPaid: PAID,
    },
    WAITING: {GatewayAsked: WAITING, AttemptFailed: FAILED, AttemptUnclear: UNKNOWN, OrderPaid: PAID},
    UNKNOWN: {GatewayAsked: UNKNOWN, OrderPlaced: UNKNOWN, AttemptFailed: FAILED, OrderPaid: PAID},
    FAILED: {AttemptOpened: CREATING, OrderPaid: PAID},
    PAID: {GatewayAsked: PAID, OrderPlaced: PAID, AttemptFailed: PAID, SurplusPaid: PAID},
}

MACHINE: Final = Machine("payment", TABLE, ErrorCode.PAYMENT_ILLEGAL_MOVE)

End = Literal["open", "failed", "paid", "surplus"]


class Attempt(msgspec.Struct):
    """One attempt, opened at a city time. ``call`` and ``due`` are its last call to the gateway, ``calls`` counts."""

    order: str
    method: str
    amount: Money
    buyer: str
    subject: str
    asked_by: str
    opened_at: float
    end: End = "open"
    trade: str = ""
    calls: int = 0
    call: str = ""
    due: str = ""
    reason: str = ""


class PaymentState(msgspec.Struct):
    """All hard state of a payment; a snapshot is this in MessagePack."""

    state: str = UNBORN
    vehicle: str = ""
    attempts: list[Attempt] = msgspec.field(default_factory=list)
    opened_at: float | None = None
    paid_order: str = ""
    payer: str = ""
    paid_at: float | None = None
    touched_at: float = 0.0

    def attempt(self, order: str) -> Attempt | None:
        """The attempt with this order number."""
        return next((attempt for attempt in self.attempts if attempt.order == order), None)

    @property
    def open(self) -> Attempt | None:
        """The attempt that Alipay may still be asked to pay; there is at most one."""
        return next((attempt for attempt in self.attempts if attempt.end == "open"), None)

    @property
    def shown(self) -> Attempt | None:
        """The attempt that lists show: the one that paid the fare, or the last."""
        return self.attempt(self.paid_order) or (self.attempts[-1] if self.attempts else None)


def call_name(call: str, order: str, n: int) -> str:
    """The name of the due of an attempt's call number ``n``: unique for ever."""
    return f"{call}:{order}:{n}"


def fold(data: PaymentState, event: Event, payment_id: str) -> None:
    """Change ``data`` by one event. Raises ``IllegalMoveError``."""
    data.state = MACHINE.next(data.state, type(event), payment_id)
    data.touched_at = event.at
    _FOLDS[type(event)](data, event)


# Each event names its own type; in the table below the types are erased.


def _fold_opened(data: PaymentState, event: AttemptOpened) -> None:
    data.vehicle = event.vehicle
    if data.opened_at is None:
        data.opened_at = event.at
    attempt = Attempt(
        order=event.order,
        method=event.method,
        amount=event.amount,
        buyer=event.buyer,
        subject=event.subject,
        asked_by=event.asked_by,
        opened_at=event.at,
    )
    data.attempts.append(attempt)
    if event.method == "alipay":
        _asked(attempt, "create", 1)


def _known(data: PaymentState, order: str) -> Attempt:
    attempt = data.attempt(order)
    if attempt is None:
        raise ValueError(f"no attempt {order}")
    return attempt


def _asked(attempt: Attempt, call: str, n: int) -> None:
    attempt.call = call
    attempt.calls = n
    attempt.due = call_name(call, attempt.order, n)


def _fold_asked(data: PaymentState, event: GatewayAsked) -> None:
    _asked(_known(data, event.order), event.call, event.n)


def _fold_placed(data: PaymentState, event: OrderPlaced) -> None:
    _known(data, event.order).trade = event.trade


def _fold_failed(data: PaymentState, event: AttemptFailed) -> None:
    attempt = _known(data, event.order)
    attempt.end = "failed"
    attempt.reason = event.reason


def _fold_unclear(data: PaymentState, event: AttemptUnclear) -> None:
    _known(data, event.order).reason = event.reason


def _fold_paid(data: PaymentState, event: OrderPaid) -> None:
    attempt = _known(data, event.order)
    attempt.end = "paid"
    attempt.reason = ""
    attempt.trade = event.trade or attempt.trade
    data.paid_order = event.order
    data.payer = event.buyer
    data.paid_at = event.at


def _fold_surplus(data: PaymentState, event: SurplusPaid) -> None:
    attempt = _known(data, event.order)
    attempt.end = "surplus"
    attempt.trade = event.trade or attempt.trade


_FOLDS: Final[dict[type[Event], Callable[[PaymentState, Any], None]]] = {
    AttemptOpened: _fold_opened,
    GatewayAsked: _fold_asked,
    OrderPlaced: _fold_placed,
    AttemptFailed: _fold_failed,
    AttemptUnclear: _fold_unclear,
    OrderPaid: _fold_paid,
    SurplusPaid: _fold_surplus,
}
