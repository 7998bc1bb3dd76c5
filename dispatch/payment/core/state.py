"""The payment's state: its machine, its hard data, and the effect of each event.

Rule 1: all transitions of a payment are in ``TABLE``.
Rule 2: this module decides nothing; ``dispatch.payment.core.collection`` and ``dispatch.payment.core.refunds`` do.

A payment collects one fare. It has attempts, one after another; until the fare is paid, the machine's state is that of
the last attempt. An attempt is open until Alipay has confirmed its end. Refunds follow, one after another.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import msgspec

from dispatch.domain.entity import Event
from dispatch.domain.errors import ErrorCode
from dispatch.domain.state_machine import NEW, StateMachine, TransitionTable
from dispatch.payment.core import events
from dispatch.payment.core.gateway_calls import PLACING
from dispatch.payment.core.port import OrderRef, Way
from dispatch.payment.core.rules import WAYS
from dispatch.values.money import Money

CREATING: Final = "creating"
WAITING: Final = "waiting"
UNKNOWN: Final = "unknown"
FAILED: Final = "failed"
PAID: Final = "paid"
PART_REFUNDED: Final = "part_refunded"
REFUNDED: Final = "refunded"

COLLECTED: Final = frozenset({PAID, PART_REFUNDED, REFUNDED})
"""The fare has been paid, even if it was refunded later."""


def _afterwards(state: str) -> Mapping[type[Event], str]:
    """Events that are still possible after the fare is paid: of other attempts, and of refunds."""
    allowed: tuple[type[Event], ...] = (
        events.GatewayAsked,
        events.OrderPlaced,
        events.CodeShown,
        events.PasswordAsked,
        events.AttemptFailed,
        events.NewsChecked,
        events.SurplusPaid,
        events.RefundOpened,
        events.RefundAsked,
        events.RefundUnclear,
        events.RefundFailed,
        events.SurplusRefunded,
    )
    return dict.fromkeys(allowed, state)


TABLE: Final[TransitionTable] = {
    NEW: {events.AttemptOpened: CREATING},
    CREATING: {
        events.GatewayAsked: CREATING,
        events.AttemptStopped: CREATING,
        events.NewsChecked: CREATING,
        events.OrderPlaced: WAITING,
        events.CodeShown: WAITING,
        events.PasswordAsked: WAITING,
        events.AttemptFailed: FAILED,
        events.AttemptUnclear: UNKNOWN,
        events.OrderPaid: PAID,
    },
    WAITING: {
        events.GatewayAsked: WAITING,
        events.AttemptStopped: WAITING,
        events.NewsChecked: WAITING,
        events.OrderPlaced: WAITING,
        events.AttemptFailed: FAILED,
        events.AttemptUnclear: UNKNOWN,
        events.OrderPaid: PAID,
    },
    UNKNOWN: {
        events.GatewayAsked: UNKNOWN,
        events.AttemptStopped: UNKNOWN,
        events.NewsChecked: UNKNOWN,
        events.OrderPlaced: UNKNOWN,
        events.CodeShown: UNKNOWN,
        events.PasswordAsked: UNKNOWN,
        events.AttemptFailed: FAILED,
        events.OrderPaid: PAID,
    },
    FAILED: {
        events.AttemptOpened: CREATING,
        events.GatewayAsked: FAILED,
        events.NewsChecked: FAILED,
        events.OrderPaid: PAID,
    },
    PAID: {**_afterwards(PAID), events.PartRefunded: PART_REFUNDED, events.WholeRefunded: REFUNDED},
    PART_REFUNDED: {**_afterwards(PART_REFUNDED), events.PartRefunded: PART_REFUNDED, events.WholeRefunded: REFUNDED},
    REFUNDED: _afterwards(REFUNDED),
}

MACHINE: Final = StateMachine("payment", TABLE, ErrorCode.PAYMENT_ILLEGAL_MOVE)

End = Literal["open", "failed", "paid", "surplus"]


class Attempt(msgspec.Struct):
    """One attempt, opened at a city time. ``call`` and ``due`` are its last call to the gateway; ``calls`` counts them.

    ``stopping``: it is no longer wanted. ``cancelled``: a cancel was requested, which refunds a payment. ``returned``:
    it was paid, and its cancel refunded it. ``checking``: a late report of a payment is being checked.
    """

    order: str
    method: str
    amount: Money
    buyer: str
    subject: str
    asked_by: str
    opened_at: float
    auth_code: str = ""
    end: End = "open"
    trade: str = ""
    code: str = ""
    calls: int = 0
    call: str = ""
    due: str = ""
    reason: str = ""
    stopping: bool = False
    cancelled: bool = False
    returned: bool = False
    checking: bool = False

    @property
    def way(self) -> Way:
        """Raises ``KeyError`` for an attempt in cash."""
        return WAYS[self.method]

    @property
    def ref(self) -> OrderRef:
        return OrderRef(self.order, self.way)


class RefundState(msgspec.Struct):
    """One refund, opened at a city time. ``call`` and ``due`` are its last call; ``calls`` counts them."""

    refund: str
    order: str
    amount: Money
    how: events.RefundMethod
    by: str
    reason: str
    asked_by: str
    surplus: bool
    opened_at: float
    end: Literal["open", "done", "failed"] = "open"
    calls: int = 0
    call: str = ""
    due: str = ""
    unclear: str = ""
    """Why a person has to look at it; blank if not necessary."""


class PaymentState(msgspec.Struct):
    """All hard state of a payment; a snapshot is this in MessagePack."""

    state: str = NEW
    vehicle: str = ""
    company: str = ""
    attempts: list[Attempt] = msgspec.field(default_factory=list)
    refunds: list[RefundState] = msgspec.field(default_factory=list)
    opened_at: float | None = None
    paid_order: str = ""
    payer: str = ""
    paid_at: float | None = None
    touched_at: float = 0.0

    def attempt(self, order: str) -> Attempt | None:
        return next((attempt for attempt in self.attempts if attempt.order == order), None)

    def refund(self, number: str) -> RefundState | None:
        return next((refund for refund in self.refunds if refund.refund == number), None)

    @property
    def open(self) -> Attempt | None:
        """The open attempt; there is at most one."""
        return next((attempt for attempt in self.attempts if attempt.end == "open"), None)

    @property
    def open_refund(self) -> RefundState | None:
        """The open refund of the fare; there is at most one."""
        return next((refund for refund in self.refunds if refund.end == "open" and not refund.surplus), None)

    @property
    def shown(self) -> Attempt | None:
        """The attempt shown in lists: the one that paid the fare, or the last."""
        return self.attempt(self.paid_order) or (self.attempts[-1] if self.attempts else None)

    @property
    def refunded(self) -> int:
        """The refunded part of the fare, in minor units."""
        return sum(refund.amount.minor for refund in self.refunds if refund.end == "done" and not refund.surplus)


def call_name(call: str, number: str, n: int) -> str:
    """The scheduled command's name for call number ``n`` about an order or a refund; never used twice."""
    return f"{call}:{number}:{n}"


def fold(data: PaymentState, event: Event, payment_id: str) -> None:
    """Apply one event to ``data``. Raises ``IllegalMoveError``."""
    data.state = MACHINE.next(data.state, type(event), payment_id)
    data.touched_at = event.at
    _FOLDS[type(event)](data, event)


# Each function names its own event; in the table below the types are erased.


def _fold_opened(data: PaymentState, event: events.AttemptOpened) -> None:
    data.vehicle = event.vehicle
    data.company = event.company
    if data.opened_at is None:
        data.opened_at = event.at
    fields = ("order", "method", "amount", "buyer", "subject", "asked_by", "auth_code")
    attempt = Attempt(**{name: getattr(event, name) for name in fields}, opened_at=event.at)
    data.attempts.append(attempt)
    if event.method in WAYS:
        _asked(attempt, PLACING[attempt.way], 1)


def _known(data: PaymentState, order: str) -> Attempt:
    attempt = data.attempt(order)
    if attempt is None:
        raise ValueError(f"no attempt {order}")
    return attempt


def _asked(attempt: Attempt, call: str, n: int) -> None:
    attempt.call = call
    attempt.calls = n
    attempt.due = call_name(call, attempt.order, n)
    attempt.stopping = attempt.stopping or call in ("close", "cancel")
    attempt.cancelled = attempt.cancelled or call == "cancel"


def _fold_asked(data: PaymentState, event: events.GatewayAsked) -> None:
    attempt = _known(data, event.order)
    _asked(attempt, event.call, event.n)
    attempt.checking = attempt.end == "failed"


def _fold_checked(data: PaymentState, event: events.NewsChecked) -> None:
    _known(data, event.order).checking = False


def _fold_placed(data: PaymentState, event: events.OrderPlaced | events.PasswordAsked) -> None:
    attempt = _known(data, event.order)
    attempt.trade = event.trade or attempt.trade


def _fold_code(data: PaymentState, event: events.CodeShown) -> None:
    _known(data, event.order).code = event.code


def _fold_failed(data: PaymentState, event: events.AttemptFailed) -> None:
    attempt = _known(data, event.order)
    attempt.end = "failed"
    attempt.reason = event.reason
    attempt.returned = event.returned


def _fold_stopped(data: PaymentState, event: events.AttemptStopped) -> None:
    _known(data, event.order).stopping = True


def _fold_unclear(data: PaymentState, event: events.AttemptUnclear) -> None:
    _known(data, event.order).reason = event.reason


def _fold_paid(data: PaymentState, event: events.OrderPaid) -> None:
    attempt = _known(data, event.order)
    attempt.end = "paid"
    attempt.checking = False
    attempt.reason = ""
    attempt.trade = event.trade or attempt.trade
    data.paid_order = event.order
    data.payer = event.buyer
    data.paid_at = event.at


def _fold_surplus(data: PaymentState, event: events.SurplusPaid) -> None:
    attempt = _known(data, event.order)
    attempt.end = "surplus"
    attempt.checking = False
    attempt.trade = event.trade or attempt.trade


def _known_refund(data: PaymentState, number: str) -> RefundState:
    refund = data.refund(number)
    if refund is None:
        raise ValueError(f"no refund {number}")
    return refund


def refund_state(event: events.RefundOpened) -> RefundState:
    fields = ("refund", "order", "amount", "how", "by", "reason", "asked_by", "surplus")
    return RefundState(**{name: getattr(event, name) for name in fields}, opened_at=event.at)


def _fold_refund(data: PaymentState, event: events.RefundOpened) -> None:
    refund = refund_state(event)
    data.refunds.append(refund)
    if event.how != "hand":
        _refund_asked(refund, event.how, 1)


def _refund_asked(refund: RefundState, call: str, n: int) -> None:
    refund.call = call
    refund.calls = n
    refund.due = call_name(call, refund.refund, n)


def _fold_refund_asked(data: PaymentState, event: events.RefundAsked) -> None:
    _refund_asked(_known_refund(data, event.refund), event.call, event.n)


def _fold_refund_unclear(data: PaymentState, event: events.RefundUnclear) -> None:
    _known_refund(data, event.refund).unclear = event.reason


def _fold_refund_failed(data: PaymentState, event: events.RefundFailed) -> None:
    refund = _known_refund(data, event.refund)
    refund.end = "failed"
    refund.unclear = event.reason


def _fold_returned(data: PaymentState, event: events.Returned) -> None:
    refund = _known_refund(data, event.refund)
    refund.end = "done"
    refund.unclear = ""


_FOLDS: Final[dict[type[Event], Callable[[PaymentState, Any], None]]] = {
    events.AttemptOpened: _fold_opened,
    events.GatewayAsked: _fold_asked,
    events.OrderPlaced: _fold_placed,
    events.CodeShown: _fold_code,
    events.PasswordAsked: _fold_placed,
    events.AttemptStopped: _fold_stopped,
    events.AttemptFailed: _fold_failed,
    events.NewsChecked: _fold_checked,
    events.AttemptUnclear: _fold_unclear,
    events.OrderPaid: _fold_paid,
    events.SurplusPaid: _fold_surplus,
    events.RefundOpened: _fold_refund,
    events.RefundAsked: _fold_refund_asked,
    events.RefundUnclear: _fold_refund_unclear,
    events.RefundFailed: _fold_refund_failed,
    events.PartRefunded: _fold_returned,
    events.WholeRefunded: _fold_returned,
    events.SurplusRefunded: _fold_returned,
}
