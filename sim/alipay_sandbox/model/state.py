"""The state of the sandbox, derived from facts alone.

Rule 1: money moves only where :class:`TradePaid` and :class:`TradeRefunded` are applied. Rule 2: a trade is paid at
most once, because :data:`sim.alipay_sandbox.model.trades.NEXT` has no second transition to paid. Rule 3: no refund
exceeds the remaining amount.
"""

from __future__ import annotations

import heapq
from typing import Final

from sim.alipay_sandbox.model.books import OUTSIDE, AccountBooks, BookEntry, Purpose
from sim.alipay_sandbox.model.notifications import OutgoingNotification
from sim.alipay_sandbox.model.trades import (
    AuthCodeIssued,
    BalanceOpened,
    BarCodeShown,
    Fact,
    NotificationAttempted,
    NotificationCreated,
    NotificationPostponed,
    QrCodeMade,
    QrCodeWithdrawn,
    SandboxTrade,
    TokensIssued,
    TradeClosed,
    TradeFinished,
    TradeOpened,
    TradePaid,
    TradeRefunded,
)


class SandboxState:
    """Trades, codes, tokens, books and notifications after all facts so far."""

    def __init__(self, refund_window_s: float) -> None:
        self._refund_window_s = refund_window_s
        self.trades: Final[dict[str, SandboxTrade]] = {}
        self.by_order: Final[dict[tuple[str, str], SandboxTrade]] = {}
        self.qr_codes: Final[dict[str, QrCodeMade]] = {}
        self.qr_by_order: Final[dict[tuple[str, str], QrCodeMade]] = {}
        """QR codes without a scan, by order."""
        self.scanned: Final[dict[str, str]] = {}
        """Trade number by QR code."""
        self.bar_codes: Final[dict[str, BarCodeShown]] = {}
        """Unused codes of buyers."""
        self.auth_codes: Final[dict[str, AuthCodeIssued]] = {}
        """Unused authorization codes."""
        self.tokens: Final[dict[str, TokensIssued]] = {}
        """By refresh token."""
        self.due: Final[list[tuple[float, str]]] = []
        """A heap of the times at which trades expire or finish, with trade numbers."""
        self.books: Final = AccountBooks()
        self.notifications: Final[dict[str, OutgoingNotification]] = {}
        self.pending_notifications: Final[dict[str, OutgoingNotification]] = {}
        """Notifications that are neither acknowledged nor given up."""

    def apply(self, fact: Fact) -> None:
        match fact:
            case TradeOpened() | TradePaid() | TradeClosed() | TradeRefunded() | TradeFinished():
                self._apply_trade(fact)
            case NotificationCreated() | NotificationAttempted() | NotificationPostponed():
                self._apply_notification(fact)
            case BalanceOpened():
                self.books.post(_opening_entry(fact))
            case _:
                self._apply_code(fact)

    def _apply_trade(self, fact: TradeOpened | TradePaid | TradeClosed | TradeRefunded | TradeFinished) -> None:
        match fact:
            case TradeOpened():
                self._open(fact)
            case TradePaid():
                trade = self.trades[fact.trade_no]
                trade.apply_paid(fact)
                self.bar_codes.pop(fact.bar_code, None)
                self.books.post(_transfer(trade, "capture", trade.terms.total_minor, fact.at))
                heapq.heappush(self.due, (fact.at + self._refund_window_s, fact.trade_no))
            case TradeClosed():
                self.trades[fact.trade_no].apply_closed(fact)
            case TradeRefunded():
                trade = self.trades[fact.trade_no]
                trade.apply_refunded(fact)
                self.books.post(_transfer(trade, "refund", fact.minor, fact.at))
            case TradeFinished():
                self.trades[fact.trade_no].apply_finished(fact)

    def _open(self, opened: TradeOpened) -> None:
        trade = SandboxTrade(opened)
        order = opened.terms.order_key
        self.trades[opened.trade_no] = self.by_order[order] = trade
        self.bar_codes.pop(opened.bar_code, None)
        if opened.qr_code:
            self.scanned[opened.qr_code] = opened.trade_no
            self.qr_by_order.pop(order, None)
        heapq.heappush(self.due, (opened.expires_at, opened.trade_no))

    def _apply_notification(self, fact: NotificationCreated | NotificationAttempted | NotificationPostponed) -> None:
        match fact:
            case NotificationCreated():
                self.notifications[fact.notify_id] = self.pending_notifications[fact.notify_id] = OutgoingNotification(
                    fact
                )
            case NotificationAttempted():
                self.notifications[fact.notify_id].record_attempt(fact)
                if fact.next_at is None:
                    self.pending_notifications.pop(fact.notify_id, None)
            case NotificationPostponed():
                self.notifications[fact.notify_id].postpone(fact.next_at)

    def _apply_code(self, fact: QrCodeMade | QrCodeWithdrawn | BarCodeShown | AuthCodeIssued | TokensIssued) -> None:
        match fact:
            case QrCodeMade():
                self.qr_codes[fact.code] = fact
                self.qr_by_order[fact.terms.order_key] = fact
            case QrCodeWithdrawn():
                self.qr_by_order.pop(self.qr_codes[fact.code].terms.order_key, None)
            case BarCodeShown():
                self.bar_codes[fact.code] = fact
            case AuthCodeIssued():
                self.auth_codes[fact.code] = fact
            case TokensIssued():
                self.auth_codes.pop(fact.spent, None)
                self.tokens.pop(fact.spent, None)
                self.tokens[fact.refresh_token] = fact


def _transfer(trade: SandboxTrade, purpose: Purpose, minor: int, at: float) -> BookEntry:
    buyer, seller = f"buyer:{trade.payer_id}", f"merchant:{trade.terms.seller_id}"
    source, target = (buyer, seller) if purpose == "capture" else (seller, buyer)
    return BookEntry(
        purpose=purpose,
        from_account=source,
        to_account=target,
        currency=trade.terms.currency,
        minor=minor,
        trade_no=trade.trade_no,
        at=at,
    )


def _opening_entry(fact: BalanceOpened) -> BookEntry:
    return BookEntry(
        purpose="opening",
        from_account=OUTSIDE,
        to_account=f"buyer:{fact.buyer_id}",
        currency=fact.currency,
        minor=fact.minor,
        at=fact.at,
    )
