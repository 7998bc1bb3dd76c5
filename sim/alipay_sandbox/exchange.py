"""The heart of the sandbox: trades, buyers, books and notices, without any wire.

Rule 1: everything changes through :meth:`Exchange.record`, which writes the fact down and then applies it; a restart
applies the same facts. Rule 2: money moves in one place only, where :class:`TradePaid` is applied, and a trade can be
paid once, because :data:`sim.alipay_sandbox.trades.NEXT` knows no second way.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Container
from typing import Final

from sim.alipay_sandbox.accounts_file import AccountsFile
from sim.alipay_sandbox.books import OUTSIDE, Books, Entry, to_minor
from sim.alipay_sandbox.clock import WallClock, beijing_text
from sim.alipay_sandbox.notices import Notice
from sim.alipay_sandbox.settings import SandboxSettings
from sim.alipay_sandbox.trades import (
    BalanceOpened,
    CloseCause,
    Fact,
    NoticeMade,
    NoticeTried,
    Terms,
    Trade,
    TradeClosed,
    TradeOpened,
    TradePaid,
)


class BusinessError(Exception):
    """A call is refused for a business reason; ``code`` is Alipay's ``detail_error_code``."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Exchange:
    """All that Alipay knows, as far as one sandbox goes."""

    def __init__(self, settings: SandboxSettings, clock: WallClock, new_id: Callable[[], str]) -> None:
        self._settings = settings
        self._clock = clock
        self._new_id = new_id
        self._file = AccountsFile(settings.accounts_file) if settings.accounts_file else None
        self._trades: dict[str, Trade] = {}
        self._by_order: dict[tuple[str, str], Trade] = {}
        self._expiries: list[tuple[float, str]] = []
        self._listed: Final = {buyer.buyer_id: buyer for buyer in settings.buyers}
        self.books: Final = Books()
        self.notices: Final[dict[str, Notice]] = {}
        self.unsent: Final[dict[str, Notice]] = {}
        """Notices that are still to be sent or repeated."""
        for fact in self._file.read() if self._file else ():
            self._apply(fact)
        self._open_listed_balances()

    def _open_listed_balances(self) -> None:
        for buyer in self._settings.buyers:
            for currency, amount in sorted(buyer.balance.items()):
                self._open_balance(buyer.buyer_id, currency, amount)

    # --- what merchants and buyers do ---

    def create(self, terms: Terms, *, expires_at: float, notify_url: str, sign_type: str, charset: str) -> Trade:
        """Open a trade, or give the one that was opened on the same terms. Raises :class:`BusinessError`."""
        self.expire_due()
        known = self._by_order.get((terms.partner, terms.out_trade_no))
        if known is not None:
            _check_repeat(known, terms)
            return known
        self._check_buyer(terms.buyer_id)
        opened = TradeOpened(
            trade_no=self._next_trade_no(terms.partner),
            terms=terms,
            at=self._clock.wall(),
            expires_at=expires_at,
            notify_url=notify_url,
            sign_type=sign_type,
            charset=charset,
        )
        self.record(opened)
        return self._trades[opened.trade_no]

    def find(self, partner: str, *, out_trade_no: str = "", trade_no: str = "") -> Trade:
        """A merchant's trade by Alipay's number, which wins, or by its own. Raises :class:`BusinessError`."""
        self.expire_due()
        trade = self._trades.get(trade_no) if trade_no else self._by_order.get((partner, out_trade_no))
        if trade is None or trade.terms.partner != partner:
            raise BusinessError("TRADE_NOT_EXIST")
        return trade

    def close(self, trade: Trade) -> None:
        """Close an unpaid trade; one that is closed stays so. Raises :class:`BusinessError` for a paid one."""
        if trade.status == "TRADE_SUCCESS":
            raise BusinessError("REASON_ILLEGAL_STATUS")
        if trade.status == "WAIT_BUYER_PAY":
            self._close(trade, "merchant")

    def pay(self, trade_no: str, buyer_id: str) -> Trade:
        """A buyer confirms in the app. Paying what the same buyer has paid changes nothing.

        Raises :class:`BusinessError`.
        """
        self.expire_due()
        trade = self._trades.get(trade_no)
        if trade is None:
            raise BusinessError("TRADE_NOT_EXIST")
        if trade.payer_id not in ("", buyer_id):
            raise BusinessError("TRADE_BUYER_NOT_MATCH")
        if trade.status == "TRADE_CLOSED":
            raise BusinessError("TRADE_HAS_CLOSE")
        if trade.status == "WAIT_BUYER_PAY":
            self._check_buyer(buyer_id)
            self._take(trade, buyer_id)
        return trade

    def _take(self, trade: Trade, buyer_id: str) -> None:
        currency = trade.terms.currency
        if self._settings.open_buyers and buyer_id not in self._listed:
            self._open_balance(buyer_id, currency, self._settings.opening_balance)
        if self.books.balance(f"buyer:{buyer_id}", currency) < trade.terms.total_minor:
            raise BusinessError("BUYER_BALANCE_NOT_ENOUGH")
        self.record(TradePaid(trade_no=trade.trade_no, buyer_id=buyer_id, at=self._clock.wall()))
        self._notify(trade)

    # --- time ---

    def expire_due(self) -> None:
        """Close what was not paid in time."""
        now = self._clock.wall()
        while self._expiries and self._expiries[0][0] <= now:
            trade = self._trades[heapq.heappop(self._expiries)[1]]
            if trade.status == "WAIT_BUYER_PAY":
                self._close(trade, "expired")

    def next_due(self, but: Container[str]) -> float | None:
        """When something happens by itself next, in unix seconds: an expiry, or a notice other than ``but``."""
        sends = [n.next_at for key, n in self.unsent.items() if n.next_at is not None and key not in but]
        return min([*sends, *(expiry for expiry, _ in self._expiries[:1])], default=None)

    # --- what is kept ---

    def record(self, fact: Fact) -> None:
        """Write a fact down, then let it take effect."""
        if self._file is not None:
            self._file.append(fact)
        self._apply(fact)

    def trades(self) -> list[Trade]:
        """All trades in the order of their opening."""
        return list(self._trades.values())

    def trade(self, trade_no: str) -> Trade:
        """A trade by Alipay's number. Raises ``KeyError``."""
        return self._trades[trade_no]

    def logon_id(self, buyer_id: str) -> str:
        """A buyer's address, masked as Alipay masks it."""
        listed = self._listed.get(buyer_id)
        plain = listed.logon_id if listed and listed.logon_id else f"139{buyer_id[-8:]}"
        return f"{plain[:3]}****{plain[-4:]}" if "@" not in plain else f"{plain[:3]}***{plain[plain.index('@') :]}"

    def shut(self) -> None:
        """Close the accounts' file."""
        if self._file is not None:
            self._file.close()

    def _apply(self, fact: Fact) -> None:
        match fact:
            case TradeOpened():
                trade = Trade(fact)
                self._trades[fact.trade_no] = trade
                self._by_order[fact.terms.partner, fact.terms.out_trade_no] = trade
                heapq.heappush(self._expiries, (fact.expires_at, fact.trade_no))
            case TradePaid():
                self._trades[fact.trade_no].pay(fact)
                self._move_money(self._trades[fact.trade_no], fact)
            case TradeClosed():
                self._trades[fact.trade_no].close(fact)
            case BalanceOpened():
                self.books.post(_opening(fact))
            case NoticeMade():
                self.notices[fact.notify_id] = self.unsent[fact.notify_id] = Notice(fact)
            case NoticeTried():
                self.notices[fact.notify_id].tried(fact)
                if fact.next_at is None:
                    self.unsent.pop(fact.notify_id, None)

    def _move_money(self, trade: Trade, paid: TradePaid) -> None:
        self.books.post(
            Entry(
                purpose="capture",
                from_account=f"buyer:{paid.buyer_id}",
                to_account=f"merchant:{trade.terms.seller_id}",
                currency=trade.terms.currency,
                minor=trade.terms.total_minor,
                trade_no=trade.trade_no,
                at=paid.at,
            )
        )

    def _close(self, trade: Trade, cause: CloseCause) -> None:
        self.record(TradeClosed(trade_no=trade.trade_no, cause=cause, at=self._clock.wall()))
        if self._settings.notify_closed:
            self._notify(trade)

    def _notify(self, trade: Trade) -> None:
        if trade.opened.notify_url:
            now = self._clock.wall()
            self.record(NoticeMade(notify_id=self._new_id(), trade_no=trade.trade_no, status=trade.status, at=now))

    def _open_balance(self, buyer_id: str, currency: str, amount: str) -> None:
        minor = to_minor(amount, currency)
        if minor and not self.books.knows(f"buyer:{buyer_id}", currency):
            self.record(BalanceOpened(buyer_id=buyer_id, currency=currency, minor=minor, at=self._clock.wall()))

    def _check_buyer(self, buyer_id: str) -> None:
        listed = self._listed.get(buyer_id)
        if listed is not None and listed.blocked:
            raise BusinessError("BUYER_ENABLE_STATUS_FORBID")
        if listed is None and buyer_id and not (self._settings.open_buyers and is_user_id(buyer_id)):
            raise BusinessError("BUYER_NOT_EXIST")

    def _next_trade_no(self, partner: str) -> str:
        day = beijing_text(self._clock.wall())[:10].replace("-", "")
        return f"{day}21001004{partner[-4:]}{len(self._trades) + 1:08d}"


def is_user_id(text: str) -> bool:
    """16 digits from 2088, as all of Alipay's accounts."""
    return len(text) == 16 and text.isascii() and text.isdigit() and text.startswith("2088")


def _check_repeat(known: Trade, terms: Terms) -> None:
    """The order number is the transaction: what is repeated must be the same, and still unpaid."""
    if known.status == "TRADE_SUCCESS":
        raise BusinessError("TRADE_HAS_SUCCESS")
    if known.status == "TRADE_CLOSED":
        raise BusinessError("TRADE_HAS_CLOSE")
    if known.terms.buyer_id != terms.buyer_id:
        raise BusinessError("TRADE_BUYER_NOT_MATCH")
    if known.terms != terms:
        raise BusinessError("CONTEXT_INCONSISTENT")


def _opening(fact: BalanceOpened) -> Entry:
    return Entry(
        purpose="opening",
        from_account=OUTSIDE,
        to_account=f"buyer:{fact.buyer_id}",
        currency=fact.currency,
        minor=fact.minor,
        at=fact.at,
    )
