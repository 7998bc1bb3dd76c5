"""Whatever is lost, repeated, reordered or restarted: a fare is charged once, and everybody ends of one mind."""

from __future__ import annotations

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dispatch.commands import (
    CallGateway,
    HearGateway,
    HearNotification,
    TellOutcome,
    decode_command,
)
from dispatch.entity import SYSTEM, Command, Context, Due
from dispatch.errors import DispatchError
from dispatch.ids import CommandId
from dispatch.payment.gateway import Closed, NotFound, OrderCreated, Refused, TradeStatus, Unknown
from dispatch.payment.gateway_calls import GATEWAY, Answer, encode_answer, encode_notification
from dispatch.payment.payment import Payment
from dispatch.payment.payment_events import OrderPaid, SurplusPaid
from dispatch.units import CityTime
from tests.dispatch.payment.desk import RULES, TRIP, notification, open_payment, trade


class Alipay:
    """The other side: trades by our number, each in its state. Whoever knows a trade's number may pay it."""

    def __init__(self) -> None:
        self.trades: dict[str, TradeStatus] = {}
        self.posts: list[tuple[str, TradeStatus]] = []
        """Notifications that are on their way; any may come any number of times."""

    @staticmethod
    def number(order: str) -> str:
        return f"N-{order}"

    def carry_out(self, call: str, order: str) -> Answer:
        """What the call does, and what Alipay would answer."""
        there = self.trades.get(order)
        if call == "create":
            return self._create(order, there)
        if there is None:
            return NotFound(order)
        if call == "query":
            return trade(order, there, number=self.number(order))
        if there.paid:
            return Refused("TRADE_HAS_SUCCESS")
        self.end(order, TradeStatus.CLOSED)
        return Closed(order)

    def _create(self, order: str, there: TradeStatus | None) -> Answer:
        if there is not None and there is not TradeStatus.WAITING:
            return Refused("TRADE_HAS_SUCCESS" if there.paid else "TRADE_HAS_CLOSE")
        self.trades[order] = TradeStatus.WAITING
        return OrderCreated(order, self.number(order))

    def end(self, order: str, status: TradeStatus) -> None:
        """The trade is paid or closed; Alipay sends word."""
        self.trades[order] = status
        self.posts.append((order, status))

    @property
    def charged(self) -> int:
        return sum(status.paid for status in self.trades.values())


class PaymentOnce(RuleBasedStateMachine):
    """One payment, its trip, a passenger and Alipay, with a network and a host that do their worst."""

    def __init__(self) -> None:
        super().__init__()
        self.alipay = Alipay()
        self.payment = Payment(TRIP, RULES)
        self.now = 1000.0
        self.dues: dict[str, Due] = {}
        self.heard: list[Command] = []
        """Everything that was ever sent to the payment: any of it may come again."""
        self.wishes = 0
        self.due_to_pay = True
        """The trip's side: its fare is due, as far as it was told."""
        self.cashier: set[str] = set()
        """Orders whose trade the passenger was told."""
        self.told_paid = 0
        self.paid_events = 0
        self.surplus_events = 0
        self.command_ids: dict[int, str] = {}

    # ── the host ─────────────────────────────────────────────────────────────────────────────────────────────────

    def send(self, command: Command, command_id: str) -> None:
        context = Context(CityTime(self.now), SYSTEM, CommandId(command_id), {})
        try:
            decision = self.payment.decide(command, context)
        except DispatchError:
            return
        for event in decision.events:
            self.payment.apply(event)
            self.paid_events += isinstance(event, OrderPaid)
            self.surplus_events += isinstance(event, SurplusPaid)
        for name in decision.drop:
            self.dues.pop(name, None)
        for due in decision.put:
            self.dues[due.name] = due

    def hear(self, command: Command, command_id: str = "") -> None:
        if command not in self.heard:
            self.heard.append(command)
            self.command_ids[len(self.heard) - 1] = command_id
        self.send(command, command_id)

    def pick(self, target: str, data: st.DataObject) -> Due:
        names = sorted(name for name, due in self.dues.items() if due.target == target)
        return self.dues[data.draw(st.sampled_from(names))]

    def has(self, target: str) -> bool:
        return any(due.target == target for due in self.dues.values())

    def call(self, due: Due) -> tuple[CallGateway, Answer]:
        work = msgspec.msgpack.decode(due.command, type=CallGateway)
        return work, self.alipay.carry_out(work.call, work.order)

    # ── what may happen ──────────────────────────────────────────────────────────────────────────────────────────

    @precondition(lambda self: self.due_to_pay)
    @rule(cash=st.integers(0, 5))
    def trip_wants_to_be_paid(self, cash: int) -> None:
        self.wishes += 1
        self.due_to_pay = False
        method = "cash" if cash == 0 else "alipay_app"
        self.hear(open_payment(method), f"trip:{TRIP}/pay:{self.wishes}")

    @precondition(lambda self: self.has(GATEWAY))
    @rule(data=st.data(), loss=st.sampled_from(["none", "none", "none", "before", "after", "refused"]))
    def gateway_is_called(self, data: st.DataObject, loss: str) -> None:
        due = self.pick(GATEWAY, data)
        work = msgspec.msgpack.decode(due.command, type=CallGateway)
        answer: Answer = Unknown("timeout")
        if loss in ("none", "after"):
            work, done = self.call(due)
            answer = done if loss == "none" else answer
        elif loss == "refused" and work.call == "create" and work.order not in self.alipay.trades:
            answer = Refused("PAYMENT_FAIL")
        self.hear(HearGateway(due.name, work.order, encode_answer(answer)))
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
        assert isinstance(told, TellOutcome)
        self.hear_outcome(told)

    def hear_outcome(self, told: TellOutcome) -> None:
        if told.state == "paid":
            self.told_paid += 1
            self.due_to_pay = False
        elif told.state == "failed":
            self.due_to_pay = self.told_paid == 0
        elif told.state == "ordered":
            self.cashier.add(told.order)

    @rule(data=st.data())
    def passenger_pays(self, data: st.DataObject) -> None:
        open_trades = sorted(o for o in self.cashier if self.alipay.trades.get(o) is TradeStatus.WAITING)
        if open_trades:
            self.alipay.end(data.draw(st.sampled_from(open_trades)), TradeStatus.SUCCESS)

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
        self.hear(HearNotification(order, encode_notification(told)))

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
    def charged_once(self) -> None:
        cash = any(a.method == "cash" and a.end == "paid" for a in self.payment.data.attempts)
        assert self.alipay.charged + cash <= 1
        assert self.surplus_events == 0

    @invariant()
    def paid_once(self) -> None:
        assert self.paid_events <= 1
        assert self.told_paid <= 1
        assert self.paid_events == (self.payment.state == "paid")

    @invariant()
    def never_stranded(self) -> None:
        """An open attempt always has a timer behind it."""
        attempt = self.payment.data.open
        assert attempt is None or f"ask:{attempt.order}" in self.dues

    def teardown(self) -> None:
        """When the network is well again, everything settles, and all three agree."""
        for _ in range(60):
            if not self.dues:
                break
            self.settle_one()
        assert not self.dues
        charged_by_alipay = self.alipay.charged == 1
        paid_by = self.payment.data.attempt(self.payment.data.paid_order)
        assert charged_by_alipay == (paid_by is not None and paid_by.method == "alipay_app")
        assert self.told_paid == (self.payment.state == "paid")
        assert self.payment.state in ("unborn", "failed", "paid")
        assert self.wishes == len(self.payment.data.attempts)

    def settle_one(self) -> None:
        """The next due goes, and nothing goes wrong."""
        due = min(self.dues.values(), key=lambda due: (due.at, due.name))
        del self.dues[due.name]
        self.now = max(self.now, due.at)
        if due.target == GATEWAY:
            work, answer = self.call(due)
            self.hear(HearGateway(due.name, work.order, encode_answer(answer)))
        elif due.target.startswith("trip:"):
            told = decode_command(due.command)
            assert isinstance(told, TellOutcome)
            self.hear_outcome(told)
        else:
            self.hear(decode_command(due.command))


TestPaymentOnce = PaymentOnce.TestCase
TestPaymentOnce.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
