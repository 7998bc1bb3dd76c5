"""Trades and the facts that change them. The facts are what is kept; the state follows from them.

WAIT_BUYER_PAY ──paid──▶ TRADE_SUCCESS
      └──closed, expired──▶ TRADE_CLOSED
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Status = Literal["WAIT_BUYER_PAY", "TRADE_SUCCESS", "TRADE_CLOSED"]
CloseCause = Literal["merchant", "expired"]

NEXT: Final[dict[tuple[Status, str], Status]] = {
    ("WAIT_BUYER_PAY", "paid"): "TRADE_SUCCESS",
    ("WAIT_BUYER_PAY", "closed"): "TRADE_CLOSED",
}


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What the merchant ordered. A repeated create must bring the same, or it is refused."""

    partner: str
    out_trade_no: str
    seller_id: str
    buyer_id: str
    """Blank where any buyer may pay."""
    currency: str
    """The price's currency."""
    settlement: str
    total_minor: int
    subject: str
    body: str = ""
    product_code: str = ""
    passback: str = ""
    """``passback_parameters``, returned as ``extra_common_param``."""


class TradeOpened(msgspec.Struct, frozen=True, kw_only=True, tag="opened"):
    """A merchant created an order."""

    trade_no: str
    terms: Terms
    at: float
    expires_at: float
    notify_url: str
    sign_type: str
    charset: str


class TradePaid(msgspec.Struct, frozen=True, kw_only=True, tag="paid"):
    """A buyer confirmed, and the money moved."""

    trade_no: str
    buyer_id: str
    at: float


class TradeClosed(msgspec.Struct, frozen=True, kw_only=True, tag="closed"):
    """An unpaid trade ended."""

    trade_no: str
    cause: CloseCause
    at: float


class BalanceOpened(msgspec.Struct, frozen=True, kw_only=True, tag="balance"):
    """A buyer's account was filled in one currency."""

    buyer_id: str
    currency: str
    minor: int
    at: float


class NoticeMade(msgspec.Struct, frozen=True, kw_only=True, tag="notice"):
    """A notification is due."""

    notify_id: str
    trade_no: str
    status: Status
    at: float


class NoticeTried(msgspec.Struct, frozen=True, kw_only=True, tag="notice-tried"):
    """A notification was sent: acknowledged, or to be repeated at ``next_at`` (None: given up)."""

    notify_id: str
    acknowledged: bool
    next_at: float | None
    at: float


Fact = TradeOpened | TradePaid | TradeClosed | BalanceOpened | NoticeMade | NoticeTried


class Trade:
    """A trade's present state."""

    def __init__(self, opened: TradeOpened) -> None:
        self.opened: Final = opened
        self.status: Status = "WAIT_BUYER_PAY"
        self.payer_id = opened.terms.buyer_id
        self.paid_at: float | None = None
        self.closed_at: float | None = None

    @property
    def trade_no(self) -> str:
        """Alipay's number."""
        return self.opened.trade_no

    @property
    def terms(self) -> Terms:
        """What was ordered."""
        return self.opened.terms

    def pay(self, paid: TradePaid) -> None:
        """Take the buyer's money as received. ``KeyError`` unless the trade waits for it."""
        self.status = NEXT[self.status, "paid"]
        self.payer_id, self.paid_at = paid.buyer_id, paid.at

    def close(self, closed: TradeClosed) -> None:
        """End it unpaid. ``KeyError`` unless it waits."""
        self.status = NEXT[self.status, "closed"]
        self.closed_at = closed.at
