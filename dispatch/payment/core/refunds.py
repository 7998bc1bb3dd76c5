"""Giving money back: a refund is asked for, Alipay answers or is silent, and what follows.

Rule 1: too much is refused before Alipay is asked, and one refund of the fare is under way at a time.
Rule 2: a refund keeps its number for ever: what was not answered clearly is repeated with the same number, and Alipay
refunds it once. A repetition that is refused says nothing of the call before it: then Alipay is asked for the refund.
Rule 3: money that came beside the fare's goes back by itself, by the same steps.
"""

from __future__ import annotations

from typing import Final

from dispatch.domain.commands import RecordGatewayResponse, RefundFare, RefundOrder, RepeatRefund, ReportOutcome
from dispatch.domain.entity import Context, Decision, Event, ScheduledCommand
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.payment.core.beijing_time import beijing_day
from dispatch.payment.core.context import PaymentContext, merge, money_of, received_at
from dispatch.payment.core.events import (
    PartRefunded,
    RefundAsked,
    RefundFailed,
    RefundMethod,
    RefundOpened,
    RefundUnclear,
    SurplusRefunded,
    WholeRefunded,
)
from dispatch.payment.core.gateway_calls import GATEWAY, GatewayResponse, order_call, refund_call
from dispatch.payment.core.port import Cancelled, NotFound, Refund, Refunded, Refusal, Unknown
from dispatch.payment.core.rules import CASH
from dispatch.payment.core.state import Attempt, RefundState, call_name
from dispatch.values.money import Money

RETRYABLE: Final = frozenset({"SELLER_BALANCE_NOT_ENOUGH", "REASON_TRADE_BEEN_FREEZEN"})
"""Refusals that pass: the same refund is repeated later, and somebody is told to see to it."""


def refund_fare(payment: PaymentContext, command: RefundFare, context: Context) -> Decision:
    """A person gives back the fare, or a part of it."""
    paid = payment.data.attempt(payment.data.paid_order)
    if paid is None:
        raise DispatchError(ErrorCode.NOT_PAID, detail=payment.id)
    for refund in payment.data.refunds:
        if refund.asked_by == context.command_id:
            return Decision(reply={"refund": refund.refund})
    if payment.data.open_refund is not None:
        raise DispatchError(ErrorCode.REFUND_OPEN, detail=payment.data.open_refund.refund)
    left = money_of(paid.amount.minor - payment.data.refunded, paid.amount)
    amount = command.amount if command.amount is not None else left
    _check_amount(amount, left, command)
    how: RefundMethod = "hand" if paid.method == CASH else "cancel" if command.cancel else "refund"
    if how == "cancel" and amount != paid.amount:
        raise DispatchError(ErrorCode.REFUND_TOO_MUCH, field="amount", detail="an order is cancelled as a whole")
    by = f"{context.principal.role}:{context.principal.id}"
    opened = RefundOpened(
        context.now,
        refund=_number(payment, paid),
        order=paid.order,
        amount=amount,
        how=how,
        by=by,
        reason=command.reason,
        asked_by=context.command_id,
    )
    decision = _begin(payment, opened, paid)
    decision.reply = {"refund": opened.refund}
    return decision


def _check_amount(amount: Money, left: Money, command: RefundFare) -> None:
    if amount.currency != left.currency:
        raise DispatchError(ErrorCode.INVALID_FIELD, field="currency", detail=amount.currency)
    if not 0 < amount.minor <= left.minor:
        raise DispatchError(ErrorCode.REFUND_TOO_MUCH, field="amount", detail=f"{left} is left of the fare")
    if command.limit_minor is not None and amount.minor > command.limit_minor:
        raise DispatchError(ErrorCode.NOT_ALLOWED, field="amount", detail="above what you may refund")


def refund_order(payment: PaymentContext, command: RefundOrder, context: Context) -> Decision:
    """The trip wants none of what was paid: its fare had been settled otherwise."""
    paid = payment.data.attempt(payment.data.paid_order)
    if paid is None or paid.order != command.order or paid.method == CASH or payment.data.refunds:
        return Decision()
    return merge(
        Decision(notices=[payment.alarm(paid.order, command.reason)]),
        open_refund(payment, paid, command.reason, context.now, surplus=False),
    )


def open_refund(payment: PaymentContext, attempt: Attempt, reason: str, now: float, *, surplus: bool) -> Decision:
    """The system itself gives back all of an order that was paid."""
    if attempt.method == CASH:
        return Decision()
    opened = RefundOpened(
        now,
        refund=_number(payment, attempt),
        order=attempt.order,
        amount=attempt.amount,
        how="refund",
        by="system",
        reason=reason,
        asked_by="",
        surplus=surplus,
    )
    return _begin(payment, opened, attempt)


def _number(payment: PaymentContext, attempt: Attempt) -> str:
    return f"{attempt.order}_R{len(payment.data.refunds) + 1}"


def _begin(payment: PaymentContext, opened: RefundOpened, attempt: Attempt) -> Decision:
    if opened.how == "hand":
        refund = _state_of(opened)
        return merge(Decision(events=[opened]), _returned(payment, refund, beijing_day("", opened.at), opened.at))
    name = call_name(opened.how, opened.refund, 1)
    work = _work(payment, opened.how, _state_of(opened), attempt)
    timer = _timer(payment, opened.refund, opened.at, payment.rules.answer_within_s)
    return Decision(events=[opened], put=[ScheduledCommand(name, opened.at, GATEWAY, work), timer])


def _state_of(opened: RefundOpened) -> RefundState:
    return RefundState(
        refund=opened.refund,
        order=opened.order,
        amount=opened.amount,
        how=opened.how,
        by=opened.by,
        reason=opened.reason,
        asked_by=opened.asked_by,
        surplus=opened.surplus,
        opened_at=opened.at,
    )


def _work(payment: PaymentContext, call: str, refund: RefundState, attempt: Attempt) -> bytes:
    if call == "cancel":
        return order_call("cancel", attempt.ref, payment.data.company)
    asked = Refund(
        order=attempt.ref,
        refund_no=refund.refund,
        amount=refund.amount,
        total=attempt.amount,
        reason=refund.reason[:128],
        operator=refund.by,
    )
    return refund_call(call, asked, payment.data.company)


# ── what is heard ────────────────────────────────────────────────────────────────────────────────────────────────


def on_repeat_timer(payment: PaymentContext, command: RepeatRefund, context: Context) -> Decision:
    """The timer of an open refund: ask again, with the same number."""
    refund = payment.data.refund(command.refund)
    if refund is None or refund.end != "open":
        return Decision()
    return _ask(payment, refund, refund.how, context.now)


def refund_of(payment: PaymentContext, command: RecordGatewayResponse) -> RefundState | None:
    """The refund whose call was answered; None where the call was about an order."""
    return next((refund for refund in payment.data.refunds if _is_call_of(command.due, refund)), None)


def _is_call_of(due: str, refund: RefundState) -> bool:
    call, _, rest = due.partition(":")
    return call in ("refund", "cancel", "query_refund") and rest.rpartition(":")[0] == refund.refund


def on_refund_response(
    payment: PaymentContext,
    refund: RefundState,
    command: RecordGatewayResponse,
    answer: GatewayResponse,
    context: Context,
) -> Decision:
    """An answer about a refund of this payment."""
    if refund.end != "open":
        return Decision()
    if isinstance(answer, Refunded) and answer.refund_no == refund.refund and answer.amount == refund.amount:
        return _returned(payment, refund, beijing_day("", received_at(context, command.heard_at)), context.now)
    if isinstance(answer, Cancelled):
        return _hear_cancelled(payment, refund, answer, command, context)
    if command.due != refund.due:
        return Decision()
    return _hear_no(payment, refund, answer, context.now)


def _hear_no(payment: PaymentContext, refund: RefundState, answer: GatewayResponse, now: float) -> Decision:
    """The answer to the last call is not that the money is back."""
    match answer:
        case NotFound() if refund.call == "query_refund":
            return _failed(payment, refund, "REFUND_NOT_EXIST", now)
        case Refusal():
            return _hear_refused(payment, refund, answer, now)
        case Unknown():
            return _unclear(payment, refund, answer.reason, now)
    return _unclear(payment, refund, "an answer about something else", now)


def _hear_cancelled(
    payment: PaymentContext, refund: RefundState, answer: Cancelled, command: RecordGatewayResponse, context: Context
) -> Decision:
    """An order that was paid is undone only by giving the money back; a repetition finds nothing left to do."""
    if answer.action == "refund" or (answer.action == "" and refund.calls > 1):
        return _returned(payment, refund, beijing_day("", received_at(context, command.heard_at)), context.now)
    return _unclear(payment, refund, f"cancelled by {answer.action or 'nothing'}", context.now)


def _hear_refused(payment: PaymentContext, refund: RefundState, refused: Refusal, now: float) -> Decision:
    code = refused.code.removeprefix("ACQ.")
    if code in RETRYABLE or refund.call == "query_refund":
        return _unclear(payment, refund, code, now, at_once=True)
    if refund.calls > 1 and refund.how == "refund":
        return _ask(payment, refund, "query_refund", now)
    return _failed(payment, refund, code, now)


# ── what follows ─────────────────────────────────────────────────────────────────────────────────────────────────


def _returned(payment: PaymentContext, refund: RefundState, day: str, now: float) -> Decision:
    """The money is back."""
    undone = [_timer_name(refund.refund), *([refund.due] if refund.due else [])]
    facts = (now, refund.refund, refund.order, refund.amount, day)
    notice = payment.notice("payment_refunded", refund.order, refund=refund.refund, by=refund.by)
    if refund.surplus:
        return Decision(events=[SurplusRefunded(*facts)], drop=undone, notices=[notice])
    paid = payment.data.attempt(refund.order)
    in_all = payment.data.refunded + refund.amount.minor
    whole = paid is not None and in_all >= paid.amount.minor
    event: Event = WholeRefunded(*facts) if whole else PartRefunded(*facts)
    method = paid.method if paid is not None else ""
    told = ReportOutcome("refunded", refund.order, method, money_of(in_all, refund.amount))
    return Decision(events=[event], put=[payment.report_outcome(told, now)], drop=undone, notices=[notice])


def _failed(payment: PaymentContext, refund: RefundState, reason: str, now: float) -> Decision:
    failed = RefundFailed(now, refund.refund, reason)
    alarm = payment.alarm(refund.order, f"refund {refund.refund} refused: {reason}")
    return Decision(events=[failed], drop=[_timer_name(refund.refund), refund.due], notices=[alarm])


def _unclear(
    payment: PaymentContext, refund: RefundState, reason: str, now: float, *, at_once: bool = False
) -> Decision:
    age_s = payment.age_s(refund, now)
    decision = Decision(put=[_timer(payment, refund.refund, now, payment.rules.next_query_s(age_s))])
    if not refund.unclear and (at_once or age_s >= payment.rules.query_for_s):
        decision.events = [RefundUnclear(now, refund.refund, reason)]
        decision.notices = [payment.alarm(refund.order, f"refund {refund.refund} unclear: {reason}")]
    return decision


def _ask(payment: PaymentContext, refund: RefundState, call: str, now: float) -> Decision:
    attempt = payment.data.attempt(refund.order)
    if attempt is None:
        raise ValueError(f"no attempt {refund.order}")
    asked = RefundAsked(now, refund.refund, call, refund.calls + 1)
    work = _work(payment, call, refund, attempt)
    due = ScheduledCommand(call_name(call, refund.refund, asked.n), now, GATEWAY, work)
    timer = _timer(payment, refund.refund, now, payment.rules.answer_within_s)
    return Decision(events=[asked], put=[due, timer], drop=[refund.due])


def _timer(payment: PaymentContext, number: str, now: float, wall_s: float) -> ScheduledCommand:
    return payment.timer(_timer_name(number), RepeatRefund(number), now, wall_s)


def _timer_name(number: str) -> str:
    return f"again:{number}"
