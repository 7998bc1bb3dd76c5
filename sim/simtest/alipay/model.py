"""The true state of the simulated Alipay: trades, payments, refunds. Charges are judged by it.

It models how Alipay behaves and shares nothing with the code under test: an order number makes one trade, a trade is
paid once, a refund number refunds once, a cancel refunds what was paid.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

Status = Literal["offered", "waiting", "paid", "closed"]


class Trade(msgspec.Struct):
    """One order at Alipay. Amounts are minor units; ``refunds`` is by refund number."""

    order: str
    trade: str
    amount: int
    currency: str
    way: str
    status: Status
    paid: int = 0
    """The amount that the buyer has paid."""
    refunds: dict[str, int] = {}
    paid_at: float | None = None

    @property
    def refunded(self) -> int:
        return sum(self.refunds.values())

    @property
    def kept(self) -> int:
        return self.paid - self.refunded


class AlipayModel:
    """All trades. ``moved`` is called after each transfer of money with the trade and its refund number, if any."""

    def __init__(self, now: Callable[[], float], moved: Callable[[Trade, str], None]) -> None:
        self.trades: dict[str, Trade] = {}
        self.shut: set[str] = set()
        """Orders that were cancelled before they existed; they cannot be paid."""
        self._now = now
        self._moved = moved

    def place(self, order: str, amount: int, currency: str, way: str) -> Trade | str:
        """Create the trade, or return the error code. The same order returns the same trade."""
        if order in self.shut:
            return "TRADE_HAS_CLOSE"
        trade = self.trades.get(order)
        if trade is None:
            number = f"2088{len(self.trades) + 1:012d}"
            status: Status = "offered" if way == "code" else "waiting"
            trade = self.trades[order] = Trade(order, number, amount, currency, way, status)
        if trade.status == "closed":
            return "TRADE_HAS_CLOSE"
        if trade.status == "paid" and way != "scan":
            return "TRADE_HAS_SUCCESS"
        return trade

    def known(self, order: str) -> Trade | None:
        """A trade that a query finds. A code that was not scanned is not a trade."""
        trade = self.trades.get(order)
        return None if trade is None or trade.status == "offered" else trade

    def pay(self, order: str) -> bool:
        trade = self.trades.get(order)
        if trade is None or order in self.shut or trade.status not in ("offered", "waiting"):
            return False
        trade.status = "paid"
        trade.paid += trade.amount
        trade.paid_at = self._now()
        self._moved(trade, "")
        return True

    def close(self, order: str) -> str:
        """Close an unpaid trade: ``closed``, ``not found``, or an error code."""
        trade = self.known(order)
        if trade is None:
            return "not found"
        if trade.status == "paid":
            return "TRADE_HAS_SUCCESS"
        trade.status = "closed"
        return "closed"

    def cancel(self, order: str) -> Literal["close", "refund", ""]:
        self.shut.add(order)
        trade = self.trades.get(order)
        if trade is None or trade.status == "closed":
            return ""
        if trade.status == "paid":
            self.refund(order, f"cancel of {order}", trade.kept)
            trade.status = "closed"
            return "refund"
        trade.status = "closed"
        return "close"

    def refund(self, order: str, number: str, amount: int) -> str:
        """Refund money once for each number: ``refunded``, or an error code."""
        trade = self.trades.get(order)
        if trade is None or trade.paid_at is None:
            return "TRADE_NOT_EXIST"
        if number in trade.refunds:
            return "refunded" if trade.refunds[number] == amount else "DISCORDANT_REPEAT_REQUEST"
        if trade.status != "paid":
            return "TRADE_HAS_CLOSE"
        if amount > trade.kept:
            return "REFUND_AMT_NOT_EQUAL_TOTAL"
        trade.refunds[number] = amount
        if trade.kept == 0:
            trade.status = "closed"
        self._moved(trade, number)
        return "refunded"
