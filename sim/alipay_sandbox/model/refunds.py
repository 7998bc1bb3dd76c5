"""Refunds, and cancels on the day of the order.

Rule 1: a refund is identified by its request number within the trade. Repeating number and amount changes nothing;
another amount is refused. Rule 2: a cancel ends an unpaid trade and refunds a paid one, until 15 minutes after the end
of the Beijing day on which the trade was opened. Choices where the documents are silent: a repeated cancel reports the
same action again; cancelling a trade that closed otherwise succeeds without ``action``; a finished trade cannot be
cancelled.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from sim.alipay_sandbox.model.clock import end_of_beijing_day
from sim.alipay_sandbox.model.exchange import BusinessError, Exchange
from sim.alipay_sandbox.model.trades import RefundCause, SandboxTrade, TradeRefunded

CANCEL_GRACE_S: Final = 15 * 60.0

CancelAction = Literal["", "close", "refund"]


class RefundResult(msgspec.Struct, frozen=True):
    """A refund, new or repeated."""

    made: TradeRefunded
    moved: bool
    """True if this request moved money; False for a repeated one."""


def refund(
    exchange: Exchange, trade: SandboxTrade, minor: int, request_no: str, *, notify_url: str = "", reason: str = ""
) -> RefundResult:
    """Refund ``minor`` units. Raises :class:`BusinessError`.

    A refund without ``request_no`` must be of the whole amount; it takes the order's number.
    """
    if not request_no and minor != trade.terms.total_minor:
        raise BusinessError("REFUND_AMT_NOT_EQUAL_TOTAL")
    number = request_no or trade.terms.out_trade_no
    known = trade.refunds.get(number)
    if known is not None:
        if known.minor != minor:
            raise BusinessError("DISCORDANT_REPEAT_REQUEST")
        return RefundResult(known, moved=False)
    _check_refundable(exchange, trade, minor)
    _record_refund(exchange, trade, minor, number, "refund", notify_url=notify_url, reason=reason)
    return RefundResult(trade.refunds[number], moved=True)


def _check_refundable(exchange: Exchange, trade: SandboxTrade, minor: int) -> None:
    if trade.status == "TRADE_FINISHED":
        raise BusinessError("TRADE_HAS_FINISHED")
    if trade.status != "TRADE_SUCCESS":
        raise BusinessError("TRADE_STATUS_ERROR")
    if not 0 < minor <= trade.remaining_minor:
        raise BusinessError("REASON_TRADE_REFUND_FEE_ERR")
    if exchange.settings.whole_refunds_only and minor != trade.terms.total_minor:
        raise BusinessError("TRADE_NOT_ALLOW_REFUND")
    if exchange.books.balance(f"merchant:{trade.terms.seller_id}", trade.terms.currency) < minor:
        raise BusinessError("SELLER_BALANCE_NOT_ENOUGH")


def _record_refund(
    exchange: Exchange,
    trade: SandboxTrade,
    minor: int,
    number: str,
    cause: RefundCause,
    *,
    notify_url: str = "",
    reason: str = "",
) -> None:
    exchange.record(
        TradeRefunded(
            trade_no=trade.trade_no, request_no=number, minor=minor, cause=cause, at=exchange.now(), reason=reason
        )
    )
    if exchange.settings.notify_refunds:
        event: Literal["refunded", "cancelled"] = "refunded" if cause == "refund" else "cancelled"
        exchange.queue_notification(trade, event, request_no=number, url=notify_url)


def cancel(exchange: Exchange, trade: SandboxTrade) -> CancelAction:
    """End an unpaid trade, or refund the rest of a paid one. Raises :class:`BusinessError`."""
    if trade.status == "TRADE_CLOSED":
        return trade.cancelled
    if trade.status == "TRADE_FINISHED":
        raise BusinessError("CANCEL_NOT_ALLOWED")
    if exchange.now() >= end_of_beijing_day(trade.opened.at) + CANCEL_GRACE_S:
        raise BusinessError("TRADE_CANCEL_TIME_OUT")
    if trade.status == "WAIT_BUYER_PAY":
        exchange.close_unpaid(trade, "cancel")
    else:
        # An earlier refund may have the order's number; the cancel then takes Alipay's.
        number = trade.terms.out_trade_no
        _record_refund(
            exchange, trade, trade.remaining_minor, number if number not in trade.refunds else trade.trade_no, "cancel"
        )
    return trade.cancelled
