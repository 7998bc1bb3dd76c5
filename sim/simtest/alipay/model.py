"""The true state of the simulated Alipay: trades, payments, refunds. Charges are judged by it.

It models how Alipay behaves and shares nothing with the code under test: an order number makes one trade, a trade is
paid once, a refund number refunds once, a cancel refunds what was paid.
"""

from __future__ import annotations

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
    """What the buyer has paid in all."""
    refunds: dict[str, int] = {}
    paid_at: float | None = None

    @property
    def refunded(self) -> int:
        """What went back."""
        return sum(self.refunds.values())

    @property
    def kept(self) -> int:
        """What the company has of it."""
        return self.paid - self.refunded


class AlipayModel:
    """All trades. ``moved`` is called after each transfer of money with the trade and its refund number, if any."""

    def __init__(self, now: Callable[[], float], moved: Callable[[Trade, str], None]) -> None:
        self.trades: dict[str, Trade] = {}
        self.shut: set[str] = set()
        """Orders that were cancelled before anybody knew them: nobody can pay them any more."""
        self._now = now
        self._moved = moved

    def place(self, order: str, amount: int, currency: str, way: str) -> Trade | str:
        """Make the trade, or say why not. The same order again is the same trade."""
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
        """A trade that a query finds: a code that nobody has scanned is none."""
        trade = self.trades.get(order)
        return None if trade is None or trade.status == "offered" else trade

    def pay(self, order: str) -> bool:
        """The buyer pays; False where it is too late, or was done."""
        trade = self.trades.get(order)
        if trade is None or order in self.shut or trade.status not in ("offered", "waiting"):
            return False
        trade.status = "paid"
        trade.paid += trade.amount
        trade.paid_at = self._now()
        self._moved(trade, "")
        return True

    def close(self, order: str) -> str:
        """Close what nobody has paid: ``closed``, ``not found``, or the refusal's code."""
        trade = self.known(order)
        if trade is None:
            return "not found"
        if trade.status == "paid":
            return "TRADE_HAS_SUCCESS"
        trade.status = "closed"
        return "closed"

    def cancel(self, order: str) -> Literal["close", "refund", ""]:
        """Undo an order whatever became of it."""
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
        """Give money back, once for each number: ``refunded``, or the refusal's code."""
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
