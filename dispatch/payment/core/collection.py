"""Collecting the fare: an attempt begins, Alipay answers or is silent, and what follows.

Rule 1: a new attempt may begin only when Alipay has confirmed that nothing can come of the last one. What stays
unknown is asked for until it is known.
Rule 2: only a signed answer to a query, or a verified notification that agrees with the order, makes it paid.
Rule 3: every call carries its number, so an answer that comes twice, or after a later call, is known as such. The
timer ``ask:ORDER`` always runs while an attempt is open: a call whose answer never comes is followed by a query.
Rule 4: news of a payment that come after Alipay has confirmed the attempt's end may be older than that end (a cancel
gives money back): they count only when a query made after them says the same.
Rule 5: once a cancel was asked for, which gives back what was paid, only the answer to a query made after it says that
the order is paid. The cancel is repeated until it is answered.
Rule 6: an order on a page runs to its expiry and is closed; one by a code is cancelled, and one by the passenger's
own code already when it has been unclear for as long as a passenger waits. Money that still comes goes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from dispatch.domain.commands import OpenPayment, QueryOrder, RecordGatewayResponse, RecordNotification, StopPayment
from dispatch.domain.entity import Context, Decision, ScheduledCommand
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.payment.core.beijing_time import beijing_day, format_compact_time
from dispatch.payment.core.context import PaymentContext, merge, received_at
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
    PasswordAsked,
    SurplusPaid,
)
from dispatch.payment.core.gateway_calls import (
    GATEWAY,
    PLACING,
    GatewayResponse,
    decode_notification,
    order_call,
    place_call,
)
from dispatch.payment.core.notification_checks import Check, ExpectedOrder, failed_checks
from dispatch.payment.core.port import (
    Cancelled,
    Closed,
    CodeCreated,
    NotFound,
    OrderCreated,
    PasswordRequired,
    PaymentOrder,
    Refunded,
    Refusal,
    TradeStatus,
    TradeView,
    Unknown,
    order_number,
)
from dispatch.payment.core.refunds import RETRYABLE, open_refund
from dispatch.payment.core.rules import CASH, WAYS
from dispatch.payment.core.state import (
    COLLECTED,
    CREATING,
    UNKNOWN,
    WAITING,
    Attempt,
    call_name,
)

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


class PaymentProof(msgspec.Struct, frozen=True):
    """That an order is paid, as Alipay said it."""

    trade: str
    buyer: str
    source: str
    day: str


# ── an attempt begins ────────────────────────────────────────────────────────────────────────────────────────────


def open_attempt(case: PaymentContext, command: OpenPayment, context: Context) -> Decision:
    """The trip wants its fare to be collected."""
    if command.trip != case.id:
        raise DispatchError(ErrorCode.INVALID_FIELD, field="trip", detail=command.trip)
    for attempt in case.data.attempts:
        if attempt.asked_by == context.command_id:
            return Decision(reply={"order": attempt.order})
    if case.data.open is not None:
        raise DispatchError(ErrorCode.PAYMENT_OPEN, detail=case.id)
    if case.data.state in COLLECTED:
        raise DispatchError(ErrorCode.ALREADY_PAID, detail=case.id)
    opened = AttemptOpened(
        context.now,
        order=order_number(case.id, len(case.data.attempts) + 1),
        method=command.method,
        amount=command.amount,
        vehicle=command.vehicle,
        buyer=command.buyer,
        subject=command.subject,
        asked_by=context.command_id,
        company=command.company,
        auth_code=command.auth_code,
    )
    decision = _begin(case, opened)
    decision.reply = {"order": opened.order}
    return decision


def _begin(case: PaymentContext, opened: AttemptOpened) -> Decision:
    """What the first step of an attempt is, by its method."""
    account = case.rules.account_of(opened.company)
    known = opened.method in case.rules.methods and account.currency in ("", opened.amount.currency)
    if known and opened.method == CASH:
        day = beijing_day("", opened.at)
        paid = OrderPaid(opened.at, opened.order, CASH, opened.amount, source="driver", day=day)
        told = case.tell(opened, "paid", opened.at)
        return Decision(events=[opened, paid], put=[told], notices=[case.signal("payment_paid", opened.order)])
    try:
        work = place_call(_order(case, opened), opened.company) if known else None
    except ValueError:
        work = None
    if work is None:
        failed = AttemptFailed(opened.at, opened.order, "INVALID_PARAMETER")
        told = case.tell(opened, "failed", opened.at, reason=failed.reason)
        return Decision(events=[opened, failed], put=[told], notices=[case.signal("payment_failed", opened.order)])
    name = call_name(PLACING[WAYS[opened.method]], opened.order, 1)
    return Decision(
        events=[opened],
        put=[ScheduledCommand(name, opened.at, GATEWAY, work), _timer(case, opened.order, opened.at)],
    )


def _order(case: PaymentContext, attempt: AttemptOpened | Attempt) -> PaymentOrder:
    """The order of an attempt, the same each time. Raises ``ValueError`` for what Alipay would not take."""
    opened_at = attempt.at if isinstance(attempt, AttemptOpened) else attempt.opened_at
    company = attempt.company if isinstance(attempt, AttemptOpened) else case.data.company
    vehicle = attempt.vehicle if isinstance(attempt, AttemptOpened) else case.data.vehicle
    return PaymentOrder(
        out_trade_no=attempt.order,
        amount=attempt.amount,
        subject=attempt.subject,
        way=WAYS[attempt.method],
        buyer_id=attempt.buyer,
        auth_code=attempt.auth_code,
        terminal=vehicle,
        placed_at=format_compact_time(opened_at),
        notify_url=case.rules.account_of(company).notify_url,
        expires_min=case.rules.expires_min,
        passback=case.id,
    )


# ── what is heard ────────────────────────────────────────────────────────────────────────────────────────────────


def on_query_timer(case: PaymentContext, command: QueryOrder, context: Context) -> Decision:
    """The timer of an open attempt: ask Alipay where it stands, or repeat a cancel that was not answered clearly."""
    attempt = case.data.attempt(command.order)
    if attempt is None or not (attempt.end == "open" or attempt.checking):
        return Decision()
    return _ask(case, attempt, attempt.call if command.again else "query", context.now)


def stop_attempt(case: PaymentContext, _: StopPayment, context: Context) -> Decision:
    """Nobody is to pay the open attempt any more: another method is wanted. Alipay has the last word."""
    attempt = case.data.open
    if attempt is None or attempt.stopping:
        return Decision()
    stopped = Decision(events=[AttemptStopped(context.now, attempt.order)])
    if case.data.state == CREATING:
        return stopped  # what is not placed yet cannot be closed: the answer, or the timer, goes on from here
    return merge(stopped, _ask(case, attempt, _ending(attempt), context.now))


def on_gateway_response(
    case: PaymentContext, command: RecordGatewayResponse, answer: GatewayResponse, context: Context
) -> Decision:
    """An answer about an order of this payment."""
    attempt = case.data.attempt(command.order)
    if attempt is None:
        raise DispatchError(ErrorCode.INVALID_FIELD, field="order", detail=command.order)
    if attempt.end == "failed":
        return _hear_of_ended(case, attempt, answer, command, context)
    if isinstance(answer, TradeView) and answer.status.paid:
        older = attempt.cancelled and command.due != attempt.due
        return Decision() if older else _hear_paid(case, attempt, answer, command, context)
    if attempt.end != "open":
        return Decision()
    if command.due != attempt.due and not isinstance(answer, Closed | Cancelled):
        return _hear_late(case, attempt, answer, context.now)
    return _hear_answer(case, attempt, answer, context.now)


def _hear_of_ended(
    case: PaymentContext, attempt: Attempt, answer: GatewayResponse, command: RecordGatewayResponse, context: Context
) -> Decision:
    """An answer about an attempt whose end Alipay has confirmed: old, or what a check was made for."""
    paid = isinstance(answer, TradeView) and answer.status.paid
    if not (attempt.checking and command.due == attempt.due):
        return _check(case, attempt, context.now) if paid else Decision()
    if isinstance(answer, TradeView) and paid:
        return _hear_paid(case, attempt, answer, command, context)
    if isinstance(answer, Unknown):
        return Decision(put=[_next_query(case, attempt, context.now)])
    return Decision(events=[NewsChecked(context.now, attempt.order)], drop=_undone(attempt))


def _check(case: PaymentContext, attempt: Attempt, now: float) -> Decision:
    """Somebody says that an ended attempt was paid: ask Alipay anew, unless it is known that the money went back."""
    if attempt.returned or attempt.checking:
        return Decision()
    alarm = case.alarm(attempt.order, "said to be paid after its end was confirmed")
    return merge(_ask(case, attempt, "query", now), Decision(notices=[alarm]))


def _hear_answer(case: PaymentContext, attempt: Attempt, answer: GatewayResponse, now: float) -> Decision:
    """The answer to the open attempt's last call."""
    match answer:
        case OrderCreated() | CodeCreated() | PasswordRequired():
            decision = _goes_on(case, attempt, _placed(case, attempt, answer, now), now)
        case TradeView():
            decision = _hear_unpaid(case, attempt, answer, now)
        case Refusal():
            decision = _hear_refusal(case, attempt, answer, now)
        case NotFound():
            decision = _hear_not_found(case, attempt, now)
        case Closed():
            decision = _fail(case, attempt, "TRADE_HAS_CLOSE", now)
        case Cancelled():
            decision = _hear_cancelled(case, attempt, answer, now)
        case Unknown() | Refunded():
            reason = answer.reason if isinstance(answer, Unknown) else "a refund that nobody asked for"
            decision = _unclear(case, attempt, reason, now)
    return decision


def _hear_cancelled(case: PaymentContext, attempt: Attempt, answer: Cancelled, now: float) -> Decision:
    """A cancel that found nothing to undo may be a repetition: what the one before it did, only a query tells."""
    if answer.action == "":
        return _ask(case, attempt, "query", now)
    return _fail(case, attempt, "TRADE_HAS_CLOSE", now, returned=answer.action == "refund")


def _hear_late(case: PaymentContext, attempt: Attempt, answer: GatewayResponse, now: float) -> Decision:
    """An answer to a call that was followed by another: only what it placed is news, the rest is asked for."""
    if isinstance(answer, OrderCreated | CodeCreated | PasswordRequired):
        return _placed(case, attempt, answer, now)
    return Decision()


def _hear_paid(
    case: PaymentContext, attempt: Attempt, view: TradeView, command: RecordGatewayResponse, context: Context
) -> Decision:
    if view.amount == attempt.amount and attempt.trade in ("", view.trade_no):
        day = beijing_day(view.paid_at, received_at(context, command.heard_at))
        return _collected(case, attempt, PaymentProof(view.trade_no, view.buyer_id, "query", day), context.now)
    alarm = case.alarm(attempt.order, f"paid {view.amount} by trade {view.trade_no}")
    if attempt.end != "open":
        return Decision(notices=[alarm])
    decision = _unclear(case, attempt, "AMOUNT_DIFFERS", context.now, at_once=True)
    decision.notices = [*decision.notices, alarm]
    return decision


def _hear_unpaid(case: PaymentContext, attempt: Attempt, view: TradeView, now: float) -> Decision:
    if view.status is TradeStatus.CLOSED:
        return _fail(case, attempt, "TRADE_HAS_CLOSE", now, returned=bool(attempt.cancelled and view.paid_at))
    if view.status is TradeStatus.WAITING:
        return _goes_on(case, attempt, _placed(case, attempt, view, now), now)
    return _unclear(case, attempt, view.status.value, now)


def _hear_refusal(case: PaymentContext, attempt: Attempt, refused: Refusal, now: float) -> Decision:
    code = refused.code.removeprefix("ACQ.")
    if code in STATUS_CHANGED:
        return Decision(put=[_next_query(case, attempt, now)])
    if attempt.call == PLACING[attempt.way]:
        return _fail(case, attempt, refused.code, now)
    if attempt.call == "cancel" and code == "TRADE_NOT_EXIST":
        return _fail(case, attempt, "TRADE_HAS_CLOSE", now)
    return _unclear(case, attempt, refused.code, now, repeat=code in RETRYABLE)


def _hear_not_found(case: PaymentContext, attempt: Attempt, now: float) -> Decision:
    """Alipay has no such trade: the call never came there, nobody has scanned the code yet, or it is too early."""
    if attempt.stopping and attempt.way == "page":
        return _fail(case, attempt, "TRADE_HAS_CLOSE", now)
    if case.data.state == CREATING and case.age_s(attempt, now) < case.rules.query_for_s and not attempt.stopping:
        return _ask(case, attempt, PLACING[attempt.way], now)
    if attempt.cancelled:
        return _fail(case, attempt, "TRADE_NOT_EXIST", now)
    if attempt.way != "page":
        return _goes_on(case, attempt, Decision(), now)
    if case.data.state == WAITING and not _expired(case, attempt, now):
        return Decision(put=[_next_query(case, attempt, now)])
    return _fail(case, attempt, "TRADE_NOT_EXIST", now)


def on_notification(case: PaymentContext, command: RecordNotification, context: Context) -> Decision:
    """Nothing is believed that disagrees with our order; news that is old or does not say paid changes nothing."""
    try:
        notification = decode_notification(command.notification)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DispatchError(ErrorCode.MALFORMED, field="notification") from error
    attempt = case.data.attempt(command.order)
    failed = failed_checks(notification, _expected(case, attempt))
    if attempt is not None and not failed and attempt.end == "failed":
        return _check(case, attempt, context.now)
    if attempt is not None and not failed:
        if attempt.cancelled:
            return Decision()  # a query is made, or will be
        day = beijing_day(notification.paid_at, received_at(context, command.heard_at))
        settled = PaymentProof(notification.trade_no, notification.buyer_id, "notification", day)
        return _collected(case, attempt, settled, context.now)
    if failed == [Check.STATUS]:
        return Decision()
    which = ", ".join(check.value for check in failed)
    refusal = DispatchError(ErrorCode.PAYMENT_REFUSED, detail=f"the notification disagrees in {which}")
    return Decision(refusal=refusal, notices=[case.alarm(command.order, f"notification: {which}")])


def _expected(case: PaymentContext, attempt: Attempt | None) -> ExpectedOrder | None:
    if attempt is None or attempt.method not in WAYS:
        return None
    return ExpectedOrder(
        out_trade_no=attempt.order,
        amount=attempt.amount,
        seller_id=case.account.seller_id,
        seller_email=case.account.seller_email,
        trade_no=attempt.trade,
    )


# ── what follows ─────────────────────────────────────────────────────────────────────────────────────────────────


def _collected(case: PaymentContext, attempt: Attempt, settled: PaymentProof, now: float) -> Decision:
    """The money of an attempt is ours: the fare is paid, or it was already, and this goes back."""
    if attempt.end in ("paid", "surplus"):
        return Decision()
    order, trade, buyer = attempt.order, settled.trade, settled.buyer
    if case.data.paid_order:
        surplus = SurplusPaid(now, order, attempt.amount, settled.source, trade, buyer, settled.day)
        alarm = case.alarm(order, f"paid beside {case.data.paid_order}")
        noted = Decision(events=[surplus], drop=_undone(attempt), notices=[alarm])
        return merge(noted, open_refund(case, attempt, f"paid beside {case.data.paid_order}", now, surplus=True))
    paid = OrderPaid(now, order, attempt.method, attempt.amount, settled.source, trade, buyer, settled.day)
    told = case.tell(attempt, "paid", now, trade=trade or attempt.trade)
    signal = case.signal("payment_paid", order, source=settled.source, seconds=case.age_s(attempt, now))
    decision = Decision(events=[paid], put=[told], drop=_undone(attempt), notices=[signal])
    other = case.data.open
    if other is None or other is attempt:
        return decision
    # An order that had been given up was paid after all: nobody may pay the one that took its place.
    return merge(decision, _ask(case, other, _ending(other), now))


def _placed(
    case: PaymentContext,
    attempt: Attempt,
    answer: OrderCreated | CodeCreated | PasswordRequired | TradeView,
    now: float,
) -> Decision:
    """Alipay knows the order: the trip is told once what its passenger or driver needs of it."""
    if isinstance(answer, CodeCreated):
        if attempt.code:
            return Decision()
        shown = CodeShown(now, attempt.order, answer.qr_code)
        return Decision(events=[shown], put=_told(case, attempt, now, code=answer.qr_code))
    if attempt.trade or (isinstance(answer, PasswordRequired) and case.data.state != CREATING):
        return Decision()
    if isinstance(answer, PasswordRequired):
        asked = PasswordAsked(now, attempt.order, answer.trade_no)
        return Decision(events=[asked], put=_told(case, attempt, now, trade=answer.trade_no, reason="PASSWORD"))
    placed = OrderPlaced(now, attempt.order, answer.trade_no)
    return Decision(events=[placed], put=_told(case, attempt, now, trade=answer.trade_no))


def _told(
    case: PaymentContext, attempt: Attempt, now: float, *, trade: str = "", code: str = "", reason: str = ""
) -> list[ScheduledCommand]:
    if case.data.state != CREATING:
        return []
    return [case.tell(attempt, "ordered", now, trade=trade, code=code, reason=reason)]


def _goes_on(case: PaymentContext, attempt: Attempt, placed: Decision, now: float) -> Decision:
    """The order waits for its buyer. Where nobody is to pay it any more, it is closed or cancelled."""
    if case.data.state == UNKNOWN or case.data.state in COLLECTED or _over(case, attempt, now):
        return merge(placed, _ask(case, attempt, _ending(attempt), now))
    return merge(placed, Decision(put=[_next_query(case, attempt, now)]))


def _over(case: PaymentContext, attempt: Attempt, now: float) -> bool:
    """Whether nobody waits for it any more: a passenger at the kerb only for a minute."""
    if attempt.stopping:
        return True
    if attempt.way == "scan":
        return case.age_s(attempt, now) >= case.rules.query_for_s
    return _expired(case, attempt, now)


def _fail(case: PaymentContext, attempt: Attempt, reason: str, now: float, *, returned: bool = False) -> Decision:
    failed = AttemptFailed(now, attempt.order, reason, returned)
    if case.data.state in COLLECTED:
        return Decision(events=[failed], drop=_undone(attempt))
    told = case.tell(attempt, "failed", now, reason=reason)
    signal = case.signal("payment_failed", attempt.order, reason=reason)
    return Decision(events=[failed], put=[told], drop=_undone(attempt), notices=[signal])


def _unclear(
    case: PaymentContext, attempt: Attempt, reason: str, now: float, *, at_once: bool = False, repeat: bool = True
) -> Decision:
    """No clear answer: ask again later, or ``repeat`` a cancel. Whoever waits too long is told so, once."""
    rules, state = case.rules, case.data.state
    age_s = case.age_s(attempt, now)
    if attempt.call == "query" and attempt.way == "scan" and age_s >= rules.query_for_s:
        decision = _ask(case, attempt, "cancel", now)
    else:
        decision = Decision(put=[_next_query(case, attempt, now, again=repeat and attempt.call == "cancel")])
    limit_s = rules.query_for_s if state == CREATING or attempt.way == "scan" else rules.expires_s
    if state in (CREATING, WAITING) and (at_once or age_s >= limit_s):
        unclear = Decision(
            events=[AttemptUnclear(now, attempt.order, reason)],
            put=[case.tell(attempt, "unknown", now, reason=reason)],
            notices=[case.signal("payment_unknown", attempt.order, reason=reason)],
        )
        return merge(decision, unclear)
    return decision


def _ask(case: PaymentContext, attempt: Attempt, call: str, now: float) -> Decision:
    """Make a further call, with a timer behind it in case its answer is lost."""
    asked = GatewayAsked(now, attempt.order, call, attempt.calls + 1)
    placing, company = call == PLACING[attempt.way], case.data.company
    work = place_call(_order(case, attempt), company) if placing else order_call(call, attempt.ref, company)
    due = ScheduledCommand(call_name(call, attempt.order, asked.n), now, GATEWAY, work)
    # The call before is not made any more, where it was not made yet: this one takes its place.
    return Decision(
        events=[asked], put=[due, _timer(case, attempt.order, now, again=call == "cancel")], drop=[attempt.due]
    )


def _ending(attempt: Attempt) -> str:
    """The call that ends an order which nobody is to pay: a page's is closed; of a scanned one nobody is sure."""
    return "close" if attempt.way == "page" else "cancel"


def _next_query(case: PaymentContext, attempt: Attempt, now: float, *, again: bool = False) -> ScheduledCommand:
    wall_s = case.rules.next_query_s(case.age_s(attempt, now))
    return case.wait(_timer_name(attempt.order), QueryOrder(attempt.order, again), now, wall_s)


def _timer(case: PaymentContext, order: str, now: float, *, again: bool = False) -> ScheduledCommand:
    return case.wait(_timer_name(order), QueryOrder(order, again), now, case.rules.answer_within_s)


def _expired(case: PaymentContext, attempt: Attempt, now: float) -> bool:
    return case.age_s(attempt, now) >= case.rules.expires_s


def _timer_name(order: str) -> str:
    return f"ask:{order}"


def _undone(attempt: Attempt) -> Sequence[str]:
    """What need no longer be asked of an attempt that has ended."""
    return [_timer_name(attempt.order), attempt.due]
