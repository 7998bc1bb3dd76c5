"""The payment of one trip's fare, which is collected once even if messages are repeated, reordered or lost.

Transitions are in ``state``, collecting in ``collection``, refunds in ``refunds``, bookkeeping in ``ledger``; this
module implements the entity's contract.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Final

import msgspec

from dispatch.domain.commands import (
    OpenPayment,
    QueryOrder,
    RecordGatewayResponse,
    RecordNotification,
    RefundFare,
    RefundOrder,
    RepeatRefund,
    StopPayment,
)
from dispatch.domain.entity import Command, Context, Decision, EntityKey, Event, Kind, Principal, Row
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.payment.core import collection, refunds
from dispatch.payment.core.context import PaymentContext
from dispatch.payment.core.events import AttemptOpened, decode_payment_event
from dispatch.payment.core.gateway_calls import decode_notification, read_response, response_text
from dispatch.payment.core.ledger import ledger_rows, received_row
from dispatch.payment.core.rules import PaymentRules
from dispatch.payment.core.state import UNKNOWN, PaymentState, fold

__all__ = ["Payment", "PaymentRules", "decode_payment_event"]


class Payment:
    """The payment of one trip. See :class:`dispatch.domain.entity.Entity` for the contract."""

    kind: ClassVar[Kind] = "payment"

    def __init__(self, payment_id: str, rules: PaymentRules, seq: int = 0, snapshot: bytes | None = None) -> None:
        self.id = payment_id
        self.seq = seq
        self.rules = rules
        self.data = PaymentState() if snapshot is None else msgspec.msgpack.decode(snapshot, type=PaymentState)

    @property
    def state(self) -> str:
        return self.data.state

    @property
    def key(self) -> EntityKey:
        return EntityKey("payment", self.id)

    def snapshot(self) -> bytes:
        return msgspec.msgpack.encode(self.data)

    def apply(self, event: Event) -> None:
        """Raises ``IllegalMoveError``."""
        fold(self.data, event, self.id)
        self.seq += 1

    def decide(self, command: Command, context: Context) -> Decision:
        """Decide on a command of the system, or on a dispatcher's refund. Raises ``DispatchError``."""
        handler = _HANDLERS.get(type(command))
        if handler is None:
            raise DispatchError(ErrorCode.UNKNOWN_MESSAGE, detail=type(command).__name__)
        if context.principal.role not in _SENDERS.get(type(command), ("system",)):
            raise DispatchError(ErrorCode.NOT_ALLOWED)
        payment = PaymentContext(self.id, self.seq, self.data, self.rules)
        decision = handler(payment, command, context)
        decision.records = [*ledger_rows(payment, decision.events), *decision.records]
        return decision

    def match_entry(self) -> None:
        """Nothing: the matcher has no business with money."""

    def may_follow(self, principal: Principal) -> bool:
        """No client subscribes to a payment; passenger and driver see it through trip and vehicle."""
        return principal.role == "system"

    def row(self) -> Row:
        data = self.data
        shown = data.shown
        return Row(
            "payment",
            self.id,
            {
                "trip": self.id,
                "vehicle": data.vehicle or None,
                "company": data.company or None,
                "state": data.state,
                "method": shown.method if shown else None,
                "amount_minor": shown.amount.minor if shown else None,
                "currency": shown.amount.currency if shown else None,
                "order_no": shown.order if shown else None,
                "trade_no": (shown.trade or None) if shown else None,
                "buyer": data.payer or (shown.buyer if shown else "") or None,
                "opened_at": data.opened_at,
                "paid_at": data.paid_at,
                "refunded_minor": data.refunded,
                "unclear": _unclear(data),
                "seq": self.seq,
                "updated_at": data.touched_at,
            },
        )


def _unclear(data: PaymentState) -> str | None:
    """Why a person has to look at this payment; None if not necessary."""
    attempt = data.open
    if data.state == UNKNOWN and attempt is not None:
        return attempt.reason or "unknown"
    return next((f"refund: {refund.unclear}" for refund in data.refunds if refund.unclear), None)


def _on_gateway_response(payment: PaymentContext, command: RecordGatewayResponse, context: Context) -> Decision:
    response = read_response(command)
    refund = refunds.refund_of(payment, command)
    if refund is not None:
        decision = refunds.on_refund_response(payment, refund, command, response, context)
    else:
        decision = collection.on_gateway_response(payment, command, response, context)
    text = command.received or response_text(command.answer)
    decision.records = [received_row(payment, context, f"answer:{command.due}", command.order, text)]
    return decision


def _on_notification(payment: PaymentContext, command: RecordNotification, context: Context) -> Decision:
    try:
        notification = decode_notification(command.notification)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DispatchError(ErrorCode.MALFORMED, field="notification") from error
    decision = collection.on_notification(payment, command, notification, context)
    text = msgspec.json.encode(notification.fields).decode()
    decision.records = [received_row(payment, context, "notification", command.order, text)]
    return decision


def _open_attempt(payment: PaymentContext, command: OpenPayment, context: Context) -> Decision:
    decision = collection.open_attempt(payment, command, context)
    opened = next((event for event in decision.events if isinstance(event, AttemptOpened)), None)
    if opened is not None:
        text = msgspec.json.encode(opened).decode()
        decision.records = [received_row(payment, context, "attempt", opened.order, text)]
    return decision


_SENDERS: Final[dict[type[Command], tuple[str, ...]]] = {RefundFare: ("dispatcher",)}
"""The roles that may send a command; the default is the system."""

# Each handler names its own command type; in the table the types are erased.
_HANDLERS: Final[dict[type[Command], Callable[[PaymentContext, Any, Context], Decision]]] = {
    OpenPayment: _open_attempt,
    StopPayment: collection.stop_attempt,
    QueryOrder: collection.on_query_timer,
    RecordGatewayResponse: _on_gateway_response,
    RecordNotification: _on_notification,
    RefundFare: refunds.refund_fare,
    RefundOrder: refunds.refund_order,
    RepeatRefund: refunds.on_repeat_timer,
}
