"""The payment of one trip's fare: it is collected once, whatever is repeated, reordered or lost.

Rule 1: what moves a payment stands in ``dispatch.payment.payment_state``; here stands what follows from what is heard.
Rule 2: a new attempt may begin only when Alipay has confirmed that nothing can come of the last one. What stays
unknown is asked for until it is known.
Rule 3: only a signed answer to a query, or a verified notification that agrees with the order, makes it paid.
Rule 4: every call carries its number, so an answer that comes twice, or after a later call, is known as such. The
timer ``ask:ORDER`` always runs while an attempt is open: a call whose answer never comes is followed by a query.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

import msgspec

from dispatch.commands import (
    HearGateway,
    HearNotification,
    OpenPayment,
    QueryOrder,
    TellOutcome,
    encode_command,
)
from dispatch.entity import Command, Context, Decision, Due, EntityKey, Event, Kind, Principal, Row, Signal
from dispatch.errors import DispatchError, ErrorCode
from dispatch.payment.gateway import (
    Closed,
    NotFound,
    Order,
    OrderCreated,
    OrderRef,
    Refused,
    TradeStatus,
    TradeView,
    Unknown,
)
from dispatch.payment.gateway_calls import (
    GATEWAY,
    Answer,
    decode_notification,
    order_call,
    place_call,
    read_answer,
)
from dispatch.payment.notification import Check, ExpectedOrder, failed_checks
from dispatch.payment.order_number import order_number
from dispatch.payment.payment_events import (
    AttemptFailed,
    AttemptOpened,
    AttemptUnclear,
    GatewayAsked,
    OrderPaid,
    OrderPlaced,
    SurplusPaid,
    decode_payment_event,
)
from dispatch.payment.payment_rules import PaymentRules
from dispatch.payment.payment_state import (
    CREATING,
    PAID,
    UNKNOWN,
    WAITING,
    Attempt,
    PaymentState,
    call_name,
    fold,
)

__all__ = ["Payment", "PaymentRules", "decode_payment_event"]

STATUS_CHANGED: Final = frozenset(
    {
        "TRADE_HAS_SUCCESS",
        "TRADE_HAS_FINISHED",
        "TRADE_STATUS_ERROR",
        "REASON_TRADE_STATUS_INVALID",
        "REASON_ILLEGAL_STATUS",
    }
)
"""Refusals that say no more than that the trade stands elsewhere: the next query tells where."""


class Payment:
    """The payment of one trip. See :class:`dispatch.entity.Entity` for the contract."""

    kind: ClassVar[Kind] = "payment"

    def __init__(self, payment_id: str, rules: PaymentRules, seq: int = 0, snapshot: bytes | None = None) -> None:
        self.id = payment_id
        self.seq = seq
        self.rules = rules
        self.data = PaymentState() if snapshot is None else msgspec.msgpack.decode(snapshot, type=PaymentState)

    @property
    def state(self) -> str:
        """The machine's state."""
        return self.data.state

    @property
    def key(self) -> EntityKey:
        """The payment's address."""
        return EntityKey("payment", self.id)

    def snapshot(self) -> bytes:
        """All hard state."""
        return msgspec.msgpack.encode(self.data)

    def apply(self, event: Event) -> None:
        """Fold one event. Raises ``IllegalMoveError``."""
        fold(self.data, event, self.id)
        self.seq += 1

    def decide(self, command: Command, context: Context) -> Decision:
        """Decide on a command of the system's own. Raises ``DispatchError``."""
        handler = _HANDLERS.get(type(command))
        if handler is None:
            raise DispatchError(ErrorCode.UNKNOWN_MESSAGE, detail=type(command).__name__)
        if context.principal.role != "system":
            raise DispatchError(ErrorCode.NOT_ALLOWED)
        return handler(self, command, context)

    def listing(self) -> None:
        """Nothing: the matcher has no business with money."""

    def may_follow(self, principal: Principal) -> bool:
        """No client follows a payment: passenger and driver hear of it through trip and vehicle."""
        return principal.role == "system"

    def row(self) -> Row:
        """The payment as columns."""
        data = self.data
        shown = data.shown
        return Row(
            "payment",
            self.id,
            {
                "trip": self.id,
                "vehicle": data.vehicle or None,
                "state": data.state,
                "method": shown.method if shown else None,
                "amount_minor": shown.amount.minor if shown else None,
                "currency": shown.amount.currency if shown else None,
                "order_no": shown.order if shown else None,
                "trade_no": (shown.trade or None) if shown else None,
                "buyer": data.payer or (shown.buyer if shown else "") or None,
                "opened_at": data.opened_at,
                "paid_at": data.paid_at,
                "refunded_minor": 0,
                "seq": self.seq,
                "updated_at": data.touched_at,
            },
        )

    # ── an attempt begins ────────────────────────────────────────────────────────────────────────────────────────

    def _open(self, command: OpenPayment, context: Context) -> Decision:
        if command.trip != self.id:
            raise DispatchError(ErrorCode.INVALID_FIELD, field="trip", detail=command.trip)
        for attempt in self.data.attempts:
            if attempt.asked_by == context.command_id:
                return Decision(reply={"order": attempt.order})
        if self.data.open is not None:
            raise DispatchError(ErrorCode.PAYMENT_OPEN, detail=self.id)
        if self.data.state == PAID:
            raise DispatchError(ErrorCode.ALREADY_PAID, detail=self.id)
        opened = AttemptOpened(
            context.now,
            order=order_number(self.id, len(self.data.attempts) + 1),
            method=command.method,
            amount=command.amount,
            vehicle=command.vehicle,
            buyer=command.buyer,
            subject=command.subject,
            asked_by=context.command_id,
        )
        decision = self._begin(opened)
        decision.reply = {"order": opened.order}
        return decision

    def _begin(self, opened: AttemptOpened) -> Decision:
        """What the first step of an attempt is, by its method."""
        known = opened.method in self.rules.methods and self.rules.currency in ("", opened.amount.currency)
        if known and opened.method == "cash":
            paid = OrderPaid(opened.at, opened.order, "cash", opened.amount, source="driver")
            told = self._tell(opened, "paid", opened.at)
            return Decision(events=[opened, paid], put=[told], signals=[self._signal("payment_paid", opened.order)])
        try:
            work = place_call(self._alipay_order(opened)) if known else None
        except ValueError:
            work = None
        if work is None:
            failed = AttemptFailed(opened.at, opened.order, "INVALID_PARAMETER")
            told = self._tell(opened, "failed", opened.at, reason=failed.reason)
            return Decision(events=[opened, failed], put=[told], signals=[self._signal("payment_failed", opened.order)])
        call = Due(call_name("create", opened.order, 1), opened.at, GATEWAY, work)
        return Decision(events=[opened], put=[call, self._timer(opened.order, opened.at, self.rules.answer_within_s)])

    def _alipay_order(self, attempt: AttemptOpened | Attempt) -> Order:
        """The order of an attempt, the same each time. Raises ``ValueError`` for what Alipay would not take."""
        return Order(
            out_trade_no=attempt.order,
            amount=attempt.amount,
            subject=attempt.subject,
            buyer_id=attempt.buyer,
            notify_url=self.rules.notify_url,
            expires_min=self.rules.expires_min,
            passback=self.id,
        )

    # ── the gateway answers ──────────────────────────────────────────────────────────────────────────────────────

    def _query(self, command: QueryOrder, context: Context) -> Decision:
        attempt = self.data.attempt(command.order)
        if attempt is None or attempt.end != "open":
            return Decision()
        return self._ask(attempt, "query", context.now)

    def _hear_gateway(self, command: HearGateway, context: Context) -> Decision:
        attempt = self.data.attempt(command.order)
        if attempt is None:
            raise DispatchError(ErrorCode.INVALID_FIELD, field="order", detail=command.order)
        answer = read_answer(command)
        if isinstance(answer, TradeView) and answer.status.paid:
            return self._hear_paid(attempt, answer, context.now)
        if attempt.end != "open":
            return Decision()
        if command.due != attempt.due:
            return self._hear_late(attempt, answer, context.now)
        return self._hear_answer(attempt, answer, context.now)

    def _hear_answer(self, attempt: Attempt, answer: Answer, now: float) -> Decision:
        """The answer to the open attempt's last call."""
        match answer:
            case OrderCreated():
                decision = self._waits(attempt, answer.trade_no, now)
            case TradeView():
                decision = self._hear_unpaid(attempt, answer, now)
            case Refused():
                decision = self._hear_refusal(attempt, answer, now)
            case NotFound():
                decision = self._hear_not_found(attempt, now)
            case Closed():
                decision = self._fail(attempt, "TRADE_HAS_CLOSE", now)
            case Unknown():
                decision = self._unclear(attempt, answer.reason, now)
        return decision

    def _hear_late(self, attempt: Attempt, answer: Answer, now: float) -> Decision:
        """An answer to a call that was followed by another: only a trade's number is news, the rest is asked for."""
        if not isinstance(answer, OrderCreated) or attempt.trade:
            return Decision()
        return self._placed(attempt, answer.trade_no, now)

    def _hear_paid(self, attempt: Attempt, view: TradeView, now: float) -> Decision:
        if view.amount == attempt.amount and attempt.trade in ("", view.trade_no):
            return self._collected(attempt, view.trade_no, view.buyer_id, "query", now)
        alarm = self._alarm(attempt.order, f"paid {view.amount} by trade {view.trade_no}")
        if attempt.end != "open":
            return Decision(signals=[alarm])
        decision = self._unclear(attempt, "AMOUNT_DIFFERS", now, at_once=True)
        decision.signals = [*decision.signals, alarm]
        return decision

    def _hear_unpaid(self, attempt: Attempt, view: TradeView, now: float) -> Decision:
        if view.status is TradeStatus.CLOSED:
            return self._fail(attempt, "TRADE_HAS_CLOSE", now)
        if view.status is TradeStatus.WAITING:
            return self._waits(attempt, view.trade_no, now)
        return self._unclear(attempt, view.status.value, now)

    def _hear_refusal(self, attempt: Attempt, refused: Refused, now: float) -> Decision:
        if refused.code.removeprefix("ACQ.") in STATUS_CHANGED:
            return Decision(put=[self._next_query(attempt, now)])
        if attempt.call == "create":
            return self._fail(attempt, refused.code, now)
        return self._unclear(attempt, refused.code, now)

    def _hear_not_found(self, attempt: Attempt, now: float) -> Decision:
        """Alipay has no such trade: the create never came there, or (once it was placed) the answer is too early."""
        if self.data.state == CREATING and self._age_s(attempt, now) < self.rules.query_for_s:
            return self._ask(attempt, "create", now)
        if self.data.state == WAITING and not self._expired(attempt, now):
            return Decision(put=[self._next_query(attempt, now)])
        return self._fail(attempt, "TRADE_NOT_EXIST", now)

    def _hear_notification(self, command: HearNotification, context: Context) -> Decision:
        """Nothing is believed that disagrees with our order; news that is old or does not say paid changes nothing."""
        try:
            notification = decode_notification(command.notification)
        except msgspec.DecodeError as error:
            raise DispatchError(ErrorCode.MALFORMED, field="notification") from error
        attempt = self.data.attempt(command.order)
        failed = failed_checks(notification, self._expected(attempt))
        if attempt is not None and not failed:
            trade, buyer = notification.trade_no, notification.buyer_id
            return self._collected(attempt, trade, buyer, "notification", context.now)
        if failed == [Check.STATUS]:
            return Decision()
        which = ", ".join(check.value for check in failed)
        refusal = DispatchError(ErrorCode.PAYMENT_REFUSED, detail=f"the notification disagrees in {which}")
        return Decision(refusal=refusal, signals=[self._alarm(command.order, f"notification: {which}")])

    def _expected(self, attempt: Attempt | None) -> ExpectedOrder | None:
        if attempt is None or attempt.method != "alipay":
            return None
        return ExpectedOrder(
            out_trade_no=attempt.order,
            amount=attempt.amount,
            seller_id=self.rules.seller_id,
            seller_email=self.rules.seller_email,
            trade_no=attempt.trade,
        )

    # ── what follows ─────────────────────────────────────────────────────────────────────────────────────────────

    def _collected(self, attempt: Attempt, trade: str, buyer: str, source: str, now: float) -> Decision:
        """The money of an attempt is ours: the fare is paid, or it was already, and this is too much."""
        if attempt.end in ("paid", "surplus"):
            return Decision()
        if self.data.paid_order:
            surplus = SurplusPaid(now, attempt.order, attempt.amount, source, trade, buyer)
            alarm = self._alarm(attempt.order, f"paid beside {self.data.paid_order}")
            return Decision(events=[surplus], drop=_undone(attempt), signals=[alarm])
        paid = OrderPaid(now, attempt.order, attempt.method, attempt.amount, source, trade, buyer)
        told = self._tell(attempt, "paid", now, trade=trade or attempt.trade)
        signal = self._signal("payment_paid", attempt.order, source=source, seconds=self._age_s(attempt, now))
        other = self.data.open
        if other is None or other is attempt:
            return Decision(events=[paid], put=[told], drop=_undone(attempt), signals=[signal])
        # An order that had been given up was paid after all: nobody may pay the one that took its place.
        decision = self._ask(other, "close", now)
        decision.events = [paid, *decision.events]
        decision.put = [told, *decision.put]
        decision.signals = [signal]
        return decision

    def _waits(self, attempt: Attempt, trade: str, now: float) -> Decision:
        """The trade waits for its buyer. Where nobody is to pay it any more, it is closed."""
        decision = Decision() if attempt.trade else self._placed(attempt, trade, now)
        if self.data.state in (UNKNOWN, PAID) or self._expired(attempt, now):
            closing = self._ask(attempt, "close", now)
            closing.events = [*decision.events, *closing.events]
            return closing
        decision.put = [*decision.put, self._next_query(attempt, now)]
        return decision

    def _placed(self, attempt: Attempt, trade: str, now: float) -> Decision:
        placed = OrderPlaced(now, attempt.order, trade)
        if self.data.state != CREATING:
            return Decision(events=[placed])
        return Decision(events=[placed], put=[self._tell(attempt, "ordered", now, trade=trade)])

    def _fail(self, attempt: Attempt, reason: str, now: float) -> Decision:
        failed = AttemptFailed(now, attempt.order, reason)
        if self.data.state == PAID:
            return Decision(events=[failed], drop=_undone(attempt))
        told = self._tell(attempt, "failed", now, reason=reason)
        signal = self._signal("payment_failed", attempt.order, reason=reason)
        return Decision(events=[failed], put=[told], drop=_undone(attempt), signals=[signal])

    def _unclear(self, attempt: Attempt, reason: str, now: float, *, at_once: bool = False) -> Decision:
        """No clear answer: ask again later. When it has lasted too long, those who wait are told so, once."""
        decision = Decision(put=[self._next_query(attempt, now)])
        age_s = self._age_s(attempt, now)
        limit_s = self.rules.query_for_s if self.data.state == CREATING else self.rules.expires_s
        if self.data.state in (CREATING, WAITING) and (at_once or age_s >= limit_s):
            decision.events = [AttemptUnclear(now, attempt.order, reason)]
            decision.put = [*decision.put, self._tell(attempt, "unknown", now, reason=reason)]
            decision.signals = [self._signal("payment_unknown", attempt.order, reason=reason)]
        return decision

    def _ask(self, attempt: Attempt, call: str, now: float) -> Decision:
        """Make a further call, with a timer behind it in case its answer is lost."""
        asked = GatewayAsked(now, attempt.order, call, attempt.calls + 1)
        due = Due(call_name(call, attempt.order, asked.n), now, GATEWAY, self._work(attempt, call))
        return Decision(events=[asked], put=[due, self._timer(attempt.order, now, self.rules.answer_within_s)])

    def _work(self, attempt: Attempt, call: str) -> bytes:
        if call == "create":
            return place_call(self._alipay_order(attempt))
        return order_call("close" if call == "close" else "query", OrderRef(attempt.order))

    def _next_query(self, attempt: Attempt, now: float) -> Due:
        return self._timer(attempt.order, now, self.rules.next_query_s(self._age_s(attempt, now)))

    def _timer(self, order: str, now: float, wall_s: float) -> Due:
        at = now + wall_s * self.rules.speed
        return Due(_timer_name(order), at, str(self.key), encode_command(QueryOrder(order)))

    def _age_s(self, attempt: Attempt, now: float) -> float:
        """Wall seconds since the attempt began."""
        return (now - attempt.opened_at) / self.rules.speed

    def _expired(self, attempt: Attempt, now: float) -> bool:
        return self._age_s(attempt, now) >= self.rules.expires_s

    def _tell(
        self, attempt: AttemptOpened | Attempt, state: str, now: float, *, reason: str = "", trade: str = ""
    ) -> Due:
        """Tell the trip. A decision tells at most one thing, and only with an event: so the name is used once."""
        told = TellOutcome(state, attempt.order, attempt.method, attempt.amount, trade=trade, reason=reason)
        return Due(f"tell:{self.seq}", now, f"trip:{self.id}", encode_command(told))

    def _signal(self, name: str, order: str, **fields: str | float) -> Signal:
        return Signal(name, {"trip": self.id, "order": order, **fields})

    def _alarm(self, order: str, cause: str) -> Signal:
        return self._signal("payment_alarm", order, cause=cause)


def _timer_name(order: str) -> str:
    return f"ask:{order}"


def _undone(attempt: Attempt) -> Sequence[str]:
    """What need no longer be asked of an attempt that has ended."""
    return [_timer_name(attempt.order), attempt.due]


# Each handler names its own command; in the table the types are erased.
_HANDLERS: Final[dict[type[Command], Callable[[Payment, Any, Context], Decision]]] = {
    OpenPayment: Payment._open,  # noqa: SLF001
    HearGateway: Payment._hear_gateway,  # noqa: SLF001
    HearNotification: Payment._hear_notification,  # noqa: SLF001
    QueryOrder: Payment._query,  # noqa: SLF001
}
