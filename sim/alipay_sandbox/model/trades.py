"""Trades and the facts that change them. Only facts are persisted; all state derives from them.

WAIT_BUYER_PAY ──paid──▶ TRADE_SUCCESS ──refunded in part──▶ TRADE_SUCCESS
      │                       ├──refunded, or cancelled──▶ TRADE_CLOSED
      │                       └──refund window over──▶ TRADE_FINISHED
      └──closed, cancelled, expired──▶ TRADE_CLOSED
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from sim.alipay_sandbox.model.books import format_amount

Status = Literal["WAIT_BUYER_PAY", "TRADE_SUCCESS", "TRADE_CLOSED", "TRADE_FINISHED"]
CloseCause = Literal["merchant", "expired", "cancel"]
RefundCause = Literal["refund", "cancel"]
GatewayProtocol = Literal["mapi", "openapi"]
NotificationEvent = Literal["paid", "closed", "refunded", "cancelled", "finished"]

NEXT: Final[dict[tuple[Status, str], Status]] = {
    ("WAIT_BUYER_PAY", "paid"): "TRADE_SUCCESS",
    ("WAIT_BUYER_PAY", "closed"): "TRADE_CLOSED",
    ("TRADE_SUCCESS", "refunded in part"): "TRADE_SUCCESS",
    ("TRADE_SUCCESS", "refunded"): "TRADE_CLOSED",
    ("TRADE_SUCCESS", "finished"): "TRADE_FINISHED",
}


class OrderTerms(msgspec.Struct, frozen=True, kw_only=True):
    """The content of an order. A repeated create with other terms is refused."""

    partner: str
    out_trade_no: str
    seller_id: str
    buyer_id: str
    """Blank if any buyer may pay."""
    currency: str
    """The price's currency."""
    settlement: str
    total_minor: int
    subject: str
    body: str = ""
    product_code: str = ""
    passback: str = ""
    """``passback_parameters`` or ``passback_params``, returned with notifications."""

    @property
    def order_key(self) -> tuple[str, str]:
        return self.partner, self.out_trade_no

    @property
    def total_text(self) -> str:
        return self.amount_text(self.total_minor)

    def amount_text(self, minor: int) -> str:
        return format_amount(minor, self.currency)


class OrderOrigin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The protocol, app and place of an order, repeated in notifications and bills."""

    protocol: GatewayProtocol = "mapi"
    app_id: str = ""
    """openapi: the calling app."""
    auth_app_id: str = ""
    """openapi: the app of the merchant; differs from ``app_id`` if a system provider calls."""
    store_id: str = ""
    terminal_id: str = ""
    operator_id: str = ""


class NotificationTarget(msgspec.Struct, frozen=True, kw_only=True):
    """Address, signature and charset of an order's notifications, and the order's origin."""

    notify_url: str
    sign_type: str
    charset: str
    origin: OrderOrigin = OrderOrigin()

    def target_fields(self) -> dict[str, Any]:
        """The fields of this class, as arguments for another subclass."""
        return {name: getattr(self, name) for name in NotificationTarget.__struct_fields__}


class OrderOptions(NotificationTarget, frozen=True, kw_only=True):
    """The options of an order; ``life_s`` is the lifetime of an unpaid one."""

    life_s: float


class TradeOpened(NotificationTarget, frozen=True, kw_only=True, tag="opened"):
    """A merchant created an order, or a buyer scanned its code."""

    trade_no: str
    terms: OrderTerms
    at: float
    expires_at: float
    bar_code: str = ""
    """The buyer's code that was scanned; it cannot be used again."""
    qr_code: str = ""
    """The merchant's code that the buyer scanned."""


class TradePaid(msgspec.Struct, frozen=True, kw_only=True, tag="paid"):
    """A buyer paid; the money moved."""

    trade_no: str
    buyer_id: str
    at: float
    bar_code: str = ""
    """The new buyer's code that was scanned for a waiting trade; it cannot be used again."""


class TradeClosed(msgspec.Struct, frozen=True, kw_only=True, tag="closed"):
    """An unpaid trade ended."""

    trade_no: str
    cause: CloseCause
    at: float


class TradeRefunded(msgspec.Struct, frozen=True, kw_only=True, tag="refunded"):
    """Money went back to the buyer."""

    trade_no: str
    request_no: str
    """``out_request_no`` or ``partner_refund_id``; the order's number if the merchant gave none."""
    minor: int
    cause: RefundCause
    at: float
    reason: str = ""


class TradeFinished(msgspec.Struct, frozen=True, kw_only=True, tag="finished"):
    """The refund window of a trade is over."""

    trade_no: str
    at: float


class BalanceOpened(msgspec.Struct, frozen=True, kw_only=True, tag="balance"):
    """A buyer's account received its opening balance in one currency."""

    buyer_id: str
    currency: str
    minor: int
    at: float


class QrCodeMade(NotificationTarget, frozen=True, kw_only=True, tag="qr-made"):
    """A merchant ordered a QR code. The trade opens when a buyer scans it."""

    code: str
    terms: OrderTerms
    at: float
    expires_at: float
    order_life_s: float
    """Lifetime of the unpaid trade after the scan."""


class QrCodeWithdrawn(msgspec.Struct, frozen=True, kw_only=True, tag="qr-withdrawn"):
    """A QR code was cancelled before a scan."""

    code: str
    at: float


class BarCodeShown(msgspec.Struct, frozen=True, kw_only=True, tag="bar-shown"):
    """A buyer's app showed a bar code for a merchant to scan."""

    code: str
    buyer_id: str
    expires_at: float


class AuthCodeIssued(msgspec.Struct, frozen=True, kw_only=True, tag="auth-code"):
    """A buyer authorized an app."""

    code: str
    app_id: str
    buyer_id: str
    scope: str
    at: float
    expires_at: float


class TokensIssued(msgspec.Struct, frozen=True, kw_only=True, tag="token"):
    """An app exchanged an authorization code or a refresh token, ``spent``, which cannot be used again."""

    spent: str
    app_id: str
    buyer_id: str
    access_token: str
    refresh_token: str
    auth_start: float
    at: float


class NotificationCreated(msgspec.Struct, frozen=True, kw_only=True, tag="notice"):
    """A notification became due."""

    notify_id: str
    trade_no: str
    status: Status
    at: float
    event: NotificationEvent = "paid"
    request_no: str = ""
    """The refund that it reports."""
    refunded_minor: int = 0
    """The sum of the trade's refunds up to this event."""
    url: str = ""
    """Replaces the order's address."""


class NotificationAttempted(msgspec.Struct, frozen=True, kw_only=True, tag="notice-tried"):
    """A notification was sent: acknowledged, or due again at ``next_at`` (None: given up)."""

    notify_id: str
    acknowledged: bool
    next_at: float | None
    at: float


class NotificationPostponed(msgspec.Struct, frozen=True, kw_only=True, tag="notice-postponed"):
    """A fault moved the next attempt to ``next_at``."""

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
    | AuthCodeIssued
    | TokensIssued
    | NotificationCreated
    | NotificationAttempted
    | NotificationPostponed
)


class SandboxTrade:
    """The current state of a trade."""

    def __init__(self, opened: TradeOpened) -> None:
        self.opened: Final = opened
        self.status: Status = "WAIT_BUYER_PAY"
        self.payer_id = opened.terms.buyer_id
        self.paid_at: float | None = None
        self.closed_at: float | None = None
        self.cancelled: Literal["", "close", "refund"] = ""
        """The effect of a cancel."""
        self.refunds: Final[dict[str, TradeRefunded]] = {}
        """By request number, oldest first."""

    @property
    def trade_no(self) -> str:
        return self.opened.trade_no

    @property
    def terms(self) -> OrderTerms:
        return self.opened.terms

    @property
    def refunded_minor(self) -> int:
        return sum(refund.minor for refund in self.refunds.values())

    @property
    def remaining_minor(self) -> int:
        return self.terms.total_minor - self.refunded_minor

    def apply_paid(self, paid: TradePaid) -> None:
        """Raises ``KeyError`` unless the trade is unpaid."""
        self.status = NEXT[self.status, "paid"]
        self.payer_id, self.paid_at = paid.buyer_id, paid.at

    def apply_closed(self, closed: TradeClosed) -> None:
        self.status = NEXT[self.status, "closed"]
        self.closed_at = closed.at
        if closed.cause == "cancel":
            self.cancelled = "close"

    def apply_refunded(self, refund: TradeRefunded) -> None:
        """Raises ``KeyError`` unless the trade is paid; ``ValueError`` for a known number or too high an amount."""
        if refund.request_no in self.refunds or not 0 < refund.minor <= self.remaining_minor:
            raise ValueError(refund.request_no)
        whole = refund.minor == self.remaining_minor
        self.status = NEXT[self.status, "refunded" if whole else "refunded in part"]
        self.refunds[refund.request_no] = refund
        if whole:
            self.closed_at = refund.at
        if refund.cause == "cancel":
            self.cancelled = "refund"

    def apply_finished(self, finished: TradeFinished) -> None:
        self.status = NEXT[self.status, "finished"]
        self.closed_at = finished.at
