"""Whatever is tried in whatever order: a trade is paid at most once, and the books balance."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sim.alipay_sandbox.books import balanced
from sim.alipay_sandbox.exchange import BusinessError, Exchange
from sim.alipay_sandbox.settings import BuyerAccount, SandboxSettings
from sim.alipay_sandbox.trades import Terms

PARTNER = "2088000000000001"
BUYERS = ("2088000000000002", "2088000000000003")
NUMBERS = ("T1", "T2", "T3")


class Trading(RuleBasedStateMachine):
    """Creates, payments, closes, time and restarts, at random."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.now = 0.0
        self.ids = 0
        self.paid: set[str] = set()
        self.start()

    def start(self) -> None:
        buyers = (BuyerAccount(buyer_id=BUYERS[1], balance={"USD": "15.00"}),)
        settings = SandboxSettings(merchants=(), buyers=buyers, accounts_file=Path(self.folder.name) / "accounts.jsonl")
        self.exchange = Exchange(settings, self, self.new_id)

    def wall(self) -> float:
        return self.now

    def new_id(self) -> str:
        self.ids += 1
        return f"id{self.ids}"

    @rule(number=st.sampled_from(NUMBERS), buyer=st.sampled_from(BUYERS), minor=st.sampled_from([900, 1000]))
    def create(self, number: str, buyer: str, minor: int) -> None:
        terms = Terms(
            partner=PARTNER,
            out_trade_no=number,
            seller_id=PARTNER,
            buyer_id=buyer,
            currency="USD",
            settlement="USD",
            total_minor=minor,
            subject="ride",
        )
        try:
            trade = self.exchange.create(
                terms, expires_at=self.now + 60, notify_url="http://x", sign_type="MD5", charset="utf-8"
            )
        except BusinessError:
            return
        assert trade.terms == terms
        assert trade.status == "WAIT_BUYER_PAY"

    @rule(index=st.integers(0, 2), buyer=st.sampled_from(BUYERS))
    def pay(self, index: int, buyer: str) -> None:
        trades = self.exchange.trades()
        try:
            self.exchange.pay(trades[index].trade_no if index < len(trades) else "none", buyer)
        except BusinessError:
            return
        assert trades[index].terms.buyer_id == buyer
        self.paid.add(trades[index].trade_no)

    @rule(number=st.sampled_from(NUMBERS))
    def close(self, number: str) -> None:
        try:
            trade = self.exchange.find(PARTNER, out_trade_no=number)
            self.exchange.close(trade)
        except BusinessError:
            return
        assert trade.status == "TRADE_CLOSED"

    @rule(seconds=st.sampled_from([1, 30, 60]))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def restart(self) -> None:
        self.exchange.shut()
        self.start()

    @invariant()
    def money_is_right(self) -> None:
        captures = [entry for entry in self.exchange.books.entries() if entry.purpose == "capture"]
        success = {trade.trade_no for trade in self.exchange.trades() if trade.status == "TRADE_SUCCESS"}

        assert balanced(self.exchange.books.balances())
        assert sorted(entry.trade_no for entry in captures) == sorted(self.paid) == sorted(success)
        assert all(self.exchange.books.balance(f"buyer:{buyer}", "USD") >= 0 for buyer in BUYERS)

    def teardown(self) -> None:
        self.exchange.shut()
        self.folder.cleanup()


TestTrading = Trading.TestCase
