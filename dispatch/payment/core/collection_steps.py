"""The steps of collecting a fare, each as one decision: call the gateway, query later, fail, mark as paid.

:mod:`dispatch.payment.core.collection` decides which step follows.
"""

from collections.abc import Sequence

import msgspec

from dispatch.domain.commands import QueryOrder
from dispatch.domain.entity import Decision, ScheduledCommand
from dispatch.payment.core import events
from dispatch.payment.core.beijing_time import format_compact_time
from dispatch.payment.core.context import PaymentContext, merge
from dispatch.payment.core.gateway_calls import GATEWAY, PLACING, order_call, place_call
from dispatch.payment.core.port import CodeCreated, OrderCreated, PasswordRequired, PaymentOrder, TradeView
from dispatch.payment.core.refunds import open_refund
from dispatch.payment.core.rules import WAYS
from dispatch.payment.core.state import COLLECTED, CREATING, UNKNOWN, WAITING, Attempt, call_name


class PaymentProof(msgspec.Struct, frozen=True):
    """Alipay's word that an order is paid. ``day`` is Beijing's."""

    trade: str
    buyer: str
    source: str
    day: str


def order_of(payment: PaymentContext, attempt: events.AttemptOpened | Attempt) -> PaymentOrder:
    """The order of an attempt, identical in every repetition. Raises ``ValueError`` if Alipay would not accept it."""
    source = attempt if isinstance(attempt, events.AttemptOpened) else payment.data
    return PaymentOrder(
        out_trade_no=attempt.order,
        amount=attempt.amount,
        subject=attempt.subject,
        way=WAYS[attempt.method],
        buyer_id=attempt.buyer,
        auth_code=attempt.auth_code,
        terminal=source.vehicle,
        placed_at=format_compact_time(attempt.at if isinstance(attempt, events.AttemptOpened) else attempt.opened_at),
        notify_url=payment.rules.account_of(source.company).notify_url,
        expires_min=payment.rules.expires_min,
        passback=payment.id,
    )


def call_gateway(payment: PaymentContext, attempt: Attempt, call: str, now: float) -> Decision:
    """Make a further call, with a timer in case its answer is lost."""
    asked = events.GatewayAsked(now, attempt.order, call, attempt.calls + 1)
    placing, company = call == PLACING[attempt.way], payment.data.company
    work = place_call(order_of(payment, attempt), company) if placing else order_call(call, attempt.ref, company)
    due = ScheduledCommand(call_name(call, attempt.order, asked.n), now, GATEWAY, work)
    timer = answer_timer(payment, attempt.order, now, again=call == "cancel")
    # The new call replaces the previous one if that one has not been made yet.
    return Decision(events=[asked], put=[due, timer], drop=[attempt.due])


def ending_call(attempt: Attempt) -> str:
    """The call that ends an unwanted order. A close is enough for a page; the state of a scanned order is uncertain."""
    return "close" if attempt.way == "page" else "cancel"


def answer_timer(payment: PaymentContext, order: str, now: float, *, again: bool = False) -> ScheduledCommand:
    """Fires if a call is not answered: then the order is queried, or (``again``) the call is repeated."""
    return payment.timer(_timer_name(order), QueryOrder(order, again), now, payment.rules.answer_within_s)


def query_later(payment: PaymentContext, attempt: Attempt, now: float, *, again: bool = False) -> Decision:
    wall_s = payment.rules.next_query_s(payment.age_s(attempt, now))
    return Decision(put=[payment.timer(_timer_name(attempt.order), QueryOrder(attempt.order, again), now, wall_s)])


def check_late_payment(payment: PaymentContext, attempt: Attempt, now: float) -> Decision:
    """A report says that an ended attempt was paid: query it, unless its money is known to be refunded."""
    if attempt.returned or attempt.checking:
        return Decision()
    alarm = payment.alarm(attempt.order, "reported as paid after its end was confirmed")
    return merge(call_gateway(payment, attempt, "query", now), Decision(notices=[alarm]))


def mark_placed(
    payment: PaymentContext, attempt: Attempt, response: OrderCreated | CodeCreated | PasswordRequired | TradeView,
    now: float,
) -> Decision:  # fmt: skip
    """Alipay has the order. The trip receives once what passenger or driver need to pay it."""
    if isinstance(response, CodeCreated):
        if attempt.code:
            return Decision()
        shown = events.CodeShown(now, attempt.order, response.qr_code)
        return Decision(events=[shown], put=_report_order(payment, attempt, now, code=response.qr_code))
    if attempt.trade or (isinstance(response, PasswordRequired) and payment.data.state != CREATING):
        return Decision()
    if isinstance(response, PasswordRequired):
        asked = events.PasswordAsked(now, attempt.order, response.trade_no)
        put = _report_order(payment, attempt, now, trade=response.trade_no, reason="PASSWORD")
        return Decision(events=[asked], put=put)
    placed = events.OrderPlaced(now, attempt.order, response.trade_no)
    return Decision(events=[placed], put=_report_order(payment, attempt, now, trade=response.trade_no))


def _report_order(
    payment: PaymentContext, attempt: Attempt, now: float, *, trade: str = "", code: str = "", reason: str = ""
) -> list[ScheduledCommand]:
    if payment.data.state != CREATING:
        return []
    return [payment.report_attempt(attempt, "ordered", now, trade=trade, code=code, reason=reason)]


def await_buyer(payment: PaymentContext, attempt: Attempt, now: float) -> Decision:
    """Query the order later while its buyer may still pay it; close or cancel it afterwards."""
    if payment.data.state == UNKNOWN or payment.data.state in COLLECTED or _is_over(payment, attempt, now):
        return call_gateway(payment, attempt, ending_call(attempt), now)
    return query_later(payment, attempt, now)


def is_expired(payment: PaymentContext, attempt: Attempt, now: float) -> bool:
    return payment.age_s(attempt, now) >= payment.rules.expires_s


def _is_over(payment: PaymentContext, attempt: Attempt, now: float) -> bool:
    """True once the order is unwanted. A passenger at the kerb waits for ``query_for_s`` only."""
    if attempt.stopping:
        return True
    if attempt.way == "scan":
        return payment.age_s(attempt, now) >= payment.rules.query_for_s
    return is_expired(payment, attempt, now)


def retry_unclear(payment: PaymentContext, attempt: Attempt, reason: str, now: float) -> Decision:
    """No clear answer: try again, and report it once the passenger has waited too long."""
    return merge(retry(payment, attempt, now), report_if_overdue(payment, attempt, reason, now))


def retry(payment: PaymentContext, attempt: Attempt, now: float) -> Decision:
    """Repeat a cancel, query anything else. A scanned order that stays unclear is cancelled."""
    waited = payment.age_s(attempt, now) >= payment.rules.query_for_s
    if attempt.call == "query" and attempt.way == "scan" and waited:
        return call_gateway(payment, attempt, "cancel", now)
    return query_later(payment, attempt, now, again=attempt.call == "cancel")


def report_if_overdue(payment: PaymentContext, attempt: Attempt, reason: str, now: float) -> Decision:
    rules = payment.rules
    short = payment.data.state == CREATING or attempt.way == "scan"
    overdue = payment.age_s(attempt, now) >= (rules.query_for_s if short else rules.expires_s)
    return report_unclear(payment, attempt, reason, now) if overdue else Decision()


def report_unclear(payment: PaymentContext, attempt: Attempt, reason: str, now: float) -> Decision:
    if payment.data.state not in (CREATING, WAITING):
        return Decision()
    return Decision(
        events=[events.AttemptUnclear(now, attempt.order, reason)],
        put=[payment.report_attempt(attempt, "unknown", now, reason=reason)],
        notices=[payment.notice("payment_unknown", attempt.order, reason=reason)],
    )


def mark_paid(payment: PaymentContext, attempt: Attempt, proof: PaymentProof, now: float) -> Decision:
    """The company has the money: the fare is paid, or, if it was paid already, this surplus is refunded."""
    if attempt.end in ("paid", "surplus"):
        return Decision()
    order, trade, buyer = attempt.order, proof.trade, proof.buyer
    if payment.data.paid_order:
        reason = f"paid in addition to {payment.data.paid_order}"
        surplus = events.SurplusPaid(now, order, attempt.amount, proof.source, trade, buyer, proof.day)
        noted = Decision(events=[surplus], drop=obsolete_timers(attempt), notices=[payment.alarm(order, reason)])
        return merge(noted, open_refund(payment, attempt, reason, now, surplus=True))
    paid = events.OrderPaid(now, order, attempt.method, attempt.amount, proof.source, trade, buyer, proof.day)
    report = payment.report_attempt(attempt, "paid", now, trade=trade or attempt.trade)
    notice = payment.notice("payment_paid", order, source=proof.source, seconds=payment.age_s(attempt, now))
    decision = Decision(events=[paid], put=[report], drop=obsolete_timers(attempt), notices=[notice])
    other = payment.data.open
    if other is None or other is attempt:
        return decision
    # An order that had been given up was paid after all, so the order that replaced it must not be paid too.
    return merge(decision, call_gateway(payment, other, ending_call(other), now))


def fail_attempt(
    payment: PaymentContext, attempt: Attempt, reason: str, now: float, *, returned: bool = False
) -> Decision:
    """The order can no longer be paid. ``returned``: it was paid, and the money went back."""
    failed = events.AttemptFailed(now, attempt.order, reason, returned)
    if payment.data.state in COLLECTED:
        return Decision(events=[failed], drop=obsolete_timers(attempt))
    report = payment.report_attempt(attempt, "failed", now, reason=reason)
    notice = payment.notice("payment_failed", attempt.order, reason=reason)
    return Decision(events=[failed], put=[report], drop=obsolete_timers(attempt), notices=[notice])


def obsolete_timers(attempt: Attempt) -> Sequence[str]:
    """Scheduled commands that an ended attempt no longer needs."""
    return [_timer_name(attempt.order), attempt.due]


def _timer_name(order: str) -> str:
    return f"ask:{order}"
