"""Trades and the facts that change them. The facts are what is kept; the state follows from them.

WAIT_BUYER_PAY ──paid──▶ TRADE_SUCCESS ──refunded in part──▶ TRADE_SUCCESS
      │                       ├──refunded, or cancelled──▶ TRADE_CLOSED
      │                       └──refund window over──▶ TRADE_FINISHED
      └──closed, cancelled, expired──▶ TRADE_CLOSED
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Status = Literal["WAIT_BUYER_PAY", "TRADE_SUCCESS", "TRADE_CLOSED", "TRADE_FINISHED"]
CloseCause = Literal["merchant", "expired", "cancel"]
RefundCause = Literal["refund", "cancel"]
Protocol = Literal["mapi", "openapi"]
Event = Literal["paid", "closed", "refunded", "cancelled", "finished"]

NEXT: Final[dict[tuple[Status, str], Status]] = {
    ("WAIT_BUYER_PAY", "paid"): "TRADE_SUCCESS",
    ("WAIT_BUYER_PAY", "closed"): "TRADE_CLOSED",
    ("TRADE_SUCCESS", "refunded in part"): "TRADE_SUCCESS",
    ("TRADE_SUCCESS", "refunded"): "TRADE_CLOSED",
    ("TRADE_SUCCESS", "finished"): "TRADE_FINISHED",
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
    """``passback_parameters`` or ``passback_params``, returned with notifications."""


class Origin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How an order came in, and what else it said: what notifications and bills repeat."""

    protocol: Protocol = "mapi"
    app_id: str = ""
    """openapi: the app that asked."""
    auth_app_id: str = ""
    """openapi: the app for which it asked; another one where a system provider asks."""
    store_id: str = ""
    terminal_id: str = ""
    operator_id: str = ""


class TradeOpened(msgspec.Struct, frozen=True, kw_only=True, tag="opened"):
    """A merchant created an order, or a buyer scanned its code."""

    trade_no: str
    terms: Terms
    at: float
    expires_at: float
    notify_url: str
    sign_type: str
    charset: str
    origin: Origin = Origin()
    bar_code: str = ""
    """The buyer's code that was scanned; with this it is spent."""
    qr_code: str = ""
    """The merchant's code that the buyer scanned."""


class TradePaid(msgspec.Struct, frozen=True, kw_only=True, tag="paid"):
    """A buyer confirmed, and the money moved."""

    trade_no: str
    buyer_id: str
    at: float
    bar_code: str = ""
    """The fresh code that was scanned for a trade that waited; with this it is spent."""


class TradeClosed(msgspec.Struct, frozen=True, kw_only=True, tag="closed"):
    """An unpaid trade ended."""

    trade_no: str
    cause: CloseCause
    at: float


class TradeRefunded(msgspec.Struct, frozen=True, kw_only=True, tag="refunded"):
    """Money went back to the buyer."""

    trade_no: str
    request_no: str
    """``out_request_no`` or ``partner_refund_id``; the order's number where none was given."""
    minor: int
    cause: RefundCause
    at: float
    reason: str = ""


class TradeFinished(msgspec.Struct, frozen=True, kw_only=True, tag="finished"):
    """The time in which a trade could be refunded is over."""

    trade_no: str
    at: float


class BalanceOpened(msgspec.Struct, frozen=True, kw_only=True, tag="balance"):
    """A buyer's account was filled in one currency."""

    buyer_id: str
    currency: str
    minor: int
    at: float


class QrCodeMade(msgspec.Struct, frozen=True, kw_only=True, tag="qr-made"):
    """A merchant asked for a code to show. There is no trade before a buyer scans it."""

    code: str
    terms: Terms
    at: float
    expires_at: float
    order_life_s: float
    """How long a buyer who has scanned may take to pay."""
    notify_url: str
    sign_type: str
    charset: str
    origin: Origin = Origin()


class QrCodeWithdrawn(msgspec.Struct, frozen=True, kw_only=True, tag="qr-withdrawn"):
    """A code was cancelled before anyone scanned it."""

    code: str
    at: float


class BarCodeShown(msgspec.Struct, frozen=True, kw_only=True, tag="bar-shown"):
    """A buyer's app showed a code to be scanned by a merchant."""

    code: str
    buyer_id: str
    expires_at: float


class AuthCodeGiven(msgspec.Struct, frozen=True, kw_only=True, tag="auth-code"):
    """A buyer let an app know who they are."""

    code: str
    app_id: str
    buyer_id: str
    scope: str
    at: float
    expires_at: float


class TokenGiven(msgspec.Struct, frozen=True, kw_only=True, tag="token"):
    """An app exchanged a code, or an older refresh token; either is spent with this."""

    spent: str
    app_id: str
    buyer_id: str
    access_token: str
    refresh_token: str
    auth_start: float
    at: float


class NoticeMade(msgspec.Struct, frozen=True, kw_only=True, tag="notice"):
    """A notification is due."""

    notify_id: str
    trade_no: str
    status: Status
    at: float
    event: Event = "paid"
    request_no: str = ""
    """Which refund it tells of."""
    refunded_minor: int = 0
    """All refunds of the trade up to this event."""
    url: str = ""
    """Where it goes, if not to the order's address."""


class NoticeTried(msgspec.Struct, frozen=True, kw_only=True, tag="notice-tried"):
    """A notification was sent: acknowledged, or to be repeated at ``next_at`` (None: given up)."""

    notify_id: str
    acknowledged: bool
    next_at: float | None
    at: float


class NoticePostponed(msgspec.Struct, frozen=True, kw_only=True, tag="notice-postponed"):
    """A notification is sent later than it should be, or sooner than that."""

    notify_id: str
    next_at: float
    at: float


Fact = (
    TradeOpened
    | TradePaid
    | TradeClosed
    | TradeRefunded
    | TradeFinished
    | BalanceOpened
    | QrCodeMade
    | QrCodeWithdrawn
    | BarCodeShown
    | AuthCodeGiven
    | TokenGiven
    | NoticeMade
    | NoticeTried
    | NoticePostponed
)


class Trade:
    """A trade's present state."""

    def __init__(self, opened: TradeOpened) -> None:
        self.opened: Final = opened
        self.status: Status = "WAIT_BUYER_PAY"
        self.payer_id = opened.terms.buyer_id
        self.paid_at: float | None = None
        self.closed_at: float | None = None
        self.cancelled: Literal["", "close", "refund"] = ""
        """What a cancel did."""
        self.refunds: Final[dict[str, TradeRefunded]] = {}
        """By request number, in the order in which they were made."""

    @property
    def trade_no(self) -> str:
        """Alipay's number."""
        return self.opened.trade_no

    @property
    def terms(self) -> Terms:
        """What was ordered."""
        return self.opened.terms

    @property
    def refunded_minor(self) -> int:
        """All that went back."""
        return sum(refund.minor for refund in self.refunds.values())

    @property
    def remaining_minor(self) -> int:
        """What could still go back, if it was paid."""
        return self.terms.total_minor - self.refunded_minor

    def pay(self, paid: TradePaid) -> None:
        """Take the buyer's money as received. ``KeyError`` unless the trade waits for it."""
        self.status = NEXT[self.status, "paid"]
        self.payer_id, self.paid_at = paid.buyer_id, paid.at

    def close(self, closed: TradeClosed) -> None:
        """End it unpaid. ``KeyError`` unless it waits."""
        self.status = NEXT[self.status, "closed"]
        self.closed_at = closed.at
        if closed.cause == "cancel":
            self.cancelled = "close"

    def refund(self, refund: TradeRefunded) -> None:
        """Give money back. ``KeyError`` unless it is paid; ``ValueError`` for a number twice, or for too much."""
        if refund.request_no in self.refunds or not 0 < refund.minor <= self.remaining_minor:
            raise ValueError(refund.request_no)
        whole = refund.minor == self.remaining_minor
        self.status = NEXT[self.status, "refunded" if whole else "refunded in part"]
        self.refunds[refund.request_no] = refund
        if whole:
            self.closed_at = refund.at
        if refund.cause == "cancel":
            self.cancelled = "refund"

    def finish(self, finished: TradeFinished) -> None:
        """End the time for refunds. ``KeyError`` unless it is paid."""
        self.status = NEXT[self.status, "finished"]
        self.closed_at = finished.at
