"""Money back: refunds, and cancels of the same day.

A refund is known by its request number within the trade: the same number and amount again changes nothing, another
amount is refused. A cancel ends an unpaid trade and gives the money of a paid one back, until 15 minutes after the end
of the Beijing day on which the trade was opened. Where the documents are silent: a cancel that is repeated tells again
what it did; a trade that was closed otherwise is cancelled with success and no ``action``; a finished one not at all.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from sim.alipay_sandbox.model.clock import end_of_beijing_day
from sim.alipay_sandbox.model.exchange import BusinessError, Exchange
from sim.alipay_sandbox.model.trades import RefundCause, Trade, TradeRefunded

CANCEL_GRACE_S: Final = 15 * 60.0

Action = Literal["", "close", "refund"]


class Refund(msgspec.Struct, frozen=True):
    """A refund as it stands."""

    made: TradeRefunded
    moved: bool
    """Whether this request moved money; False for one that is repeated."""


def refund(
    exchange: Exchange, trade: Trade, minor: int, request_no: str, *, notify_url: str = "", reason: str = ""
) -> Refund:
    """Give ``minor`` units back. Raises :class:`BusinessError`.

    Without ``request_no`` the refund must be whole, and its number is the order's.
    """
    if not request_no and minor != trade.terms.total_minor:
        raise BusinessError("REFUND_AMT_NOT_EQUAL_TOTAL")
    number = request_no or trade.terms.out_trade_no
    known = trade.refunds.get(number)
    if known is not None:
        if known.minor != minor:
            raise BusinessError("DISCORDANT_REPEAT_REQUEST")
        return Refund(known, moved=False)
    _check(exchange, trade, minor)
    _give_back(exchange, trade, minor, number, "refund", notify_url=notify_url, reason=reason)
    return Refund(trade.refunds[number], moved=True)


def _check(exchange: Exchange, trade: Trade, minor: int) -> None:
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


def _give_back(
    exchange: Exchange,
    trade: Trade,
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
        exchange.notify(trade, event, request_no=number, url=notify_url)


def cancel(exchange: Exchange, trade: Trade) -> Action:
    """End an unpaid trade, or give all that is left of a paid one back. Raises :class:`BusinessError`."""
    if trade.status == "TRADE_CLOSED":
        return trade.cancelled
    if trade.status == "TRADE_FINISHED":
        raise BusinessError("CANCEL_NOT_ALLOWED")
    if exchange.now() >= end_of_beijing_day(trade.opened.at) + CANCEL_GRACE_S:
        raise BusinessError("TRADE_CANCEL_TIME_OUT")
    if trade.status == "WAIT_BUYER_PAY":
        exchange.end_unpaid(trade, "cancel")
    else:
        # A refund may have taken the order's number; the cancel's own is then Alipay's.
        number = trade.terms.out_trade_no
        _give_back(
            exchange, trade, trade.remaining_minor, number if number not in trade.refunds else trade.trade_no, "cancel"
        )
    return trade.cancelled
