"""A payment at work in a test: its commands are decided and applied, its dues kept as a host would."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dispatch.domain.commands import (
    OpenPayment,
    RecordGatewayResponse,
    RecordNotification,
    RefundFare,
    ReportOutcome,
    decode_command,
)
from dispatch.domain.entity import (
    SYSTEM,
    Command,
    Context,
    Decision,
    DomainNotice,
    Event,
    Principal,
    Row,
    ScheduledCommand,
)
from dispatch.payment.core.gateway_calls import GATEWAY, GatewayResponse, encode_notification, encode_response
from dispatch.payment.core.payment import Payment
from dispatch.payment.core.port import Notification, Refunded, TradeStatus, TradeView
from dispatch.payment.core.rules import Account, PaymentRules
from dispatch.values.ids import CommandId
from dispatch.values.money import Money
from dispatch.values.units import CityTime

TRIP = "tabc"
SELLER = "2088000000000001"
BUYER = "2088000000000002"
FARE = Money(1235, "USD")
CODE = "281234567890123456"
CHIEF = Principal("dispatcher", "chief", "")
RULES = PaymentRules(account=Account(seller_id=SELLER, notify_url="https://taxi.example/alipay/notify"), speed=10.0)


def open_payment(method: str = "alipay_app", amount: Money = FARE, trip: str = TRIP, buyer: str = BUYER) -> OpenPayment:
    """The trip's wish to be paid."""
    scanned = CODE if method == "alipay_scan" else ""
    return OpenPayment(trip, "V1", amount, method, buyer, f"Taxi ride {trip}", auth_code=scanned)


def trade(order: str, status: TradeStatus, *, number: str = "N1", amount: Money = FARE) -> TradeView:
    """Alipay's answer to a query."""
    return TradeView(out_trade_no=order, trade_no=number, status=status, amount=amount, buyer_id=BUYER)


def notification(
    order: str,
    status: TradeStatus = TradeStatus.SUCCESS,
    *,
    number: str = "N1",
    total: str = "12.35",
    seller: str = SELLER,
    currency: str = "",
) -> Notification:
    """Alipay's own message, verified."""
    return Notification(
        notify_id="m1",
        out_trade_no=order,
        trade_no=number,
        status=status,
        total=total,
        seller_id=seller,
        currency=currency,
        buyer_id=BUYER,
        fields={"out_trade_no": order},
    )


class PaymentHost:
    """Drives one payment. ``wall`` is wall seconds since the start."""

    def __init__(self, rules: PaymentRules = RULES, trip: str = TRIP) -> None:
        self.payment = Payment(trip, rules)
        self.wall = 0.0
        self.dues: dict[str, ScheduledCommand] = {}
        self.names: list[str] = []
        """Every due that was ever put and is not the timer, by name."""
        self.reports: list[ReportOutcome] = []
        self.events: list[Event] = []
        self.notices: list[DomainNotice] = []
        self.books: dict[str, Row] = {}

    @property
    def now(self) -> CityTime:
        return CityTime(self.wall * self.payment.rules.speed)

    def decide(self, command: Command, *, command_id: str = "c1", principal: Principal = SYSTEM) -> Decision:
        return self.payment.decide(command, Context(self.now, principal, CommandId(command_id), {}))

    def send(self, command: Command, *, command_id: str = "c1", principal: Principal = SYSTEM) -> Decision:
        """Decide, apply, and keep the dues; what is for the trip is told at once."""
        decision = self.decide(command, command_id=command_id, principal=principal)
        self.books.update({row.id: row for row in decision.records if row.table == "ledger"})
        for event in decision.events:
            self.payment.apply(event)
        self.events.extend(decision.events)
        self.notices.extend(decision.notices)
        for name in decision.drop:
            self.dues.pop(name, None)
        for due in decision.put:
            self._keep(due)
        return decision

    def _keep(self, due: ScheduledCommand) -> None:
        if not due.name.startswith(("ask:", "again:")):
            assert due.name not in self.names, f"{due.name} is used twice"
            self.names.append(due.name)
        if due.target == f"trip:{self.payment.id}":
            told = decode_command(due.command)
            assert isinstance(told, ReportOutcome)
            self.reports.append(told)
        else:
            self.dues[due.name] = due

    def open(self, method: str = "alipay_app", command_id: str = "c1") -> str:
        """Begin an attempt; its order number."""
        reply = self.send(open_payment(method), command_id=command_id).reply
        assert reply is not None
        return str(reply["order"])

    def answer(self, order: str, answer: GatewayResponse, due: str = "") -> Decision:
        """The gateway's answer to ``due``, or to the attempt's last call."""
        attempt = self.payment.data.attempt(order)
        assert attempt is not None
        name = due or attempt.due
        self.dues.pop(name, None)
        return self.send(RecordGatewayResponse(name, order, encode_response(answer)))

    def refund(self, minor: int | None = None, command_id: str = "r1", *, cancel: bool = False) -> str:
        """A dispatcher gives money back; the refund's number."""
        amount = None if minor is None else Money(minor, FARE.currency)
        command = RefundFare("complaint", amount, cancel=cancel)
        reply = self.send(command, command_id=command_id, principal=CHIEF).reply
        assert reply is not None
        return str(reply["refund"])

    def answer_refund(self, number: str, answer: GatewayResponse | None = None) -> Decision:
        """The answer to a refund's last call; without one, that it is done."""
        refund = self.payment.data.refund(number)
        assert refund is not None
        done = Refunded(out_trade_no=refund.order, refund_no=number, amount=refund.amount)
        self.dues.pop(refund.due, None)
        return self.send(RecordGatewayResponse(refund.due, refund.order, encode_response(answer or done)))

    def fire_refund(self, number: str) -> Decision:
        """Let time pass until the refund is asked for again."""
        due = self.dues.pop(f"again:{number}")
        self.wall = max(self.wall, due.at / self.payment.rules.speed)
        return self.send(decode_command(due.command))

    @property
    def balances(self) -> dict[str, int]:
        """What each account of the books holds."""
        held: Counter[str] = Counter()
        for row in self.books.values():
            minor = row.values["amount_minor"]
            assert isinstance(minor, int)
            held[str(row.values["from_account"])] -= minor
            held[str(row.values["to_account"])] += minor
        return {account: minor for account, minor in held.items() if minor}

    def notify_late(self, told: Notification) -> Decision:
        """A notification of an order whose end was confirmed: a query has to say the same."""
        self.notify(told)
        order = told.out_trade_no
        return self.answer(order, trade(order, TradeStatus.SUCCESS, number=told.trade_no))

    def notify(self, told: Notification) -> Decision:
        """A verified notification comes in."""
        return self.send(RecordNotification(told.out_trade_no, encode_notification(told)))

    @property
    def calls(self) -> list[str]:
        """The calls to the gateway that wait."""
        return [due.name for due in self.dues.values() if due.target == GATEWAY]

    def timer_s(self, order: str) -> float:
        """Wall seconds until the next query."""
        return (self.dues[f"ask:{order}"].at - self.now) / self.payment.rules.speed

    def fire(self, order: str) -> Decision:
        """Let time pass until the timer, and let it go."""
        due = self.dues.pop(f"ask:{order}")
        self.wall = max(self.wall, due.at / self.payment.rules.speed)
        return self.send(decode_command(due.command))

    def fire_and_answer(self, order: str, answer: GatewayResponse) -> Decision:
        """The next query, and its answer."""
        self.fire(order)
        return self.answer(order, answer)

    @property
    def outcomes(self) -> Sequence[str]:
        """What the trip was told, in order."""
        return [told.state for told in self.reports]
