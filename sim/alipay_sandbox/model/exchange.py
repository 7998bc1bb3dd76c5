"""The core of the sandbox: all changes of trades by merchants, buyers and time, without any wire format.

Rule 1: every change is a fact that :meth:`Exchange.record` persists and then applies; a restart applies the same facts.
Rule 2: both gateways, the cashier and the clock use this one object, so a trade has one history.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Container
from typing import Final

from sim.alipay_sandbox.model.accounts_file import AccountsFile
from sim.alipay_sandbox.model.books import parse_amount
from sim.alipay_sandbox.model.clock import WallClock, beijing_text
from sim.alipay_sandbox.model.settings import SandboxSettings
from sim.alipay_sandbox.model.state import SandboxState
from sim.alipay_sandbox.model.trades import (
    BalanceOpened,
    CloseCause,
    Fact,
    NotificationCreated,
    NotificationEvent,
    OrderOptions,
    OrderTerms,
    SandboxTrade,
    TradeClosed,
    TradeFinished,
    TradeOpened,
    TradePaid,
)

DAY_S: Final = 86400.0


class BusinessError(Exception):
    """A business refusal; ``code`` is Alipay's ``detail_error_code`` or ``ACQ.`` sub code."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Exchange:
    """Trades, codes, accounts and notifications of one sandbox."""

    def __init__(self, settings: SandboxSettings, clock: WallClock, new_id: Callable[[], str]) -> None:
        self.settings: Final = settings
        self._clock = clock
        self.new_id: Final = new_id
        self._file = AccountsFile(settings.accounts_file) if settings.accounts_file else None
        self._listed: Final = {buyer.buyer_id: buyer for buyer in settings.buyers}
        self.state: Final = SandboxState(settings.refund_window_days * DAY_S)
        self.books: Final = self.state.books
        self.notifications: Final = self.state.notifications
        self.pending_notifications: Final = self.state.pending_notifications
        for fact in self._file.read() if self._file else ():
            self.state.apply(fact)
        for buyer in settings.buyers:
            for currency, amount in sorted(buyer.balance.items()):
                self._open_balance(buyer.buyer_id, currency, amount)

    # --- merchants and buyers ---

    def create_trade(self, terms: OrderTerms, options: OrderOptions) -> SandboxTrade:
        """Open a trade, or return the one with the same terms. Raises :class:`BusinessError`."""
        self.expire_due()
        known = self.state.by_order.get(terms.order_key)
        if known is not None:
            check_repeat(known, terms)
            return known
        if terms.order_key in self.state.qr_by_order:
            raise BusinessError("CONTEXT_INCONSISTENT")
        self.check_buyer(terms.buyer_id)
        return self.open_trade(terms, options)

    def find_trade(self, partner: str, *, out_trade_no: str = "", trade_no: str = "") -> SandboxTrade:
        """By Alipay's number, which takes precedence, or by the merchant's. Raises :class:`BusinessError`."""
        self.expire_due()
        state = self.state
        trade = state.trades.get(trade_no) if trade_no else state.by_order.get((partner, out_trade_no))
        if trade is None or trade.terms.partner != partner:
            raise BusinessError("TRADE_NOT_EXIST")
        return trade

    def close_trade(self, trade: SandboxTrade) -> None:
        """Close an unpaid trade; no effect if it closed unpaid before. Raises :class:`BusinessError` if it was paid."""
        if trade.paid_at is not None:
            raise BusinessError("REASON_ILLEGAL_STATUS")
        if trade.status == "WAIT_BUYER_PAY":
            self.close_unpaid(trade, "merchant")

    def pay_trade(self, trade_no: str, buyer_id: str) -> SandboxTrade:
        """A buyer confirms in the app; no effect if the same buyer paid before. Raises :class:`BusinessError`."""
        self.expire_due()
        trade = self.state.trades.get(trade_no)
        if trade is None:
            raise BusinessError("TRADE_NOT_EXIST")
        if trade.payer_id not in ("", buyer_id):
            raise BusinessError("TRADE_BUYER_NOT_MATCH")
        if trade.status == "TRADE_CLOSED":
            raise BusinessError("TRADE_HAS_CLOSE")
        if trade.status == "WAIT_BUYER_PAY":
            self.check_payer(buyer_id, trade.terms)
            self.capture(trade, buyer_id)
        return trade

    def capture(self, trade: SandboxTrade, buyer_id: str, bar_code: str = "") -> None:
        """Move the buyer's money for an unpaid trade. The caller has checked the balance."""
        self.record(TradePaid(trade_no=trade.trade_no, buyer_id=buyer_id, at=self.now(), bar_code=bar_code))
        self.queue_notification(trade, "paid")

    def close_unpaid(self, trade: SandboxTrade, cause: CloseCause) -> None:
        self.record(TradeClosed(trade_no=trade.trade_no, cause=cause, at=self.now()))
        if self.settings.notify_closed:
            self.queue_notification(trade, "closed")

    # --- time ---

    def now(self) -> float:
        return self._clock.wall()

    def expire_due(self) -> None:
        now, due = self.now(), self.state.due
        while due and due[0][0] <= now:
            trade = self.state.trades[heapq.heappop(due)[1]]
            if trade.status == "WAIT_BUYER_PAY":
                self.close_unpaid(trade, "expired")
            elif trade.status == "TRADE_SUCCESS" and trade.paid_at is not None and self._window_over(trade.paid_at):
                self.record(TradeFinished(trade_no=trade.trade_no, at=now))
                self.queue_notification(trade, "finished")

    def _window_over(self, paid_at: float) -> bool:
        return self.now() - paid_at >= self.settings.refund_window_days * DAY_S

    def next_due(self, excluding: Container[str] = ()) -> float | None:
        """Unix seconds of the next expiry, or of the next attempt of a notification that is not in ``excluding``."""
        sends = [
            n.next_at for key, n in self.pending_notifications.items() if n.next_at is not None and key not in excluding
        ]
        return min([*sends, *(at for at, _ in self.state.due[:1])], default=None)

    # --- state ---

    def record(self, fact: Fact) -> None:
        if self._file is not None:
            self._file.append(fact)
        self.state.apply(fact)

    def trades(self) -> list[SandboxTrade]:
        return list(self.state.trades.values())

    def trade(self, trade_no: str) -> SandboxTrade:
        """By Alipay's number. Raises ``KeyError``."""
        return self.state.trades[trade_no]

    def logon_id(self, buyer_id: str) -> str:
        listed = self._listed.get(buyer_id)
        plain = listed.logon_id if listed and listed.logon_id else f"139{buyer_id[-8:]}"
        return f"{plain[:3]}****{plain[-4:]}" if "@" not in plain else f"{plain[:3]}***{plain[plain.index('@') :]}"

    def close_file(self) -> None:
        if self._file is not None:
            self._file.close()

    # --- shared by codes and refunds ---

    def open_trade(
        self, terms: OrderTerms, options: OrderOptions, *, bar_code: str = "", qr_code: str = ""
    ) -> SandboxTrade:
        now = self.now()
        opened = TradeOpened(
            trade_no=self._next_trade_no(terms.partner),
            terms=terms,
            at=now,
            expires_at=now + options.life_s,
            bar_code=bar_code,
            qr_code=qr_code,
            **options.target_fields(),
        )
        self.record(opened)
        return self.trade(opened.trade_no)

    def queue_notification(
        self, trade: SandboxTrade, event: NotificationEvent, *, request_no: str = "", url: str = ""
    ) -> None:
        """No effect if the merchant gave no address."""
        if url or trade.opened.notify_url:
            made = NotificationCreated(
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
        """Raises :class:`BusinessError` if the buyer does not exist or is blocked."""
        listed = self._listed.get(buyer_id)
        if listed is not None and listed.blocked:
            raise BusinessError("BUYER_ENABLE_STATUS_FORBID")
        if listed is None and buyer_id and not (self.settings.open_buyers and is_user_id(buyer_id)):
            raise BusinessError("BUYER_NOT_EXIST")

    def check_payer(self, buyer_id: str, terms: OrderTerms) -> None:
        """Raises :class:`BusinessError` if the buyer cannot pay this order."""
        self.check_buyer(buyer_id)
        listed = self._listed.get(buyer_id)
        if buyer_id == terms.seller_id:
            raise BusinessError("BUYER_SELLER_EQUAL")
        if listed is not None and listed.refused_with:
            raise BusinessError(listed.refused_with)
        if self.settings.open_buyers and listed is None:
            self._open_balance(buyer_id, terms.currency, self.settings.opening_balance)
        if self.books.balance(f"buyer:{buyer_id}", terms.currency) < terms.total_minor:
            raise BusinessError("BUYER_BALANCE_NOT_ENOUGH")

    def needs_password(self, buyer_id: str, terms: OrderTerms) -> bool:
        listed = self._listed.get(buyer_id)
        limit = parse_amount(self.settings.scan_limit, terms.currency)
        return terms.total_minor > limit or (listed is not None and listed.always_asked)

    def _next_trade_no(self, partner: str) -> str:
        day = beijing_text(self.now())[:10].replace("-", "")
        return f"{day}21001004{partner[-4:]}{len(self.state.trades) + 1:08d}"

    def _open_balance(self, buyer_id: str, currency: str, amount: str) -> None:
        minor = parse_amount(amount, currency)
        if minor and not self.books.has_account(f"buyer:{buyer_id}", currency):
            self.record(BalanceOpened(buyer_id=buyer_id, currency=currency, minor=minor, at=self.now()))


def is_user_id(text: str) -> bool:
    return len(text) == 16 and text.isascii() and text.isdigit() and text.startswith("2088")


def check_repeat(known: SandboxTrade, terms: OrderTerms) -> None:
    """The order number identifies the transaction: a repeated order must have the same terms and be unpaid.

    Raises :class:`BusinessError`.
    """
    if known.status in ("TRADE_SUCCESS", "TRADE_FINISHED"):
        raise BusinessError("TRADE_HAS_SUCCESS")
    if known.status == "TRADE_CLOSED":
        raise BusinessError("TRADE_HAS_CLOSE")
    if known.terms.buyer_id != terms.buyer_id:
        raise BusinessError("TRADE_BUYER_NOT_MATCH")
    if known.terms != terms:
        raise BusinessError("CONTEXT_INCONSISTENT")
