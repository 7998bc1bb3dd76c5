"""Whatever is lost, repeated, reordered or restarted: a fare is charged once, and everybody ends of one mind."""

from __future__ import annotations

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dispatch.domain.commands import (
    CallGateway,
    RecordGatewayResponse,
    RecordNotification,
    RefundFare,
    ReportOutcome,
    StopPayment,
    decode_command,
)
from dispatch.domain.entity import SYSTEM, Command, Context, Principal, Row, ScheduledCommand
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.payment.core.events import OrderPaid
from dispatch.payment.core.gateway_calls import GATEWAY, GatewayResponse, encode_notification, encode_response
from dispatch.payment.core.payment import Payment
from dispatch.payment.core.port import (
    Cancelled,
    Closed,
    CodeCreated,
    NotFound,
    OrderCreated,
    PasswordRequired,
    Refund,
    Refunded,
    Refusal,
    TradeStatus,
    TradeView,
    Unknown,
)
from dispatch.payment.core.rules import ALIPAY_APP, METHODS
from dispatch.payment.core.state import COLLECTED
from dispatch.values.ids import CommandId
from dispatch.values.money import Money
from dispatch.values.units import CityTime
from tests.dispatch.payment.core.payment_host import CHIEF, FARE, RULES, TRIP, notification, open_payment, trade


class Alipay:
    """The other side: trades by our number, each in its state, and refunds. Whoever knows a trade's number may pay it;
    a code may be scanned as long as its order was not cancelled."""

    def __init__(self) -> None:
        self.trades: dict[str, TradeStatus] = {}
        self.codes: set[str] = set()
        self.paid: set[str] = set()
        """Orders that were ever paid."""
        self.refunds: dict[str, tuple[str, int]] = {}
        self.posts: list[tuple[str, TradeStatus]] = []
        """Notifications that are on their way; any may come any number of times."""

    @staticmethod
    def number(order: str) -> str:
        return f"N-{order}"

    def carry_out(self, work: CallGateway) -> GatewayResponse:
        """What the call does, and what Alipay would answer."""
        order = work.order
        if work.call == "precreate":
            self.codes.add(order)
            return CodeCreated(order, f"https://qr.example/{order}")
        if work.call in ("create", "scan"):
            return self._place(work.call, order)
        if work.call in ("refund", "query_refund"):
            return self._refund(work)
        return self._ask(work.call, order)

    def _place(self, call: str, order: str) -> GatewayResponse:
        there = self.trades.get(order)
        if there is not None and there is not TradeStatus.WAITING:
            if there.paid and call == "scan":
                return self.view(order)
            return Refusal("TRADE_HAS_SUCCESS" if there.paid else "TRADE_HAS_CLOSE")
        self.trades[order] = TradeStatus.WAITING
        return (
            OrderCreated(order, self.number(order)) if call == "create" else PasswordRequired(order, self.number(order))
        )

    def _ask(self, call: str, order: str) -> GatewayResponse:
        there = self.trades.get(order)
        if call == "cancel":
            return self._cancel(order, there)
        if there is None:
            return NotFound(order)
        if call == "query":
            return self.view(order)
        if there.paid:
            return Refusal("TRADE_HAS_SUCCESS")
        self.end(order, TradeStatus.CLOSED)
        return Closed(order)

    def _cancel(self, order: str, there: TradeStatus | None) -> GatewayResponse:
        self.codes.discard(order)
        if there is None or there is TradeStatus.CLOSED:
            return Cancelled(order, "")
        self.end(order, TradeStatus.CLOSED)
        if not there.paid:
            return Cancelled(order, "close")
        back = sum(minor for of, minor in self.refunds.values() if of == order)
        self.refunds[f"cancel:{order}"] = (order, FARE.minor - back)
        return Cancelled(order, "refund")

    def _refund(self, work: CallGateway) -> GatewayResponse:
        asked = msgspec.msgpack.decode(work.arguments, type=Refund)
        done = Refunded(out_trade_no=work.order, refund_no=asked.refund_no, amount=asked.amount)
        if asked.refund_no in self.refunds:
            return done
        if work.call == "query_refund":
            return NotFound(work.order)
        back = sum(minor for order, minor in self.refunds.values() if order == work.order)
        there = self.trades.get(work.order)
        if there is None or not there.paid or back + asked.amount.minor > FARE.minor:
            return Refusal("TRADE_STATUS_ERROR")
        self.refunds[asked.refund_no] = (work.order, asked.amount.minor)
        return done

    def view(self, order: str) -> TradeView:
        """The trade as a query shows it."""
        shown = trade(order, self.trades[order], number=self.number(order))
        return msgspec.structs.replace(shown, paid_at="2026-01-01 12:00:00") if order in self.paid else shown

    def end(self, order: str, status: TradeStatus) -> None:
        """The trade is paid or closed; Alipay sends word."""
        self.trades[order] = status
        if status.paid:
            self.paid.add(order)
        self.posts.append((order, status))

    @property
    def held(self) -> int:
        """What the company has, in minor units."""
        return FARE.minor * len(self.paid) - sum(minor for _, minor in self.refunds.values())


class PaymentOnce(RuleBasedStateMachine):
    """One payment, its trip, a passenger and Alipay, with a network and a host that do their worst."""

    def __init__(self) -> None:
        super().__init__()
        self.alipay = Alipay()
        self.payment = Payment(TRIP, RULES)
        self.now = 1000.0
        self.dues: dict[str, ScheduledCommand] = {}
        self.heard: list[Command] = []
        """Everything that was ever sent to the payment: any of it may come again."""
        self.wishes = 0
        self.refused_wishes = 0
        self.due_to_pay = True
        """The trip's side: its fare is due, as far as it was told."""
        self.told_paid = 0
        self.paid_events = 0
        self.command_ids: dict[int, str] = {}
        self.books: dict[str, Row] = {}

    # ── the host ─────────────────────────────────────────────────────────────────────────────────────────────────

    def send(self, command: Command, command_id: str, principal: Principal = SYSTEM) -> None:
        context = Context(CityTime(self.now), principal, CommandId(command_id), {})
        try:
            decision = self.payment.decide(command, context)
        except DispatchError as error:
            self.refused_wishes += error.code is ErrorCode.ALREADY_PAID
            return
        self.books.update({row.id: row for row in decision.records if row.table == "ledger"})
        for event in decision.events:
            self.payment.apply(event)
            self.paid_events += isinstance(event, OrderPaid)
        for name in decision.drop:
            self.dues.pop(name, None)
        for due in decision.put:
            self.dues[due.name] = due

    def hear(self, command: Command, command_id: str = "") -> None:
        if command not in self.heard:
            self.heard.append(command)
            self.command_ids[len(self.heard) - 1] = command_id
        self.send(command, command_id)

    def pick(self, target: str, data: st.DataObject) -> ScheduledCommand:
        names = sorted(name for name, due in self.dues.items() if due.target == target)
        return self.dues[data.draw(st.sampled_from(names))]

    def has(self, target: str) -> bool:
        return any(due.target == target for due in self.dues.values())

    def call(self, due: ScheduledCommand) -> tuple[CallGateway, GatewayResponse]:
        work = msgspec.msgpack.decode(due.command, type=CallGateway)
        return work, self.alipay.carry_out(work)

    # ── what may happen ──────────────────────────────────────────────────────────────────────────────────────────

    @precondition(lambda self: self.due_to_pay)
    @rule(method=st.sampled_from([*METHODS, ALIPAY_APP]))
    def trip_wants_to_be_paid(self, method: str) -> None:
        self.wishes += 1
        self.due_to_pay = False
        self.hear(open_payment(method), f"trip:{TRIP}/pay:{self.wishes}")

    @rule()
    def another_way_is_wanted(self) -> None:
        self.hear(StopPayment(TRIP))

    @rule(minor=st.one_of(st.none(), st.integers(1, FARE.minor)), cancel=st.booleans())
    def office_gives_back(self, minor: int | None, cancel: bool) -> None:
        amount = None if minor is None else Money(minor, FARE.currency)
        command = RefundFare("complaint", amount, cancel=cancel)
        self.send(command, f"refund:{len(self.payment.data.refunds)}", CHIEF)

    @precondition(lambda self: self.has(GATEWAY))
    @rule(data=st.data(), loss=st.sampled_from(["none", "none", "none", "before", "after", "refused"]))
    def gateway_is_called(self, data: st.DataObject, loss: str) -> None:
        due = self.pick(GATEWAY, data)
        work = msgspec.msgpack.decode(due.command, type=CallGateway)
        answer: GatewayResponse = Unknown("timeout")
        if loss in ("none", "after"):
            work, done = self.call(due)
            answer = done if loss == "none" else answer
        elif loss == "refused" and work.call in ("create", "scan") and work.order not in self.alipay.trades:
            answer = Refusal("PAYMENT_FAIL")
        self.hear(RecordGatewayResponse(due.name, work.order, encode_response(answer)))
        if data.draw(st.booleans()):
            self.dues.pop(due.name, None)  # else the host dies before the due is removed, and the call is made again

    @precondition(lambda self: self.has(f"payment:{TRIP}"))
    @rule(data=st.data())
    def timer_goes(self, data: st.DataObject) -> None:
        due = self.pick(f"payment:{TRIP}", data)
        self.now = max(self.now, due.at)
        del self.dues[due.name]
        self.hear(decode_command(due.command))

    @precondition(lambda self: self.has(f"trip:{TRIP}"))
    @rule(data=st.data())
    def trip_is_told(self, data: st.DataObject) -> None:
        due = self.pick(f"trip:{TRIP}", data)
        del self.dues[due.name]
        told = decode_command(due.command)
        assert isinstance(told, ReportOutcome)
        self.hear_outcome(told)

    def hear_outcome(self, told: ReportOutcome) -> None:
        if told.state == "paid":
            self.told_paid += 1
            self.due_to_pay = False
        elif told.state == "failed":
            self.due_to_pay = self.told_paid == 0

    @rule(data=st.data())
    def passenger_pays(self, data: st.DataObject) -> None:
        """Whatever waits for its buyer, also what nobody here knows to wait."""
        open_trades = sorted(o for o, status in self.alipay.trades.items() if status is TradeStatus.WAITING)
        if open_trades:
            self.alipay.end(data.draw(st.sampled_from(open_trades)), TradeStatus.SUCCESS)

    @precondition(lambda self: self.alipay.codes - self.alipay.trades.keys())
    @rule(data=st.data())
    def code_is_scanned(self, data: st.DataObject) -> None:
        unscanned = sorted(self.alipay.codes - self.alipay.trades.keys())
        self.alipay.trades[data.draw(st.sampled_from(unscanned))] = TradeStatus.WAITING

    @rule(data=st.data())
    def trade_expires(self, data: st.DataObject) -> None:
        waiting = sorted(o for o, status in self.alipay.trades.items() if status is TradeStatus.WAITING)
        if waiting and self.now > 1000.0 + RULES.expires_s * RULES.speed:
            self.alipay.end(data.draw(st.sampled_from(waiting)), TradeStatus.CLOSED)

    @precondition(lambda self: self.alipay.posts)
    @rule(data=st.data())
    def notification_comes(self, data: st.DataObject) -> None:
        order, status = data.draw(st.sampled_from(self.alipay.posts))
        told = notification(order, status, number=self.alipay.number(order))
        self.hear(RecordNotification(order, encode_notification(told)))

    @precondition(lambda self: self.heard)
    @rule(data=st.data())
    def old_command_comes_again(self, data: st.DataObject) -> None:
        at = data.draw(st.integers(0, len(self.heard) - 1))
        self.send(self.heard[at], self.command_ids[at])

    @precondition(lambda self: self.dues)
    @rule(steps=st.integers(1, 3))
    def all_goes_well(self, steps: int) -> None:
        for _ in range(steps):
            if self.dues:
                self.settle_one()

    @rule(seconds=st.sampled_from([1.0, 100.0, 5000.0, 40_000.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def host_restarts(self) -> None:
        restored = Payment(TRIP, RULES, self.payment.seq, self.payment.snapshot())
        assert restored.data == self.payment.data
        self.payment = restored

    # ── what must hold ───────────────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def at_most_one_attempt_is_open(self) -> None:
        assert sum(attempt.end == "open" for attempt in self.payment.data.attempts) <= 1

    @invariant()
    def never_keeps_more_than_the_fare(self) -> None:
        """What the company holds beyond one fare is on its way back, or its news has not come yet."""
        cash = any(a.method == "cash" and a.end == "paid" for a in self.payment.data.attempts)
        heard = sum(a.end in ("paid", "surplus") and a.method != "cash" for a in self.payment.data.attempts)
        going_back = sum(r.surplus and r.end == "open" for r in self.payment.data.refunds)
        back = sum(r.surplus and r.end == "done" for r in self.payment.data.refunds)
        assert heard + cash <= 1 + going_back + back

    @invariant()
    def never_gives_back_more_than_came(self) -> None:
        for order in self.alipay.paid:
            assert sum(minor for of, minor in self.alipay.refunds.values() if of == order) <= FARE.minor
        assert self.payment.data.refunded <= FARE.minor

    @invariant()
    def paid_once(self) -> None:
        assert self.paid_events <= 1
        assert self.told_paid <= 1
        assert self.paid_events == (self.payment.state in COLLECTED)

    @invariant()
    def never_stranded(self) -> None:
        """Open attempts, checks of late news, and open refunds always have a timer behind them."""
        for attempt in self.payment.data.attempts:
            waits = attempt.end == "open" or attempt.checking
            assert not waits or f"ask:{attempt.order}" in self.dues
        for refund in self.payment.data.refunds:
            assert refund.end != "open" or f"again:{refund.refund}" in self.dues

    @invariant()
    def books_balance(self) -> None:
        moved = sum(1 for row in self.books.values() if row.values["from_account"] == row.values["to_account"])
        assert moved == 0

    def balance(self, account: str) -> int:
        held = 0
        for row in self.books.values():
            minor = row.values["amount_minor"]
            assert isinstance(minor, int)
            held += minor * ((row.values["to_account"] == account) - (row.values["from_account"] == account))
        return held

    def teardown(self) -> None:
        """When the network is well again, everything settles, and all agree: trip, payment, books and Alipay."""
        for _ in range(200):
            if not self.dues:
                break
            self.settle_one()
        assert not self.dues
        for order, status in list(self.alipay.posts):
            told = notification(order, status, number=self.alipay.number(order))
            self.hear(RecordNotification(order, encode_notification(told)))
        for _ in range(100):
            if self.dues:
                self.settle_one()
        assert not self.dues
        assert self.told_paid == (self.payment.state in COLLECTED)
        assert self.payment.data.open is None
        assert self.wishes <= len(self.payment.data.attempts) + self.refused_wishes
        assert self.balance("alipay") == self.alipay.held
        assert self.balance("owed") == 0
        paid = self.payment.data.attempt(self.payment.data.paid_order)
        fare = FARE.minor - self.payment.data.refunded if paid is not None else 0
        assert -self.balance("fares") == fare == self.alipay.held + self.balance("cash")

    def settle_one(self) -> None:
        """The next due goes, and nothing goes wrong."""
        due = min(self.dues.values(), key=lambda due: (due.at, due.name))
        del self.dues[due.name]
        self.now = max(self.now, due.at)
        if due.target == GATEWAY:
            work, answer = self.call(due)
            self.hear(RecordGatewayResponse(due.name, work.order, encode_response(answer)))
        elif due.target.startswith("trip:"):
            told = decode_command(due.command)
            assert isinstance(told, ReportOutcome)
            self.hear_outcome(told)
        else:
            self.hear(decode_command(due.command))


TestPaymentOnce = PaymentOnce.TestCase
TestPaymentOnce.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
