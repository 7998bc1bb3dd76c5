"""What the sandbox knows: the facts, applied. Nothing else changes it.

Money moves in two places only: where :class:`TradePaid` and where :class:`TradeRefunded` are applied. A trade can be
paid once, because :data:`sim.alipay_sandbox.model.trades.NEXT` knows no second way, and no refund exceeds what is left.
"""

from __future__ import annotations

import heapq
from typing import Final

from sim.alipay_sandbox.model.books import OUTSIDE, Books, Entry, Purpose
from sim.alipay_sandbox.model.notices import Notice
from sim.alipay_sandbox.model.trades import (
    AuthCodeGiven,
    BalanceOpened,
    BarCodeShown,
    Fact,
    NoticeMade,
    NoticePostponed,
    NoticeTried,
    QrCodeMade,
    QrCodeWithdrawn,
    TokenGiven,
    Trade,
    TradeClosed,
    TradeFinished,
    TradeOpened,
    TradePaid,
    TradeRefunded,
)


class State:
    """Trades, codes, tokens, books and notices as the facts so far have made them."""

    def __init__(self, refund_window_s: float) -> None:
        self._refund_window_s = refund_window_s
        self.trades: Final[dict[str, Trade]] = {}
        self.by_order: Final[dict[tuple[str, str], Trade]] = {}
        self.qr_codes: Final[dict[str, QrCodeMade]] = {}
        self.qr_by_order: Final[dict[tuple[str, str], QrCodeMade]] = {}
        """The code of an order that nobody has scanned."""
        self.scanned: Final[dict[str, str]] = {}
        """Trade number by the merchant's code."""
        self.bar_codes: Final[dict[str, BarCodeShown]] = {}
        """Codes of buyers that were not spent."""
        self.auth_codes: Final[dict[str, AuthCodeGiven]] = {}
        """Codes of authorizations that were not spent."""
        self.tokens: Final[dict[str, TokenGiven]] = {}
        """By refresh token."""
        self.due: Final[list[tuple[float, str]]] = []
        """A heap of when time alone changes which trade."""
        self.books: Final = Books()
        self.notices: Final[dict[str, Notice]] = {}
        self.unsent: Final[dict[str, Notice]] = {}
        """Notices that are still to be sent or repeated."""

    def apply(self, fact: Fact) -> None:
        """Let a fact take effect."""
        match fact:
            case TradeOpened() | TradePaid() | TradeClosed() | TradeRefunded() | TradeFinished():
                self._apply_trade(fact)
            case NoticeMade() | NoticeTried() | NoticePostponed():
                self._apply_notice(fact)
            case BalanceOpened():
                self.books.post(_opening(fact))
            case _:
                self._apply_code(fact)

    def _apply_trade(self, fact: TradeOpened | TradePaid | TradeClosed | TradeRefunded | TradeFinished) -> None:
        match fact:
            case TradeOpened():
                self._open(fact)
            case TradePaid():
                trade = self.trades[fact.trade_no]
                trade.pay(fact)
                self.bar_codes.pop(fact.bar_code, None)
                self.books.post(_moved(trade, "capture", trade.terms.total_minor, fact.at))
                heapq.heappush(self.due, (fact.at + self._refund_window_s, fact.trade_no))
            case TradeClosed():
                self.trades[fact.trade_no].close(fact)
            case TradeRefunded():
                trade = self.trades[fact.trade_no]
                trade.refund(fact)
                self.books.post(_moved(trade, "refund", fact.minor, fact.at))
            case TradeFinished():
                self.trades[fact.trade_no].finish(fact)

    def _open(self, opened: TradeOpened) -> None:
        trade = Trade(opened)
        order = opened.terms.partner, opened.terms.out_trade_no
        self.trades[opened.trade_no] = self.by_order[order] = trade
        self.bar_codes.pop(opened.bar_code, None)
        if opened.qr_code:
            self.scanned[opened.qr_code] = opened.trade_no
            self.qr_by_order.pop(order, None)
        heapq.heappush(self.due, (opened.expires_at, opened.trade_no))

    def _apply_notice(self, fact: NoticeMade | NoticeTried | NoticePostponed) -> None:
        match fact:
            case NoticeMade():
                self.notices[fact.notify_id] = self.unsent[fact.notify_id] = Notice(fact)
            case NoticeTried():
                self.notices[fact.notify_id].tried(fact)
                if fact.next_at is None:
                    self.unsent.pop(fact.notify_id, None)
            case NoticePostponed():
                self.notices[fact.notify_id].postponed(fact.next_at)

    def _apply_code(self, fact: QrCodeMade | QrCodeWithdrawn | BarCodeShown | AuthCodeGiven | TokenGiven) -> None:
        match fact:
            case QrCodeMade():
                self.qr_codes[fact.code] = fact
                self.qr_by_order[fact.terms.partner, fact.terms.out_trade_no] = fact
            case QrCodeWithdrawn():
                terms = self.qr_codes[fact.code].terms
                self.qr_by_order.pop((terms.partner, terms.out_trade_no), None)
            case BarCodeShown():
                self.bar_codes[fact.code] = fact
            case AuthCodeGiven():
                self.auth_codes[fact.code] = fact
            case TokenGiven():
                self.auth_codes.pop(fact.spent, None)
                self.tokens.pop(fact.spent, None)
                self.tokens[fact.refresh_token] = fact


def _moved(trade: Trade, purpose: Purpose, minor: int, at: float) -> Entry:
    """Money from the buyer to the seller, or back."""
    buyer, seller = f"buyer:{trade.payer_id}", f"merchant:{trade.terms.seller_id}"
    giver, taker = (buyer, seller) if purpose == "capture" else (seller, buyer)
    return Entry(
        purpose=purpose,
        from_account=giver,
        to_account=taker,
        currency=trade.terms.currency,
        minor=minor,
        trade_no=trade.trade_no,
        at=at,
    )


def _opening(fact: BalanceOpened) -> Entry:
    return Entry(
        purpose="opening",
        from_account=OUTSIDE,
        to_account=f"buyer:{fact.buyer_id}",
        currency=fact.currency,
        minor=fact.minor,
        at=fact.at,
    )
