"""Refunds: opens a refund, repeats its call until the result is clear, and reports it to the trip.

Rule 1: a refund above the remaining amount is refused before any call, and one refund of the fare is open at a time.
Rule 2: a refund keeps its number for ever. After an unclear answer the call is repeated with the same number, and
Alipay refunds it once. A refused repetition proves nothing about the earlier call: then the refund is queried.
Rule 3: a second payment of the fare is refunded automatically, by the same steps.
"""

from typing import Final

from dispatch.domain.commands import RecordGatewayResponse, RefundFare, RefundOrder, RepeatRefund, ReportOutcome
from dispatch.domain.entity import Context, Decision, Event, ScheduledCommand
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.payment.core import events
from dispatch.payment.core.beijing_time import beijing_day
from dispatch.payment.core.context import PaymentContext, merge, received_at
from dispatch.payment.core.gateway_calls import GATEWAY, GatewayResponse, order_call, refund_call
from dispatch.payment.core.port import Cancelled, NotFound, Refund, Refunded, Refusal, Unknown
from dispatch.payment.core.rules import CASH
from dispatch.payment.core.state import Attempt, RefundState, call_name, refund_state
from dispatch.values.money import Money

RETRYABLE: Final = frozenset({"SELLER_BALANCE_NOT_ENOUGH", "REASON_TRADE_BEEN_FREEZEN"})
"""Temporary refusals: the refund is repeated later, and an alarm is raised."""


def refund_fare(payment: PaymentContext, command: RefundFare, context: Context) -> Decision:
    paid = payment.data.attempt(payment.data.paid_order)
    if paid is None:
        raise DispatchError(ErrorCode.NOT_PAID, detail=payment.id)
    for refund in payment.data.refunds:
        if refund.asked_by == context.command_id:
            return Decision(reply={"refund": refund.refund})
    if payment.data.open_refund is not None:
        raise DispatchError(ErrorCode.REFUND_OPEN, detail=payment.data.open_refund.refund)
    left = Money(paid.amount.minor - payment.data.refunded, paid.amount.currency)
    amount = command.amount if command.amount is not None else left
    _check_amount(amount, left, command)
    how: events.RefundMethod = "hand" if paid.method == CASH else "cancel" if command.cancel else "refund"
    if how == "cancel" and amount != paid.amount:
        raise DispatchError(ErrorCode.REFUND_TOO_MUCH, field="amount", detail="a cancel refunds the whole order")
    by = f"{context.principal.role}:{context.principal.id}"
    opened = events.RefundOpened(
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
        raise DispatchError(ErrorCode.REFUND_TOO_MUCH, field="amount", detail=f"{left} of the fare remains")
    if command.limit_minor is not None and amount.minor > command.limit_minor:
        raise DispatchError(ErrorCode.NOT_ALLOWED, field="amount", detail="above your refund limit")


def refund_order(payment: PaymentContext, command: RefundOrder, context: Context) -> Decision:
    """The trip's fare was settled in another way: refund the whole payment."""
    paid = payment.data.attempt(payment.data.paid_order)
    if paid is None or paid.order != command.order or paid.method == CASH or payment.data.refunds:
        return Decision()
    return merge(
        Decision(notices=[payment.alarm(paid.order, command.reason)]),
        open_refund(payment, paid, command.reason, context.now, surplus=False),
    )


def open_refund(payment: PaymentContext, attempt: Attempt, reason: str, now: float, *, surplus: bool) -> Decision:
    """Refund a whole paid order automatically."""
    if attempt.method == CASH:
        return Decision()
    opened = events.RefundOpened(
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


def _begin(payment: PaymentContext, opened: events.RefundOpened, attempt: Attempt) -> Decision:
    if opened.how == "hand":
        refund = refund_state(opened)
        return merge(Decision(events=[opened]), _returned(payment, refund, beijing_day("", opened.at), opened.at))
    name = call_name(opened.how, opened.refund, 1)
    work = _work(payment, opened.how, refund_state(opened), attempt)
    timer = _timer(payment, opened.refund, opened.at, payment.rules.answer_within_s)
    return Decision(events=[opened], put=[ScheduledCommand(name, opened.at, GATEWAY, work), timer])


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


def on_repeat_timer(payment: PaymentContext, command: RepeatRefund, context: Context) -> Decision:
    refund = payment.data.refund(command.refund)
    if refund is None or refund.end != "open":
        return Decision()
    return _call_gateway(payment, refund, refund.how, context.now)


def refund_of(payment: PaymentContext, command: RecordGatewayResponse) -> RefundState | None:
    """The refund whose call was answered; None if the call was about an order."""
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
    if refund.end != "open":
        return Decision()
    if isinstance(answer, Refunded) and answer.refund_no == refund.refund and answer.amount == refund.amount:
        return _returned(payment, refund, beijing_day("", received_at(context, command.heard_at)), context.now)
    if isinstance(answer, Cancelled):
        return _on_cancelled(payment, refund, answer, command, context)
    if command.due != refund.due:
        return Decision()
    return _on_unconfirmed(payment, refund, answer, context.now)


def _on_unconfirmed(payment: PaymentContext, refund: RefundState, answer: GatewayResponse, now: float) -> Decision:
    """The last call's answer does not confirm the refund."""
    match answer:
        case NotFound() if refund.call == "query_refund":
            return _failed(payment, refund, "REFUND_NOT_EXIST", now)
        case Refusal():
            return _on_refusal(payment, refund, answer, now)
        case Unknown():
            return _unclear(payment, refund, answer.reason, now)
    return _unclear(payment, refund, "unexpected answer", now)


def _on_cancelled(
    payment: PaymentContext, refund: RefundState, answer: Cancelled, command: RecordGatewayResponse, context: Context
) -> Decision:
    """A cancel of a paid order must refund it; a repeated cancel has nothing left to do."""
    if answer.action == "refund" or (answer.action == "" and refund.calls > 1):
        return _returned(payment, refund, beijing_day("", received_at(context, command.heard_at)), context.now)
    return _unclear(payment, refund, f"cancelled by {answer.action or 'nothing'}", context.now)


def _on_refusal(payment: PaymentContext, refund: RefundState, refused: Refusal, now: float) -> Decision:
    code = refused.code.removeprefix("ACQ.")
    if code in RETRYABLE or refund.call == "query_refund":
        return _unclear(payment, refund, code, now, at_once=True)
    if refund.calls > 1 and refund.how == "refund":
        return _call_gateway(payment, refund, "query_refund", now)
    return _failed(payment, refund, code, now)


def _returned(payment: PaymentContext, refund: RefundState, day: str, now: float) -> Decision:
    undone = [_timer_name(refund.refund), *([refund.due] if refund.due else [])]
    facts = (now, refund.refund, refund.order, refund.amount, day)
    notice = payment.notice("payment_refunded", refund.order, refund=refund.refund, by=refund.by)
    if refund.surplus:
        return Decision(events=[events.SurplusRefunded(*facts)], drop=undone, notices=[notice])
    paid = payment.data.attempt(refund.order)
    in_all = payment.data.refunded + refund.amount.minor
    whole = paid is not None and in_all >= paid.amount.minor
    event: Event = events.WholeRefunded(*facts) if whole else events.PartRefunded(*facts)
    method = paid.method if paid is not None else ""
    outcome = ReportOutcome("refunded", refund.order, method, Money(in_all, refund.amount.currency))
    return Decision(events=[event], put=[payment.report_outcome(outcome, now)], drop=undone, notices=[notice])


def _failed(payment: PaymentContext, refund: RefundState, reason: str, now: float) -> Decision:
    failed = events.RefundFailed(now, refund.refund, reason)
    alarm = payment.alarm(refund.order, f"refund {refund.refund} refused: {reason}")
    return Decision(events=[failed], drop=[_timer_name(refund.refund), refund.due], notices=[alarm])


def _unclear(
    payment: PaymentContext, refund: RefundState, reason: str, now: float, *, at_once: bool = False
) -> Decision:
    age_s = payment.age_s(refund, now)
    decision = Decision(put=[_timer(payment, refund.refund, now, payment.rules.next_query_s(age_s))])
    if not refund.unclear and (at_once or age_s >= payment.rules.query_for_s):
        decision.events = [events.RefundUnclear(now, refund.refund, reason)]
        decision.notices = [payment.alarm(refund.order, f"refund {refund.refund} unclear: {reason}")]
    return decision


def _call_gateway(payment: PaymentContext, refund: RefundState, call: str, now: float) -> Decision:
    attempt = payment.data.attempt(refund.order)
    if attempt is None:
        raise ValueError(f"no attempt {refund.order}")
    asked = events.RefundAsked(now, refund.refund, call, refund.calls + 1)
    work = _work(payment, call, refund, attempt)
    due = ScheduledCommand(call_name(call, refund.refund, asked.n), now, GATEWAY, work)
    timer = _timer(payment, refund.refund, now, payment.rules.answer_within_s)
    return Decision(events=[asked], put=[due, timer], drop=[refund.due])


def _timer(payment: PaymentContext, number: str, now: float, wall_s: float) -> ScheduledCommand:
    return payment.timer(_timer_name(number), RepeatRefund(number), now, wall_s)


def _timer_name(number: str) -> str:
    return f"again:{number}"
