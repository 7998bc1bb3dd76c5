"""Whatever is tried in whatever order: a trade is paid at most once, refunds never exceed it, and the books balance."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sim.alipay_sandbox.model import codes, refunds
from sim.alipay_sandbox.model.books import balanced
from sim.alipay_sandbox.model.exchange import BusinessError, Exchange
from sim.alipay_sandbox.model.settings import BuyerAccount, SandboxSettings
from sim.alipay_sandbox.model.trades import NEXT, Origin, Terms, Trade

PARTNER = "2088000000000001"
BUYERS = ("2088000000000002", "2088000000000003")
NUMBERS = ("T1", "T2", "T3")
PLACING = codes.Placing(life_s=60, notify_url="http://x", sign_type="MD5", charset="utf-8", origin=Origin())


class Trading(RuleBasedStateMachine):
    """Orders of all kinds, payments, closes, cancels, refunds, time and restarts, at random."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.now = 0.0
        self.ids = 0
        self.paid: set[str] = set()
        self.ended: set[str] = set()
        self.start()

    def start(self) -> None:
        buyers = (BuyerAccount(buyer_id=BUYERS[1], balance={"USD": "15.00"}),)
        settings = SandboxSettings(
            merchants=(),
            buyers=buyers,
            accounts_file=Path(self.folder.name) / "accounts.jsonl",
            scan_limit="9.50",
            refund_window_days=2,
        )
        self.exchange = Exchange(settings, self, self.new_id)

    def wall(self) -> float:
        return self.now

    def new_id(self) -> str:
        self.ids += 1
        return f"{self.ids:034x}"

    def terms(self, number: str, buyer: str, minor: int) -> Terms:
        return Terms(
            partner=PARTNER,
            out_trade_no=number,
            seller_id=PARTNER,
            buyer_id=buyer,
            currency="USD",
            settlement="USD",
            total_minor=minor,
            subject="ride",
        )

    def found(self, number: str) -> Trade | None:
        try:
            return self.exchange.find(PARTNER, out_trade_no=number)
        except BusinessError:
            return None

    def keep(self, trade: Trade) -> None:
        if trade.paid_at is not None:
            self.paid.add(trade.trade_no)

    @rule(number=st.sampled_from(NUMBERS), buyer=st.sampled_from(BUYERS), minor=st.sampled_from([900, 1000]))
    def create(self, number: str, buyer: str, minor: int) -> None:
        terms = self.terms(number, buyer, minor)
        try:
            trade = self.exchange.create(
                terms, expires_at=self.now + 60, notify_url="http://x", sign_type="MD5", charset="utf-8"
            )
        except BusinessError:
            return
        assert trade.terms == terms
        assert trade.status == "WAIT_BUYER_PAY"

    @rule(number=st.sampled_from(NUMBERS), buyer=st.sampled_from(BUYERS), minor=st.sampled_from([900, 1000]))
    def show_and_scan(self, number: str, buyer: str, minor: int) -> None:
        try:
            made = codes.precreate(self.exchange, self.terms(number, "", minor), PLACING, 60)
            trade = codes.scan(self.exchange, made.code, buyer)
        except BusinessError:
            return
        assert trade.payer_id == buyer

    @rule(number=st.sampled_from(NUMBERS), buyer=st.sampled_from(BUYERS), minor=st.sampled_from([900, 1000]))
    def scan_and_pay(self, number: str, buyer: str, minor: int) -> None:
        shown = codes.show_bar_code(self.exchange, buyer)
        try:
            trade = codes.pay_by_code(self.exchange, self.terms(number, "", minor), shown.code, PLACING)
        except BusinessError:
            return
        assert (trade.status == "WAIT_BUYER_PAY") == (minor > 950)
        self.keep(trade)

    @rule(number=st.sampled_from(NUMBERS), buyer=st.sampled_from(BUYERS))
    def pay(self, number: str, buyer: str) -> None:
        trade = self.found(number)
        try:
            self.exchange.pay(trade.trade_no if trade else "none", buyer)
        except BusinessError:
            return
        assert trade is not None
        assert trade.terms.buyer_id == buyer
        self.keep(trade)

    @rule(number=st.sampled_from(NUMBERS))
    def close(self, number: str) -> None:
        trade = self.found(number)
        if trade is None:
            return
        try:
            self.exchange.close(trade)
        except BusinessError:
            return
        assert trade.status == "TRADE_CLOSED"
        assert trade.paid_at is None

    @rule(number=st.sampled_from(NUMBERS))
    def cancel(self, number: str) -> None:
        trade = self.found(number)
        if trade is None:
            return
        try:
            refunds.cancel(self.exchange, trade)
        except BusinessError:
            return
        assert trade.status == "TRADE_CLOSED"
        assert trade.paid_at is None or trade.remaining_minor == 0

    @rule(
        number=st.sampled_from(NUMBERS),
        request=st.sampled_from(["", "R1", "R2", "R3"]),
        minor=st.sampled_from([0, 1, 400, 900, 1000]),
    )
    def refund(self, number: str, request: str, minor: int) -> None:
        trade = self.found(number)
        if trade is None:
            return
        before = trade.refunded_minor
        try:
            done = refunds.refund(self.exchange, trade, minor, request)
        except BusinessError:
            assert trade.refunded_minor == before
            return
        assert trade.refunded_minor - before == (minor if done.moved else 0)
        assert refunds.refund(self.exchange, trade, minor, request).moved is False

    @rule(seconds=st.sampled_from([1, 30, 60, 86400, 2 * 86400]))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def restart(self) -> None:
        self.exchange.shut()
        self.start()

    @invariant()
    def money_is_right(self) -> None:
        captured: Counter[str] = Counter()
        moved: Counter[str] = Counter()
        for entry in self.exchange.books.entries():
            captured[entry.trade_no] += entry.purpose == "capture"
            moved[entry.trade_no] += {"capture": entry.minor, "refund": -entry.minor}.get(entry.purpose, 0)
        for trade in self.exchange.trades():
            held = trade.remaining_minor if trade.paid_at is not None else 0
            assert captured[trade.trade_no] == (trade.trade_no in self.paid)
            assert moved[trade.trade_no] == held
            assert (held > 0) == (trade.status in ("TRADE_SUCCESS", "TRADE_FINISHED"))
        assert balanced(self.exchange.books.balances())
        assert all(self.exchange.books.balance(f"buyer:{buyer}", "USD") >= 0 for buyer in BUYERS)

    @invariant()
    def ends_are_ends(self) -> None:
        ended = {
            trade.trade_no for trade in self.exchange.trades() if trade.status in ("TRADE_CLOSED", "TRADE_FINISHED")
        }

        assert self.ended <= ended
        self.ended = ended

    def teardown(self) -> None:
        self.exchange.shut()
        self.folder.cleanup()


TestTrading = Trading.TestCase


def test_closed_and_finished_lead_nowhere() -> None:
    """No event changes a trade that has ended, and nothing is paid twice."""
    assert {before for before, _ in NEXT} == {"WAIT_BUYER_PAY", "TRADE_SUCCESS"}
    assert [before for before, event in NEXT if event == "paid"] == ["WAIT_BUYER_PAY"]
