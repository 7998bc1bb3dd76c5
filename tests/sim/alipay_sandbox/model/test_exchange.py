"""Whatever is tried in whatever order: a trade is paid at most once, refunds never exceed it, and the books balance."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sim.alipay_sandbox.model import codes, refunds
from sim.alipay_sandbox.model.books import balanced
from sim.alipay_sandbox.model.exchange import BusinessError, Exchange
from sim.alipay_sandbox.model.settings import BuyerAccount, SandboxSettings
from sim.alipay_sandbox.model.trades import NEXT, OrderOptions, OrderTerms, SandboxTrade

PARTNER = "2088000000000001"
BUYERS = ("2088000000000002", "2088000000000003")
NUMBERS = ("T1", "T2", "T3", "T4", "T5", "T6")
OPTIONS = OrderOptions(life_s=60, notify_url="http://x", sign_type="MD5", charset="utf-8")


class Trading(RuleBasedStateMachine):
    """Orders of all kinds, payments, closes, cancels, refunds, time and restarts, at random."""

    successes: ClassVar[Counter[str]] = Counter()
    """How often each rule was not refused, over all runs."""

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

    def terms(self, number: str, buyer: str, minor: int) -> OrderTerms:
        return OrderTerms(
            partner=PARTNER,
            out_trade_no=number,
            seller_id=PARTNER,
            buyer_id=buyer,
            currency="USD",
            settlement="USD",
            total_minor=minor,
            subject="ride",
        )

    def found(self, number: str) -> SandboxTrade | None:
        try:
            return self.exchange.find_trade(PARTNER, out_trade_no=number)
        except BusinessError:
            return None

    def with_status(self, status: str) -> list[SandboxTrade]:
        return [trade for trade in self.exchange.trades() if trade.status == status]

    def remember_payment(self, trade: SandboxTrade) -> None:
        if trade.paid_at is not None:
            self.paid.add(trade.trade_no)

    @rule(number=st.sampled_from(NUMBERS), buyer=st.sampled_from(BUYERS), minor=st.sampled_from([900, 1000]))
    def create(self, number: str, buyer: str, minor: int) -> None:
        terms = self.terms(number, buyer, minor)
        try:
            trade = self.exchange.create_trade(terms, OPTIONS)
        except BusinessError:
            return
        self.successes["create"] += 1
        assert trade.terms == terms
        assert trade.status == "WAIT_BUYER_PAY"

    @rule(number=st.sampled_from(NUMBERS), buyer=st.sampled_from(BUYERS), minor=st.sampled_from([900, 1000]))
    def show_and_scan(self, number: str, buyer: str, minor: int) -> None:
        try:
            made = codes.precreate(self.exchange, self.terms(number, "", minor), OPTIONS, 60)
            trade = codes.scan_qr_code(self.exchange, made.code, buyer)
        except BusinessError:
            return
        self.successes["show_and_scan"] += 1
        assert trade.payer_id == buyer

    @rule(number=st.sampled_from(NUMBERS), buyer=st.sampled_from(BUYERS), minor=st.sampled_from([900, 1000]))
    def scan_and_pay(self, number: str, buyer: str, minor: int) -> None:
        shown = codes.show_bar_code(self.exchange, buyer)
        try:
            trade = codes.pay_by_bar_code(self.exchange, self.terms(number, "", minor), shown.code, OPTIONS)
        except BusinessError:
            return
        self.successes["scan_and_wait" if minor > 950 else "scan_and_pay"] += 1
        assert (trade.status == "WAIT_BUYER_PAY") == (minor > 950)
        self.remember_payment(trade)

    @rule(number=st.sampled_from(NUMBERS), buyer=st.sampled_from(BUYERS))
    def pay(self, number: str, buyer: str) -> None:
        trade = self.found(number)
        try:
            self.exchange.pay_trade(trade.trade_no if trade else "none", buyer)
        except BusinessError:
            return
        self.successes["pay"] += 1
        assert trade is not None
        assert trade.terms.buyer_id == buyer
        self.remember_payment(trade)

    @precondition(lambda self: self.with_status("WAIT_BUYER_PAY"))
    @rule(data=st.data())
    def pay_waiting(self, data: st.DataObject) -> None:
        """The named buyer pays, so that enough trades are paid for the other rules."""
        trade = data.draw(st.sampled_from(self.with_status("WAIT_BUYER_PAY")))
        self.pay(trade.terms.out_trade_no, trade.terms.buyer_id)

    @rule(number=st.sampled_from(NUMBERS))
    def close(self, number: str) -> None:
        trade = self.found(number)
        if trade is None:
            return
        try:
            self.exchange.close_trade(trade)
        except BusinessError:
            return
        self.successes["close"] += 1
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
        self.successes["cancel_unpaid" if trade.paid_at is None else "cancel_paid"] += 1
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
        self.successes["refund"] += done.moved
        assert trade.refunded_minor - before == (minor if done.moved else 0)
        assert refunds.refund(self.exchange, trade, minor, request).moved is False

    @precondition(lambda self: self.with_status("TRADE_SUCCESS"))
    @rule(data=st.data(), request=st.sampled_from(["R1", "R2", "R3"]), minor=st.sampled_from([1, 400, 900, 1000]))
    def refund_paid(self, data: st.DataObject, request: str, minor: int) -> None:
        trade = data.draw(st.sampled_from(self.with_status("TRADE_SUCCESS")))
        self.refund(trade.terms.out_trade_no, request, minor)

    @precondition(lambda self: self.with_status("TRADE_SUCCESS"))
    @rule(data=st.data())
    def cancel_paid(self, data: st.DataObject) -> None:
        self.cancel(data.draw(st.sampled_from(self.with_status("TRADE_SUCCESS"))).terms.out_trade_no)

    @rule(seconds=st.sampled_from([1, 30, 60, 86400, 2 * 86400]))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def restart(self) -> None:
        self.exchange.close_file()
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
        self.exchange.close_file()
        self.folder.cleanup()


class TestTrading(Trading.TestCase):  # type: ignore[valid-type, misc]
    """The random runs reach what the rules check: each rule succeeds at times, and is not only refused."""

    def runTest(self) -> None:  # noqa: N802 - unittest's name
        """Every rule keeps the invariants, and none of them is refused every time."""
        Trading.successes.clear()
        super().runTest()

        assert set(+Trading.successes) == {
            "create",
            "show_and_scan",
            "scan_and_pay",
            "scan_and_wait",
            "pay",
            "close",
            "cancel_unpaid",
            "cancel_paid",
            "refund",
        }


def test_closed_and_finished_lead_nowhere() -> None:
    """No event changes a trade that has ended, and nothing is paid twice."""
    assert {before for before, _ in NEXT} == {"WAIT_BUYER_PAY", "TRADE_SUCCESS"}
    assert [before for before, event in NEXT if event == "paid"] == ["WAIT_BUYER_PAY"]
