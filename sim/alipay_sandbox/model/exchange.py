"""The heart of the sandbox: what merchants, buyers and time do to trades, without any wire.

Rule 1: everything changes through :meth:`Exchange.record`, which writes the fact down and then applies it; a restart
applies the same facts. Rule 2: both gateways, the cashier and the clock come here, so that a trade has one history.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Container
from typing import Final

from sim.alipay_sandbox.model.accounts_file import AccountsFile
from sim.alipay_sandbox.model.books import Books, to_minor
from sim.alipay_sandbox.model.clock import WallClock, beijing_text
from sim.alipay_sandbox.model.notices import Notice
from sim.alipay_sandbox.model.settings import SandboxSettings
from sim.alipay_sandbox.model.state import State
from sim.alipay_sandbox.model.trades import (
    BalanceOpened,
    CloseCause,
    Event,
    Fact,
    NoticeMade,
    Origin,
    Terms,
    Trade,
    TradeClosed,
    TradeFinished,
    TradeOpened,
    TradePaid,
)

DAY_S: Final = 86400.0


class BusinessError(Exception):
    """A call is refused for a business reason; ``code`` is Alipay's ``detail_error_code`` or ``ACQ.`` sub code."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Exchange:
    """All that Alipay knows, as far as one sandbox goes."""

    def __init__(self, settings: SandboxSettings, clock: WallClock, new_id: Callable[[], str]) -> None:
        self.settings: Final = settings
        self._clock = clock
        self.new_id: Final = new_id
        self._file = AccountsFile(settings.accounts_file) if settings.accounts_file else None
        self._listed: Final = {buyer.buyer_id: buyer for buyer in settings.buyers}
        self.state: Final = State(settings.refund_window_days * DAY_S)
        for fact in self._file.read() if self._file else ():
            self.state.apply(fact)
        for buyer in settings.buyers:
            for currency, amount in sorted(buyer.balance.items()):
                self._open_balance(buyer.buyer_id, currency, amount)

    # --- what merchants and buyers do ---

    def create(
        self,
        terms: Terms,
        *,
        expires_at: float,
        notify_url: str,
        sign_type: str,
        charset: str,
        origin: Origin = Origin(),  # noqa: B008 - frozen
    ) -> Trade:
        """Open a trade, or give the one that was opened on the same terms. Raises :class:`BusinessError`."""
        self.expire_due()
        known = self.state.by_order.get((terms.partner, terms.out_trade_no))
        if known is not None:
            check_repeat(known, terms)
            return known
        if (terms.partner, terms.out_trade_no) in self.state.qr_by_order:
            raise BusinessError("CONTEXT_INCONSISTENT")
        self.check_buyer(terms.buyer_id)
        opened = TradeOpened(
            trade_no=self.next_trade_no(terms.partner),
            terms=terms,
            at=self.now(),
            expires_at=expires_at,
            notify_url=notify_url,
            sign_type=sign_type,
            charset=charset,
            origin=origin,
        )
        self.record(opened)
        return self.trade(opened.trade_no)

    def find(self, partner: str, *, out_trade_no: str = "", trade_no: str = "") -> Trade:
        """A merchant's trade by Alipay's number, which wins, or by its own. Raises :class:`BusinessError`."""
        self.expire_due()
        state = self.state
        trade = state.trades.get(trade_no) if trade_no else state.by_order.get((partner, out_trade_no))
        if trade is None or trade.terms.partner != partner:
            raise BusinessError("TRADE_NOT_EXIST")
        return trade

    def close(self, trade: Trade) -> None:
        """Close an unpaid trade; one that was closed unpaid stays so. Raises :class:`BusinessError` for a paid one."""
        if trade.paid_at is not None:
            raise BusinessError("REASON_ILLEGAL_STATUS")
        if trade.status == "WAIT_BUYER_PAY":
            self.end_unpaid(trade, "merchant")

    def pay(self, trade_no: str, buyer_id: str) -> Trade:
        """A buyer confirms in the app. Paying what the same buyer has paid changes nothing.

        Raises :class:`BusinessError`.
        """
        self.expire_due()
        trade = self.state.trades.get(trade_no)
        if trade is None:
            raise BusinessError("TRADE_NOT_EXIST")
        if trade.payer_id not in ("", buyer_id):
            raise BusinessError("TRADE_BUYER_NOT_MATCH")
        if trade.status == "TRADE_CLOSED":
            raise BusinessError("TRADE_HAS_CLOSE")
        if trade.status == "WAIT_BUYER_PAY":
            self.check_buyer(buyer_id)
            self.check_funds(buyer_id, trade.terms)
            self.take(trade, buyer_id)
        return trade

    def take(self, trade: Trade, buyer_id: str, bar_code: str = "") -> None:
        """Move a buyer's money, which must be there, for a trade that waits."""
        self.record(TradePaid(trade_no=trade.trade_no, buyer_id=buyer_id, at=self.now(), bar_code=bar_code))
        self.notify(trade, "paid")

    def end_unpaid(self, trade: Trade, cause: CloseCause) -> None:
        """Close a trade that waits."""
        self.record(TradeClosed(trade_no=trade.trade_no, cause=cause, at=self.now()))
        if self.settings.notify_closed:
            self.notify(trade, "closed")

    # --- time ---

    def now(self) -> float:
        """Unix seconds at Alipay."""
        return self._clock.wall()

    def expire_due(self) -> None:
        """Close what was not paid in time, and finish what can no longer be refunded."""
        now, due = self.now(), self.state.due
        while due and due[0][0] <= now:
            trade = self.state.trades[heapq.heappop(due)[1]]
            if trade.status == "WAIT_BUYER_PAY":
                self.end_unpaid(trade, "expired")
            elif trade.status == "TRADE_SUCCESS" and trade.paid_at is not None and self._window_over(trade.paid_at):
                self.record(TradeFinished(trade_no=trade.trade_no, at=now))
                self.notify(trade, "finished")

    def _window_over(self, paid_at: float) -> bool:
        return self.now() - paid_at >= self.settings.refund_window_days * DAY_S

    def next_due(self, but: Container[str]) -> float | None:
        """When something happens by itself next, in unix seconds: an expiry, or a notice other than ``but``."""
        sends = [n.next_at for key, n in self.unsent.items() if n.next_at is not None and key not in but]
        return min([*sends, *(at for at, _ in self.state.due[:1])], default=None)

    # --- what is kept ---

    def record(self, fact: Fact) -> None:
        """Write a fact down, then let it take effect."""
        if self._file is not None:
            self._file.append(fact)
        self.state.apply(fact)

    @property
    def books(self) -> Books:
        """Who has how much, and why."""
        return self.state.books

    @property
    def notices(self) -> dict[str, Notice]:
        """All notifications, by id."""
        return self.state.notices

    @property
    def unsent(self) -> dict[str, Notice]:
        """Those that are still to be sent or repeated."""
        return self.state.unsent

    def trades(self) -> list[Trade]:
        """All trades in the order of their opening."""
        return list(self.state.trades.values())

    def trade(self, trade_no: str) -> Trade:
        """A trade by Alipay's number. Raises ``KeyError``."""
        return self.state.trades[trade_no]

    def logon_id(self, buyer_id: str) -> str:
        """A buyer's address, masked as Alipay masks it."""
        listed = self._listed.get(buyer_id)
        plain = listed.logon_id if listed and listed.logon_id else f"139{buyer_id[-8:]}"
        return f"{plain[:3]}****{plain[-4:]}" if "@" not in plain else f"{plain[:3]}***{plain[plain.index('@') :]}"

    def shut(self) -> None:
        """Close the accounts' file."""
        if self._file is not None:
            self._file.close()

    # --- what the parts of the exchange share ---

    def notify(self, trade: Trade, event: Event, *, request_no: str = "", url: str = "") -> None:
        """Tell the merchant, if it gave an address."""
        if url or trade.opened.notify_url:
            made = NoticeMade(
                notify_id=self.new_id(),
                trade_no=trade.trade_no,
                status=trade.status,
                at=self.now(),
                event=event,
                request_no=request_no,
                refunded_minor=trade.refunded_minor,
                url=url,
            )
            self.record(made)

    def check_buyer(self, buyer_id: str) -> None:
        """Raises :class:`BusinessError` where this buyer is nobody, or may not pay."""
        listed = self._listed.get(buyer_id)
        if listed is not None and listed.blocked:
            raise BusinessError("BUYER_ENABLE_STATUS_FORBID")
        if listed is None and buyer_id and not (self.settings.open_buyers and is_user_id(buyer_id)):
            raise BusinessError("BUYER_NOT_EXIST")

    def check_funds(self, buyer_id: str, terms: Terms) -> None:
        """Raises :class:`BusinessError` where the buyer cannot pay this order."""
        listed = self._listed.get(buyer_id)
        if buyer_id == terms.seller_id:
            raise BusinessError("BUYER_SELLER_EQUAL")
        if listed is not None and listed.refused_with:
            raise BusinessError(listed.refused_with)
        if self.settings.open_buyers and listed is None:
            self._open_balance(buyer_id, terms.currency, self.settings.opening_balance)
        if self.books.balance(f"buyer:{buyer_id}", terms.currency) < terms.total_minor:
            raise BusinessError("BUYER_BALANCE_NOT_ENOUGH")

    def asks_password(self, buyer_id: str, terms: Terms) -> bool:
        """Whether a scanned code is not enough for this order."""
        listed = self._listed.get(buyer_id)
        limit = to_minor(self.settings.scan_limit, terms.currency)
        return terms.total_minor > limit or (listed is not None and listed.always_asked)

    def next_trade_no(self, partner: str) -> str:
        """A number for a trade that is opened now."""
        day = beijing_text(self.now())[:10].replace("-", "")
        return f"{day}21001004{partner[-4:]}{len(self.state.trades) + 1:08d}"

    def _open_balance(self, buyer_id: str, currency: str, amount: str) -> None:
        minor = to_minor(amount, currency)
        if minor and not self.books.knows(f"buyer:{buyer_id}", currency):
            self.record(BalanceOpened(buyer_id=buyer_id, currency=currency, minor=minor, at=self.now()))


def is_user_id(text: str) -> bool:
    """16 digits from 2088, as all of Alipay's accounts."""
    return len(text) == 16 and text.isascii() and text.isdigit() and text.startswith("2088")


def check_repeat(known: Trade, terms: Terms) -> None:
    """The order number is the transaction: what is repeated must be the same, and still unpaid."""
    if known.status in ("TRADE_SUCCESS", "TRADE_FINISHED"):
        raise BusinessError("TRADE_HAS_SUCCESS")
    if known.status == "TRADE_CLOSED":
        raise BusinessError("TRADE_HAS_CLOSE")
    if known.terms.buyer_id != terms.buyer_id:
        raise BusinessError("TRADE_BUYER_NOT_MATCH")
    if known.terms != terms:
        raise BusinessError("CONTEXT_INCONSISTENT")
