"""A fare is collected once; what is not known is asked for; nothing is believed that Alipay did not say."""

import msgspec
import pytest

from dispatch.domain.commands import CallGateway, EndShift, QueryOrder, RecordGatewayResponse, RecordNotification
from dispatch.domain.entity import Principal
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.domain.events import encode_event
from dispatch.payment.core.events import AttemptOpened, GatewayAsked, OrderPaid, SurplusPaid, decode_payment_event
from dispatch.payment.core.payment import Payment
from dispatch.payment.core.port import (
    Closed,
    NotFound,
    OrderCreated,
    PaymentOrder,
    Refusal,
    TradeStatus,
    Unknown,
)
from dispatch.values.money import Money
from tests.dispatch.payment.core.payment_host import (
    BUYER,
    FARE,
    RULES,
    TRIP,
    PaymentHost,
    notification,
    open_payment,
    trade,
)

SUCCESS, WAITING, CLOSED = TradeStatus.SUCCESS, TradeStatus.WAITING, TradeStatus.CLOSED


def placed() -> tuple[PaymentHost, str]:
    """A payment whose order waits for its buyer."""
    host = PaymentHost()
    order = host.open()
    host.answer(order, OrderCreated(order, "N1"))
    return host, order


def uncertain() -> tuple[PaymentHost, str]:
    """A payment of which nobody knows anything after a minute."""
    host = PaymentHost()
    order = host.open()
    host.answer(order, Unknown("timeout"))
    while host.payment.state == "creating":
        host.fire_and_answer(order, Unknown("timeout"))
    return host, order


def refused(host: PaymentHost, command: object) -> ErrorCode:
    with pytest.raises(DispatchError) as caught:
        host.decide(command)  # type: ignore[arg-type]
    return caught.value.code


# ── an attempt begins ────────────────────────────────────────────────────────────────────────────────────────────


def test_open_asks_the_gateway_to_create() -> None:
    """The first attempt is an order of the trip's number, sent to the gateway, with a timer behind it."""
    host = PaymentHost()

    order = host.open()

    assert (order, host.payment.state) == ("tabc_1_1", "creating")
    call = msgspec.msgpack.decode(host.dues["create:tabc_1_1:1"].command, type=CallGateway)
    sent = msgspec.msgpack.decode(call.arguments, type=PaymentOrder)
    assert (call.call, call.order) == ("create", order)
    assert (sent.amount, sent.buyer_id, sent.out_trade_no, sent.passback) == (FARE, BUYER, order, TRIP)
    assert host.timer_s(order) == RULES.answer_within_s


def test_open_repeated_changes_nothing() -> None:
    """The same command again names the same order and opens nothing."""
    host = PaymentHost()
    host.open()

    again = host.decide(open_payment())

    assert (again.events, again.put, again.reply) == ((), (), {"order": "tabc_1_1"})


def test_open_beside_an_open_attempt_is_refused() -> None:
    """There is at most one open attempt."""
    host, _ = placed()

    with pytest.raises(DispatchError) as caught:
        host.decide(open_payment("cash"), command_id="c2")

    assert caught.value.code is ErrorCode.PAYMENT_OPEN


def test_open_when_paid_is_refused() -> None:
    """A fare that is paid is not collected again."""
    host, order = placed()
    host.notify(notification(order))

    with pytest.raises(DispatchError) as caught:
        host.decide(open_payment(), command_id="c2")

    assert caught.value.code is ErrorCode.ALREADY_PAID


def test_open_of_another_trip_is_refused() -> None:
    """A payment collects its own trip's fare only."""
    assert refused(PaymentHost(), open_payment(trip="tother")) is ErrorCode.INVALID_FIELD


def test_cash_is_paid_at_once() -> None:
    """Cash needs no gateway: the trip hears that it is paid."""
    host = PaymentHost()

    host.open("cash")

    assert (host.payment.state, host.outcomes, host.reports[0].method, host.dues) == ("paid", ["paid"], "cash", {})


@pytest.mark.parametrize(
    ("method", "amount"), [("shells", FARE), ("alipay_app", Money(0, "USD")), ("alipay_app", Money(-1, "USD"))]
)
def test_what_cannot_be_collected_fails_at_once(method: str, amount: Money) -> None:
    """A method or amount that nobody can collect makes the fare due again; the gateway is not asked."""
    host = PaymentHost()

    host.send(open_payment(method, amount))

    assert (host.payment.state, host.outcomes, host.dues) == ("failed", ["failed"], {})


def test_other_currency_fails_at_once() -> None:
    """Where the rules name a currency, no other is collected."""
    host = PaymentHost(msgspec.structs.replace(RULES, account=msgspec.structs.replace(RULES.account, currency="CNY")))

    host.open()

    assert host.payment.state == "failed"


@pytest.mark.parametrize("role", ["driver", "passenger", "dispatcher", "device"])
def test_clients_may_neither_command_nor_follow(role: str) -> None:
    """Only the system speaks to a payment, and no client follows it."""
    host = PaymentHost()
    client = Principal(role, "x", "V1")  # type: ignore[arg-type]

    with pytest.raises(DispatchError) as caught:
        host.decide(open_payment(), principal=client)

    assert caught.value.code is ErrorCode.NOT_ALLOWED
    assert not host.payment.may_follow(client)
    assert host.payment.match_entry() is None  # type: ignore[func-returns-value]


def test_foreign_command_is_refused() -> None:
    """A command for a vehicle is no command here."""
    assert refused(PaymentHost(), EndShift()) is ErrorCode.UNKNOWN_MESSAGE


# ── the gateway answers ──────────────────────────────────────────────────────────────────────────────────────────


def test_created_order_waits_for_its_buyer() -> None:
    """The trip is told the trade's number, and Alipay is asked again in three seconds."""
    host, order = placed()

    assert (host.payment.state, host.outcomes, host.reports[0].trade) == ("waiting", ["ordered"], "N1")
    assert (host.calls, host.timer_s(order)) == ([], 3.0)


def test_answer_repeated_changes_nothing() -> None:
    """The create's answer a second time tells nobody anything."""
    host, order = placed()

    again = host.answer(order, OrderCreated(order, "N1"))

    assert (list(again.events), host.outcomes) == ([], ["ordered"])


def test_refused_order_fails() -> None:
    """A refusal makes the fare due again, with Alipay's reason."""
    host = PaymentHost()
    order = host.open()

    host.answer(order, Refusal("BUYER_BALANCE_NOT_ENOUGH"))

    assert (host.payment.state, host.outcomes, host.dues) == ("failed", ["failed"], {})
    assert host.reports[0].reason == "BUYER_BALANCE_NOT_ENOUGH"


def test_next_attempt_has_a_number_of_its_own() -> None:
    """After a failure, a new wish opens attempt two."""
    host = PaymentHost()
    host.answer(host.open(), Refusal("PAYMENT_FAIL"))

    assert host.open(command_id="c2") == "tabc_1_2"
    assert [attempt.end for attempt in host.payment.data.attempts] == ["failed", "open"]


def test_refusal_because_paid_is_asked_for() -> None:
    """ "Has success" to a create means: it was paid before; the query says so."""
    host = PaymentHost()
    order = host.open()
    host.answer(order, Refusal("TRADE_HAS_SUCCESS"))

    host.fire_and_answer(order, trade(order, SUCCESS))

    assert (host.payment.state, host.outcomes) == ("paid", ["paid"])


def test_paid_by_query() -> None:
    """A signed answer that says paid settles the fare; nothing is left to be asked."""
    host, order = placed()

    host.fire_and_answer(order, trade(order, SUCCESS))

    assert (host.payment.state, host.outcomes, host.dues) == ("paid", ["ordered", "paid"], {})


def test_unpaid_order_is_asked_for_in_growing_steps() -> None:
    """Every 3 s for a minute, then 5 min, then just after its expiry, all in wall seconds; then it is closed."""
    host, order = placed()
    ages = []
    while host.calls != ["close:tabc_1_1:24"]:
        host.fire_and_answer(order, trade(order, WAITING))
        ages.append(host.wall)

    assert ages == [*(3.0 * n for n in range(1, 21)), 360.0, 1803.0]

    host.answer(order, Closed(order))
    assert (host.payment.state, host.outcomes, host.dues) == ("failed", ["ordered", "failed"], {})


def test_closed_order_fails() -> None:
    """Alipay says closed: the fare is due again."""
    host, order = placed()

    host.fire_and_answer(order, trade(order, CLOSED))

    assert (host.payment.state, host.outcomes) == ("failed", ["ordered", "failed"])


def test_close_that_lost_to_the_payer() -> None:
    """The passenger paid while the order was being closed: the close is refused and the query finds the money."""
    host, order = placed()
    host.wall = RULES.expires_s
    host.fire_and_answer(order, trade(order, WAITING))
    assert host.calls == ["close:tabc_1_1:3"]

    host.answer(order, Refusal("TRADE_HAS_SUCCESS"))
    host.fire_and_answer(order, trade(order, SUCCESS))

    assert (host.payment.state, host.outcomes) == ("paid", ["ordered", "paid"])


def test_close_that_is_refused_otherwise_is_unclear() -> None:
    """An order that can neither be paid in time nor closed raises an alarm and stays open."""
    host, order = placed()
    host.wall = RULES.expires_s
    host.fire_and_answer(order, trade(order, WAITING))

    host.answer(order, Refusal("HAS_NO_PRIVILEGE"))

    assert (host.payment.state, host.outcomes) == ("unknown", ["ordered", "unknown"])
    assert host.payment.data.open is not None


def test_not_found_while_placed_is_too_early() -> None:
    """Alipay made the trade; that it does not find it yet changes nothing."""
    host, order = placed()

    host.fire_and_answer(order, NotFound(order))

    assert (host.payment.state, host.timer_s(order)) == ("waiting", 3.0)


def test_unknown_create_is_queried_then_repeated_with_the_same_number() -> None:
    """A create without an answer is asked for, and made again only where Alipay never got it."""
    host = PaymentHost()
    order = host.open()

    host.answer(order, Unknown("timeout"))
    assert host.timer_s(order) == 3.0
    host.fire_and_answer(order, NotFound(order))

    assert host.calls == ["create:tabc_1_1:3"]
    host.answer(order, OrderCreated(order, "N1"))
    assert (host.payment.state, host.outcomes) == ("waiting", ["ordered"])


def test_unknown_create_that_took_effect() -> None:
    """The query finds the trade that the lost answer made."""
    host = PaymentHost()
    order = host.open()
    host.answer(order, Unknown("timeout"))

    host.fire_and_answer(order, trade(order, WAITING, number="N7"))

    assert (host.payment.state, host.reports[0].state, host.reports[0].trade) == ("waiting", "ordered", "N7")


def test_a_minute_without_a_clear_answer_is_unknown() -> None:
    """The trip is told once, an alarm is raised, and Alipay is asked further, at growing steps."""
    host, order = uncertain()

    assert (host.wall, host.outcomes) == (60.0, ["unknown"])
    assert [signal.name for signal in host.notices] == ["payment_unknown"]
    host.fire_and_answer(order, Unknown("timeout"))
    assert (host.wall, host.outcomes, host.payment.state) == (360.0, ["unknown"], "unknown")


def test_unknown_that_never_reached_alipay_fails() -> None:
    """Signed word that there is no such trade frees the fare."""
    host, order = uncertain()

    host.fire_and_answer(order, NotFound(order))

    assert (host.payment.state, host.outcomes) == ("failed", ["unknown", "failed"])


def test_unknown_that_waits_is_closed() -> None:
    """Nobody was told the trade's number, so nobody can pay it: it is closed, and the fare is due again."""
    host, order = uncertain()

    host.fire_and_answer(order, trade(order, WAITING))
    assert host.calls[0].startswith("close:")
    host.answer(order, Closed(order))

    assert (host.payment.state, host.outcomes) == ("failed", ["unknown", "failed"])


def test_unknown_that_was_paid() -> None:
    """What was unknown is paid when Alipay says so."""
    host, order = uncertain()

    host.notify(notification(order))

    assert (host.payment.state, host.outcomes) == ("paid", ["unknown", "paid"])


def test_waiting_order_through_an_outage_is_unknown_after_its_expiry() -> None:
    """While the order may still be paid, no answer is no news; after its expiry it is unknown."""
    host, order = placed()
    while host.payment.state == "waiting":
        host.fire_and_answer(order, Unknown("connection"))

    assert host.wall == RULES.expires_s + 3.0
    assert host.outcomes == ["ordered", "unknown"]


def test_lost_answer_is_asked_for_again() -> None:
    """A call that is never answered does not strand the payment."""
    host = PaymentHost()
    order = host.open()

    host.fire(order)

    assert host.wall == RULES.answer_within_s
    assert "query:tabc_1_1:2" in host.calls


def test_late_create_answer_tells_the_trade() -> None:
    """The create's answer that comes after a query was asked still names the trade, once."""
    host = PaymentHost()
    order = host.open()
    host.fire(order)

    host.answer(order, OrderCreated(order, "N1"), due="create:tabc_1_1:1")
    host.answer(order, Unknown("timeout"), due="create:tabc_1_1:1")

    assert (host.payment.state, host.outcomes) == ("waiting", ["ordered"])
    assert host.timer_s(order) == RULES.answer_within_s


def test_late_refusal_decides_nothing() -> None:
    """An answer to a call that was followed by another is only believed where it says paid."""
    host = PaymentHost()
    order = host.open()
    host.fire(order)

    host.answer(order, Refusal("PAYMENT_FAIL"), due="create:tabc_1_1:1")

    assert host.payment.state == "creating"


@pytest.mark.parametrize("view", [{"amount": Money(1, "USD")}, {"number": "N2"}])
def test_paid_otherwise_than_ordered_is_an_alarm(view: dict[str, object]) -> None:
    """Another amount, or another trade, under our number is not our fare: unknown, and an alarm."""
    host, order = placed()

    host.fire_and_answer(order, trade(order, SUCCESS, **view))  # type: ignore[arg-type]

    assert (host.payment.state, host.outcomes) == ("unknown", ["ordered", "unknown"])
    assert [signal.name for signal in host.notices] == ["payment_unknown", "payment_alarm"]


def test_frozen_seller_is_not_paid() -> None:
    """TRADE_PENDING is no payment: it is asked for further."""
    host, order = placed()

    host.fire_and_answer(order, trade(order, TradeStatus.PENDING))

    assert (host.payment.state, host.timer_s(order)) == ("waiting", 3.0)


@pytest.mark.parametrize("body", [b"", b"\xc1", msgspec.msgpack.encode(("nothing", {}))])
def test_unreadable_answer_is_unknown(body: bytes) -> None:
    """An answer that cannot be read is no answer: the order is asked for."""
    host = PaymentHost()
    order = host.open()

    host.send(RecordGatewayResponse("create:tabc_1_1:1", order, body))

    assert (host.payment.state, host.timer_s(order)) == ("creating", 3.0)


def test_answer_about_another_order_is_unknown() -> None:
    """An answer that names another order says nothing of this one."""
    host = PaymentHost()
    order = host.open()

    host.answer(order, OrderCreated("tother_1_1", "N9"))

    assert (host.payment.state, host.outcomes) == ("creating", [])


def test_answer_for_no_order_of_ours_is_refused() -> None:
    """An answer to an order that was never opened changes nothing."""
    assert refused(PaymentHost(), RecordGatewayResponse("x", "tabc_1_9", b"")) is ErrorCode.INVALID_FIELD


def test_timer_of_an_ended_attempt_does_nothing() -> None:
    """A timer that comes after the end, or for no order, asks nothing."""
    host, order = placed()
    host.notify(notification(order))

    for number in (order, "tabc_1_9"):
        assert host.decide(QueryOrder(number)).put == ()


# ── notifications ────────────────────────────────────────────────────────────────────────────────────────────────


def test_notification_pays_once() -> None:
    """The first one pays, its repetition is accepted and changes nothing."""
    host, order = placed()

    host.notify(notification(order))
    again = host.notify(notification(order, TradeStatus.FINISHED))

    assert (host.payment.state, host.outcomes) == ("paid", ["ordered", "paid"])
    assert (again.events, again.refusal) == ((), None)
    paid = next(event for event in host.events if isinstance(event, OrderPaid))
    assert (paid.amount, paid.trade, paid.buyer, paid.source) == (FARE, "N1", BUYER, "notification")


def test_notification_before_the_create_answer() -> None:
    """Alipay may be faster with the news than with the answer; the answer then is late."""
    host = PaymentHost()
    order = host.open()

    host.notify(notification(order, number="N5"))
    host.answer(order, OrderCreated(order, "N5"))

    assert (host.payment.state, host.outcomes, host.reports[0].trade) == ("paid", ["paid"], "N5")


def test_query_and_notification_race() -> None:
    """A query that was under way when the notification came ends in the same state."""
    host, order = placed()
    host.fire(order)
    host.notify(notification(order))

    host.answer(order, trade(order, SUCCESS), due="query:tabc_1_1:2")

    assert (host.payment.state, host.outcomes) == ("paid", ["ordered", "paid"])


@pytest.mark.parametrize("status", [WAITING, CLOSED, TradeStatus.PENDING])
def test_notification_of_another_state_changes_nothing(status: TradeStatus) -> None:
    """An honest message that does not say paid is accepted."""
    host, order = placed()

    decision = host.notify(notification(order, status))

    assert (decision.events, decision.refusal, host.payment.state) == ((), None, "waiting")


@pytest.mark.parametrize(
    "wrong",
    [
        {"total": "12.36"},
        {"total": "1e9"},
        {"number": "N2"},
        {"seller": "2088999999999999"},
        {"currency": "CNY"},
    ],
)
def test_notification_that_disagrees_is_refused_with_an_alarm(wrong: dict[str, str]) -> None:
    """Amount, trade, seller and currency must be the order's."""
    host, order = placed()

    decision = host.notify(notification(order, **wrong))  # type: ignore[arg-type]

    assert decision.refusal is not None
    assert decision.refusal.code is ErrorCode.PAYMENT_REFUSED
    assert ([signal.name for signal in host.notices], host.payment.state) == (["payment_alarm"], "waiting")
    assert decision.events == ()


def test_notification_of_no_order_of_ours_is_refused() -> None:
    """Neither an unborn payment nor another's order nor cash can be paid by a notification."""
    cash = PaymentHost()
    order = cash.open("cash")
    for host in (PaymentHost(), cash):
        decision = host.notify(notification(order))
        assert decision.refusal is not None


def test_notification_addressed_to_another_order_is_refused() -> None:
    """The order in the message decides, not the one it was brought to."""
    host, order = placed()

    decision = host.send(RecordNotification(order, msgspec.msgpack.encode(notification("tother_1_1"))))

    assert decision.refusal is not None


def test_unreadable_notification_is_refused() -> None:
    """Bytes that are no notification are malformed."""
    assert refused(PaymentHost(), RecordNotification("tabc_1_1", b"\xc1")) is ErrorCode.MALFORMED


# ── money that comes late ────────────────────────────────────────────────────────────────────────────────────────


def test_late_money_for_a_failed_attempt_pays_the_fare() -> None:
    """What Alipay called closed and then paid after all is the fare's money."""
    host, order = placed()
    host.fire_and_answer(order, trade(order, CLOSED))

    host.notify(notification(order))
    assert (host.payment.state, host.calls) == ("failed", [f"query:{order}:3"])
    assert host.notices[-1].name == "payment_alarm"
    host.answer(order, trade(order, SUCCESS))

    assert (host.payment.state, host.outcomes) == ("paid", ["ordered", "failed", "paid"])


@pytest.mark.parametrize("answer", [CLOSED, WAITING, None])
def test_old_news_of_a_failed_attempt(answer: TradeStatus | None) -> None:
    """The query says otherwise: the news was older than the end. It is asked until that is clear."""
    host, order = placed()
    host.fire_and_answer(order, trade(order, CLOSED))
    host.notify(notification(order))

    host.answer(order, Unknown("timeout"))
    host.fire_and_answer(order, NotFound(order) if answer is None else trade(order, answer))

    assert (host.payment.state, host.dues) == ("failed", {})


def test_late_money_closes_the_attempt_that_took_its_place() -> None:
    """The open order can no longer be paid, and nobody is told of it."""
    host, first = placed()
    host.fire_and_answer(first, trade(first, CLOSED))
    second = host.open(command_id="c2")
    host.answer(second, OrderCreated(second, "N2"))

    host.notify_late(notification(first))
    assert host.calls == ["close:tabc_1_2:2"]
    host.answer(second, Closed(second))

    assert (host.payment.state, host.payment.data.open, host.dues) == ("paid", None, {})
    assert host.outcomes == ["ordered", "failed", "ordered", "paid"]
    assert host.payment.row().values["order_no"] == first


def test_second_money_is_kept_apart_with_an_alarm() -> None:
    """Two paid orders of one fare: the second is surplus, and the trip hears of one payment."""
    host, first = placed()
    host.fire_and_answer(first, trade(first, CLOSED))
    second = host.open(command_id="c2")
    host.answer(second, OrderCreated(second, "N2"))
    host.notify_late(notification(first))

    host.answer(second, Refusal("TRADE_HAS_SUCCESS"))
    host.fire_and_answer(second, trade(second, SUCCESS, number="N2"))
    host.notify(notification(second, number="N2"))

    surplus = [event for event in host.events if isinstance(event, SurplusPaid)]
    assert [event.order for event in surplus] == [second]
    assert host.outcomes.count("paid") == 1
    assert host.notices[-1].name == "payment_alarm"


# ── memory ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_snapshot_and_events_restore_the_same() -> None:
    """From its snapshot, or from its encoded events, a payment is what it was."""
    host, order = uncertain()
    host.notify(notification(order))
    folded = Payment(TRIP, RULES)
    for event in host.events:
        folded.apply(decode_payment_event(encode_event(event)))

    loaded = Payment(TRIP, RULES, host.payment.seq, host.payment.snapshot())

    assert folded.data == loaded.data == host.payment.data
    assert folded.seq == loaded.seq == host.payment.seq


def test_row() -> None:
    """The row shows the attempt that paid, in the journal's columns."""
    host, order = placed()
    host.notify(notification(order))

    row = host.payment.row()

    assert (row.table, row.id) == ("payment", TRIP)
    assert row.values == {
        "trip": TRIP,
        "vehicle": "V1",
        "company": None,
        "unclear": None,
        "state": "paid",
        "method": "alipay_app",
        "amount_minor": 1235,
        "currency": "USD",
        "order_no": order,
        "trade_no": "N1",
        "buyer": BUYER,
        "opened_at": 0.0,
        "paid_at": 0.0,
        "refunded_minor": 0,
        "seq": 3,
        "updated_at": 0.0,
    }


def test_row_of_a_payment_that_never_was() -> None:
    """An unborn payment has a row of nothing."""
    assert Payment(TRIP, RULES).row().values["order_no"] is None


def test_events_name_the_calls() -> None:
    """Every call after the first is in the stream, with its number."""
    host, order = uncertain()

    asked = [event for event in host.events if isinstance(event, GatewayAsked)]

    assert isinstance(host.events[0], AttemptOpened)
    assert [event.n for event in asked] == list(range(2, 22))
    assert {event.order for event in asked} == {order}
