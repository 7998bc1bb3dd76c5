"""A paid trade: whole refunds only, the end of the window, an empty seller, a cancel after parts."""

from dataclasses import dataclass

import pytest

from sim.alipay_sandbox.model import refunds
from sim.alipay_sandbox.model.books import BookEntry
from sim.alipay_sandbox.model.exchange import BusinessError, Exchange
from sim.alipay_sandbox.model.settings import SandboxSettings
from sim.alipay_sandbox.model.trades import OrderOptions, OrderTerms, SandboxTrade
from tests.sim.alipay_sandbox.merchant import BUYER, NOW

PARTNER = "2088000000000001"


@dataclass
class PaidTrade:
    """An exchange with one paid trade of 10.00."""

    whole_only: bool = False
    now: float = NOW
    made: int = 0

    def __post_init__(self) -> None:
        settings = SandboxSettings(merchants=(), whole_refunds_only=self.whole_only, refund_window_days=30)
        self.exchange = Exchange(settings, self, self.new_id)
        terms = OrderTerms(
            partner=PARTNER,
            out_trade_no="T1",
            seller_id=PARTNER,
            buyer_id=BUYER,
            currency="CNY",
            settlement="CNY",
            total_minor=1000,
            subject="ride",
        )
        options = OrderOptions(life_s=60, notify_url="http://x", sign_type="MD5", charset="utf-8")
        self.trade: SandboxTrade = self.exchange.create_trade(terms, options)
        self.exchange.pay_trade(self.trade.trade_no, BUYER)

    def wall(self) -> float:
        return self.now

    def new_id(self) -> str:
        self.made += 1
        return f"{self.made:034x}"

    def refund(self, minor: int, number: str = "") -> str:
        try:
            return str(refunds.refund(self.exchange, self.trade, minor, number).moved)
        except BusinessError as error:
            return error.code

    def events(self) -> list[tuple[str, str, int]]:
        made = [notice.made for notice in self.exchange.notifications.values()]
        return [(each.event, each.request_no, each.refunded_minor) for each in made]


def test_whole_refunds_only() -> None:
    """As in Alipay's own sandbox, if it is set so: once, and all of it."""
    paid = PaidTrade(whole_only=True)

    assert paid.refund(400, "R1") == "TRADE_NOT_ALLOW_REFUND"
    assert paid.refund(1000, "R1") == "True"


def test_the_end_of_the_window() -> None:
    """A paid trade is finished when the window is over: no refund, no cancel, no payment."""
    paid = PaidTrade()
    paid.now = NOW + 30 * 86400
    paid.exchange.expire_due()

    assert paid.trade.status == "TRADE_FINISHED"
    assert paid.refund(1000) == "TRADE_HAS_FINISHED"
    with pytest.raises(BusinessError, match="CANCEL_NOT_ALLOWED"):
        refunds.cancel(paid.exchange, paid.trade)
    assert paid.exchange.pay_trade(paid.trade.trade_no, BUYER).status == "TRADE_FINISHED"
    assert paid.events() == [("paid", "", 0), ("finished", "", 0)]


def test_a_seller_without_money() -> None:
    """What is not there cannot be given back."""
    paid = PaidTrade()
    payout = BookEntry(
        purpose="opening", from_account=f"merchant:{PARTNER}", to_account="outside", currency="CNY", minor=700
    )
    paid.exchange.books.post(payout)

    assert paid.refund(400, "R1") == "SELLER_BALANCE_NOT_ENOUGH"
    assert paid.refund(300, "R1") == "True"


def test_a_cancel_after_a_partial_refund() -> None:
    """It gives back what is left, under a number of its own if the order's is taken."""
    paid = PaidTrade()
    paid.refund(400, "T1")
    action = refunds.cancel(paid.exchange, paid.trade)

    assert action == "refund"
    assert [(r.request_no, r.minor) for r in paid.trade.refunds.values()] == [
        ("T1", 400),
        (paid.trade.trade_no, 600),
    ]
    assert paid.trade.status == "TRADE_CLOSED"
    assert paid.events() == [
        ("paid", "", 0),
        ("refunded", "T1", 400),
        ("cancelled", paid.trade.trade_no, 1000),
    ]


def test_unpaid_trades_are_not_refunded() -> None:
    """Nor is one that was closed."""
    paid = PaidTrade()
    refunds.cancel(paid.exchange, paid.trade)

    assert paid.refund(1000, "R9") == "TRADE_STATUS_ERROR"
