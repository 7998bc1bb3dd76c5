"""Collects the fare: opens an attempt, follows its order at Alipay to a confirmed end, and reports to the trip.

Rule 1: a new attempt may begin only after Alipay has confirmed that the last one can no longer be paid. An unknown
outcome is queried until it is known.
Rule 2: only a signed answer to a query, or a verified notification that agrees with the order, makes an order paid.
Rule 3: every call has a number, so a repeated answer, or an answer to an earlier call, is recognised. The timer
``ask:ORDER`` always runs while an attempt is open: a call that is never answered is followed by a query.
Rule 4: a report of a payment that arrives after Alipay has confirmed the attempt's end may be older than that end (a
cancel refunds the buyer). It counts only if a query made afterwards confirms it.
Rule 5: after a cancel was requested, which refunds what was paid, only the answer to a later query proves that the
order is paid. The cancel is repeated until it is answered.
Rule 6: an order on a page stays open until it expires and is then closed. An order by a code is cancelled then; an
order by the passenger's own code already after it has been unclear for ``query_for_s``. Money that still arrives is
refunded.

Theory of operation: :data:`TABLE` maps an answer to its handler, by the attempt's standing, the call that was made,
the kind of answer and the way of the order. The first row that matches decides.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from dispatch.domain.commands import OpenPayment, QueryOrder, RecordGatewayResponse, RecordNotification, StopPayment
from dispatch.domain.entity import Context, Decision, ScheduledCommand
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.payment.core import collection_steps as steps
from dispatch.payment.core import port
from dispatch.payment.core.beijing_time import beijing_day
from dispatch.payment.core.collection_steps import PaymentProof
from dispatch.payment.core.context import PaymentContext, merge, received_at
from dispatch.payment.core.events import AttemptFailed, AttemptOpened, AttemptStopped, NewsChecked, OrderPaid
from dispatch.payment.core.gateway_calls import GATEWAY, PLACING, GatewayResponse, place_call, response_tag
from dispatch.payment.core.notification_checks import Check, ExpectedOrder, failed_checks
from dispatch.payment.core.refunds import RETRYABLE
from dispatch.payment.core.rules import CASH, WAYS
from dispatch.payment.core.state import COLLECTED, CREATING, WAITING, Attempt, call_name

STATUS_CHANGED: Final = frozenset(
    {
        "TRADE_HAS_SUCCESS",
        "TRADE_HAS_FINISHED",
        "TRADE_STATUS_ERROR",
        "REASON_TRADE_STATUS_INVALID",
        "REASON_ILLEGAL_STATUS",
    }
)
"""Refusals that say only that the trade's status has changed: the next query shows the new one."""


def open_attempt(payment: PaymentContext, command: OpenPayment, context: Context) -> Decision:
    if command.trip != payment.id:
        raise DispatchError(ErrorCode.INVALID_FIELD, field="trip", detail=command.trip)
    for attempt in payment.data.attempts:
        if attempt.asked_by == context.command_id:
            return Decision(reply={"order": attempt.order})
    if payment.data.open is not None:
        raise DispatchError(ErrorCode.PAYMENT_OPEN, detail=payment.id)
    if payment.data.state in COLLECTED:
        raise DispatchError(ErrorCode.ALREADY_PAID, detail=payment.id)
    opened = AttemptOpened(
        context.now,
        order=port.order_number(payment.id, len(payment.data.attempts) + 1),
        method=command.method,
        amount=command.amount,
        vehicle=command.vehicle,
        buyer=command.buyer,
        subject=command.subject,
        asked_by=context.command_id,
        company=command.company,
        auth_code=command.auth_code,
    )
    decision = _first_step(payment, opened)
    decision.reply = {"order": opened.order}
    return decision


def _first_step(payment: PaymentContext, opened: AttemptOpened) -> Decision:
    """Cash is paid at once; an order that Alipay would not accept fails at once; any other is placed."""
    account = payment.rules.account_of(opened.company)
    known = opened.method in payment.rules.methods and account.currency in ("", opened.amount.currency)
    if known and opened.method == CASH:
        day = beijing_day("", opened.at)
        paid = OrderPaid(opened.at, opened.order, CASH, opened.amount, source="driver", day=day)
        report = payment.report_attempt(opened, "paid", opened.at)
        return Decision(events=[opened, paid], put=[report], notices=[payment.notice("payment_paid", opened.order)])
    try:
        work = place_call(steps.order_of(payment, opened), opened.company) if known else None
    except ValueError:
        work = None
    if work is None:
        failed = AttemptFailed(opened.at, opened.order, "INVALID_PARAMETER")
        report = payment.report_attempt(opened, "failed", opened.at, reason=failed.reason)
        return Decision(events=[opened, failed], put=[report], notices=[payment.notice("payment_failed", opened.order)])
    name = call_name(PLACING[WAYS[opened.method]], opened.order, 1)
    timer = steps.answer_timer(payment, opened.order, opened.at)
    return Decision(events=[opened], put=[ScheduledCommand(name, opened.at, GATEWAY, work), timer])


def on_query_timer(payment: PaymentContext, command: QueryOrder, context: Context) -> Decision:
    """Query an open attempt, or repeat a cancel that was not answered clearly."""
    attempt = payment.data.attempt(command.order)
    if attempt is None or not (attempt.end == "open" or attempt.checking):
        return Decision()
    return steps.call_gateway(payment, attempt, attempt.call if command.again else "query", context.now)


def stop_attempt(payment: PaymentContext, _: StopPayment, context: Context) -> Decision:
    """Another method is wanted: end the open attempt, unless Alipay says that it is paid."""
    attempt = payment.data.open
    if attempt is None or attempt.stopping:
        return Decision()
    stopped = Decision(events=[AttemptStopped(context.now, attempt.order)])
    if payment.data.state == CREATING:
        return stopped  # an order cannot be closed before it is placed: the answer or the timer continues from here
    return merge(stopped, steps.call_gateway(payment, attempt, steps.ending_call(attempt), context.now))


def on_notification(
    payment: PaymentContext, command: RecordNotification, notification: port.Notification, context: Context
) -> Decision:
    """A notification that disagrees with the order is refused; one that is old or about an unpaid trade is ignored."""
    attempt = payment.data.attempt(command.order)
    failed = failed_checks(notification, _expected(payment, attempt))
    if attempt is not None and not failed:
        if attempt.end == "failed":
            return steps.check_late_payment(payment, attempt, context.now)
        if attempt.cancelled:
            return Decision()  # Rule 5: a query follows anyway
        day = beijing_day(notification.paid_at, received_at(context, command.heard_at))
        proof = PaymentProof(notification.trade_no, notification.buyer_id, "notification", day)
        return steps.mark_paid(payment, attempt, proof, context.now)
    if failed == [Check.STATUS]:
        return Decision()
    names = ", ".join(check.value for check in failed)
    refusal = DispatchError(ErrorCode.PAYMENT_REFUSED, detail=f"the notification disagrees in {names}")
    return Decision(refusal=refusal, notices=[payment.alarm(command.order, f"notification: {names}")])


def _expected(payment: PaymentContext, attempt: Attempt | None) -> ExpectedOrder | None:
    if attempt is None or attempt.method not in WAYS:
        return None
    return ExpectedOrder(
        out_trade_no=attempt.order,
        amount=attempt.amount,
        seller_id=payment.account.seller_id,
        seller_email=payment.account.seller_email,
        trade_no=attempt.trade,
    )


class Answer(NamedTuple):
    """A gateway's answer about an attempt. ``response`` has the type that the table's row implies."""

    attempt: Attempt
    response: Any
    now: float
    received_at: float
    """Wall seconds."""
    is_last: bool
    """Whether it answers the attempt's last call."""


def on_gateway_response(
    payment: PaymentContext, command: RecordGatewayResponse, response: GatewayResponse, context: Context
) -> Decision:
    attempt = payment.data.attempt(command.order)
    if attempt is None:
        raise DispatchError(ErrorCode.INVALID_FIELD, field="order", detail=command.order)
    is_last = command.due == attempt.due
    answer = Answer(attempt, response, context.now, received_at(context, command.heard_at), is_last)
    facts = (_standing(attempt, is_last), _question(attempt), _kind(response), WAYS.get(attempt.method, ""))
    handler = next(row[-1] for row in TABLE if all(map(_matches, row, facts)))
    return handler(payment, answer)


def _matches(pattern: object, fact: str) -> bool:
    return pattern == "*" or fact in str(pattern).split("|")


def _standing(attempt: Attempt, is_last: bool) -> str:
    """``current`` or ``superseded`` while open; ``settled`` when paid; ``failed``, or ``checking`` for the answer to
    the query that a late report of a payment caused."""
    if attempt.end == "open":
        return "current" if is_last else "superseded"
    if attempt.end == "failed":
        return "checking" if attempt.checking and is_last else "failed"
    return "settled"


def _question(attempt: Attempt) -> str:
    way = WAYS.get(attempt.method)
    return "place" if way is not None and attempt.call == PLACING[way] else attempt.call


def _kind(response: GatewayResponse) -> str:
    """The response's tag, refined by the trade's status or by the refusal's code."""
    match response:
        case port.OrderCreated() | port.CodeCreated() | port.PasswordRequired():
            return "placed"
        case port.TradeView(status=status):
            return "paid" if status.paid else _UNPAID.get(status, "pending")
        case port.Cancelled(action=""):
            return "nothing_to_cancel"
        case port.Refusal(code=code):
            return _REFUSALS.get(code.removeprefix("ACQ."), "refused")
    return response_tag(response)


_UNPAID: Final = {port.TradeStatus.WAITING: "waiting", port.TradeStatus.CLOSED: "trade_closed"}
_REFUSALS: Final = {
    **dict.fromkeys(STATUS_CHANGED, "status_changed"),
    **dict.fromkeys(RETRYABLE, "retryable"),
    "TRADE_NOT_EXIST": "no_trade",
}


def _on_paid(payment: PaymentContext, answer: Answer) -> Decision:
    attempt, view, now = answer.attempt, answer.response, answer.now
    if attempt.cancelled and not answer.is_last:
        return Decision()  # Rule 5
    if view.amount == attempt.amount and attempt.trade in ("", view.trade_no):
        day = beijing_day(view.paid_at, answer.received_at)
        return steps.mark_paid(payment, attempt, PaymentProof(view.trade_no, view.buyer_id, "query", day), now)
    alarm = Decision(notices=[payment.alarm(attempt.order, f"paid {view.amount} by trade {view.trade_no}")])
    if attempt.end != "open":
        return alarm
    unclear = steps.report_unclear(payment, attempt, "AMOUNT_DIFFERS", now)
    return merge(steps.retry(payment, attempt, now), unclear, alarm)


def _on_paid_after_end(payment: PaymentContext, answer: Answer) -> Decision:
    return steps.check_late_payment(payment, answer.attempt, answer.now)


def _on_placed(payment: PaymentContext, answer: Answer) -> Decision:
    return merge(_on_placed_before(payment, answer), steps.await_buyer(payment, answer.attempt, answer.now))


def _on_placed_before(payment: PaymentContext, answer: Answer) -> Decision:
    """A later call is already under way; only the news that the order is placed counts."""
    return steps.mark_placed(payment, answer.attempt, answer.response, answer.now)


def _on_trade_closed(payment: PaymentContext, answer: Answer) -> Decision:
    returned = bool(answer.attempt.cancelled and answer.response.paid_at)
    return steps.fail_attempt(payment, answer.attempt, "TRADE_HAS_CLOSE", answer.now, returned=returned)


def _on_closed(payment: PaymentContext, answer: Answer) -> Decision:
    return steps.fail_attempt(payment, answer.attempt, "TRADE_HAS_CLOSE", answer.now)


def _on_cancelled(payment: PaymentContext, answer: Answer) -> Decision:
    returned = answer.response.action == "refund"
    return steps.fail_attempt(payment, answer.attempt, "TRADE_HAS_CLOSE", answer.now, returned=returned)


def _on_nothing_to_cancel(payment: PaymentContext, answer: Answer) -> Decision:
    """It may repeat an earlier cancel that did undo the order: only a query shows the result."""
    return steps.call_gateway(payment, answer.attempt, "query", answer.now)


def _on_placing_refused(payment: PaymentContext, answer: Answer) -> Decision:
    return steps.fail_attempt(payment, answer.attempt, answer.response.code, answer.now)


def _on_cancel_refused(payment: PaymentContext, answer: Answer) -> Decision:
    """Query the order: repeating the cancel would be refused again."""
    overdue = steps.report_if_overdue(payment, answer.attempt, answer.response.code, answer.now)
    return merge(_query_later(payment, answer), overdue)


def _on_page_order_missing(payment: PaymentContext, answer: Answer) -> Decision:
    """The placing call never reached Alipay, or the query came too early."""
    attempt, now = answer.attempt, answer.now
    if attempt.stopping:
        return _on_closed(payment, answer)
    if _is_new(payment, answer):
        return steps.call_gateway(payment, attempt, PLACING[attempt.way], now)
    if payment.data.state == WAITING and not steps.is_expired(payment, attempt, now):
        return _query_later(payment, answer)
    return steps.fail_attempt(payment, attempt, "TRADE_NOT_EXIST", now)


def _on_scanned_order_missing(payment: PaymentContext, answer: Answer) -> Decision:
    """Alipay has no trade before a code is scanned."""
    attempt, now = answer.attempt, answer.now
    if _is_new(payment, answer):
        return steps.call_gateway(payment, attempt, PLACING[attempt.way], now)
    if attempt.cancelled:
        return steps.fail_attempt(payment, attempt, "TRADE_NOT_EXIST", now)
    return steps.await_buyer(payment, attempt, now)


def _is_new(payment: PaymentContext, answer: Answer) -> bool:
    """Whether the order is to be placed again if Alipay does not have it."""
    young = payment.age_s(answer.attempt, answer.now) < payment.rules.query_for_s
    return payment.data.state == CREATING and young and not answer.attempt.stopping


def _on_unclear(payment: PaymentContext, answer: Answer) -> Decision:
    return steps.retry_unclear(payment, answer.attempt, _reason(answer.response), answer.now)


def _reason(response: GatewayResponse) -> str:
    match response:
        case port.TradeView(status=status):
            return status.value
        case port.Refusal(code=code):
            return code
        case port.Unknown(reason=reason):
            return reason
    return "unexpected answer"


def _query_later(payment: PaymentContext, answer: Answer) -> Decision:
    return steps.query_later(payment, answer.attempt, answer.now)


def _end_check(_: PaymentContext, answer: Answer) -> Decision:
    """The late report of a payment was older than the attempt's end."""
    attempt = answer.attempt
    return Decision(events=[NewsChecked(answer.now, attempt.order)], drop=steps.obsolete_timers(attempt))


def _ignore(_: PaymentContext, __: Answer) -> Decision:
    return Decision()


TABLE: tuple[tuple[str, str, str, str, Callable[[PaymentContext, Answer], Decision]], ...] = (
    # standing, question, answer, way
    ("current|superseded|settled|checking", "*", "paid", "*", _on_paid),
    ("failed", "*", "paid", "*", _on_paid_after_end),
    ("checking", "*", "unknown", "*", _query_later),
    ("checking", "*", "*", "*", _end_check),
    ("current", "*", "placed|waiting", "*", _on_placed),
    ("superseded", "*", "placed", "*", _on_placed_before),
    ("current", "*", "trade_closed", "*", _on_trade_closed),
    ("current|superseded", "*", "closed", "*", _on_closed),
    ("current|superseded", "*", "cancelled", "*", _on_cancelled),
    ("current|superseded", "*", "nothing_to_cancel", "*", _on_nothing_to_cancel),
    ("current", "*", "status_changed", "*", _query_later),
    ("current", "place", "refused|retryable|no_trade", "*", _on_placing_refused),
    ("current", "cancel", "no_trade", "*", _on_closed),
    ("current", "cancel", "refused", "*", _on_cancel_refused),
    ("current", "*", "not_found", "page", _on_page_order_missing),
    ("current", "*", "not_found", "code|scan", _on_scanned_order_missing),
    ("current", "*", "refused|retryable|no_trade|unknown|pending|refunded", "*", _on_unclear),
    ("*", "*", "*", "*", _ignore),
)
"""Patterns are ``*`` for anything, or values separated by ``|``; the first matching row applies."""
