"""Paying a fare, and the outcomes of payments."""

import msgspec
import pytest

from dispatch.domain.commands import (
    GetFare,
    OpenPayment,
    PayFare,
    ReportOutcome,
    ReportPayment,
    SettleFare,
    decode_command,
)
from dispatch.domain.entity import SYSTEM
from dispatch.domain.errors import ErrorCode
from dispatch.domain.trip.trip_state import FareSheet
from dispatch.values.money import Money
from tests.dispatch.domain.builders import DISPATCHER, PASSENGER, Stage, outcome, pay
from tests.dispatch.domain.trip.trip_samples import STRANGER, fare_due, on_trip, paid, paying


def test_pay_opens_the_payment() -> None:
    """The fare goes to the payment of the same trip."""
    stage = fare_due()

    decision = stage.send(stage.trip, pay(), PASSENGER)

    (due,) = decision.put
    opened = decode_command(due.command)
    assert isinstance(opened, OpenPayment)
    assert (due.target, stage.trip.state) == ("payment:t1", "paying")
    assert (opened.trip, opened.vehicle, opened.amount) == ("t1", "V1", stage.trip.data.fare)
    assert (opened.method, opened.buyer) == ("alipay_app", "2088000000000002")


def test_each_wish_to_pay_is_a_call_of_its_own() -> None:
    """After a failed attempt, the next call has another name: it is not taken for the first."""
    stage = fare_due()
    (first,) = stage.send(stage.trip, pay(), PASSENGER).put
    outcome(stage, "failed")

    (second,) = stage.send(stage.trip, pay(), PASSENGER).put

    assert first.name != second.name


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("paying", ErrorCode.PAYMENT_OPEN),
        ("unknown", ErrorCode.PAYMENT_OPEN),
        ("paid", ErrorCode.ALREADY_PAID),
        ("refunded", ErrorCode.ALREADY_PAID),
        ("settled", ErrorCode.ALREADY_PAID),
        ("on_trip", ErrorCode.NO_TRIP_TO_PAY),
    ],
)
def test_pay_when_there_is_nothing_to_pay(state: str, code: ErrorCode) -> None:
    """A fare is paid when it is due, and by one payment at a time."""
    stage = on_trip() if state == "on_trip" else paying()
    if state in ("paid", "unknown"):
        outcome(stage, state)
    elif state == "refunded":
        outcome(stage, "paid")
        outcome(stage, "refunded")
    elif state == "settled":
        outcome(stage, "failed")
        stage.send(stage.trip, SettleFare("office"), DISPATCHER)

    assert stage.refused(stage.trip, pay("alipay_page"), PASSENGER) is code


def test_paying_again_in_the_same_way_goes_on() -> None:
    """Whoever left the cashier finds the same order again; nothing new begins."""
    stage = paying()
    outcome(stage, "ordered", trade="N1")

    decision = stage.decide(stage.trip, pay(), PASSENGER)

    assert decision.reply == {"trip": "t1", "order": "t1_1_1", "trade": "N1"}
    assert not decision.events
    assert not decision.put


def test_pay_of_somebody_elses_trip() -> None:
    """A booked ride is its passenger's to pay, or whoever scans the car's code."""
    stage = fare_due()

    assert stage.refused(stage.trip, pay(), STRANGER) is ErrorCode.NOT_YOURS
    stage.send(stage.trip, pay(scanned=True), STRANGER)
    assert stage.trip.state == "paying"


def test_ordered_then_paid() -> None:
    """Passenger and driver see the trade's number, then that it is paid."""
    stage = paying()

    outcome(stage, "ordered", trade="N1")
    again = outcome(stage, "ordered", trade="N1")
    assert (stage.trip.state, stage.trip.data.trade, again.events) == ("paying", "N1", ())
    decision = outcome(stage, "paid")

    assert (stage.trip.state, stage.trip.data.trade, stage.trip.data.paid_at) == ("paid", "N1", stage.now)
    (due,) = decision.put
    assert isinstance(decode_command(due.command), ReportPayment)
    stage.deliver(due.name)
    told = stage.car.data.paid
    assert told is not None
    assert (told.state, stage.car.data.fare_trip) == ("paid", None)


def test_failed_makes_the_fare_due_again() -> None:
    """The reason is kept for the passenger, and the driver is told."""
    stage = paying()

    decision = outcome(stage, "failed")

    assert (stage.trip.state, stage.trip.data.payment_reason, len(decision.put)) == ("fare_due", "why", 1)


def test_unknown_ends_in_paid() -> None:
    """What is unknown stays open until Alipay has said what it is."""
    stage = paying()

    outcome(stage, "unknown")
    assert stage.trip.state == "payment_unknown"
    outcome(stage, "paid")

    assert stage.trip.state == "paid"


def test_late_money_pays_a_fare_that_was_due_again() -> None:
    """A payment that failed and then was paid after all counts, whether or not another has begun."""
    due_again, begun_again = paying(), paying()
    outcome(due_again, "failed")
    outcome(begun_again, "failed")
    begun_again.send(begun_again.trip, pay(), PASSENGER)

    for stage in (due_again, begun_again):
        outcome(stage, "paid", "t1_1_1")
        assert stage.trip.state == "paid"


@pytest.mark.parametrize("state", ["ordered", "failed", "unknown"])
def test_news_of_a_failed_attempt_does_not_touch_the_next(state: str) -> None:
    """Calls may overtake each other: the passenger never sees the trade of an order that is closed."""
    stage = paying()
    outcome(stage, "failed", "t1_1_1")
    stage.send(stage.trip, pay(), PASSENGER)

    decision = outcome(stage, state, "t1_1_1", trade="N1")

    assert (decision.events, stage.trip.state, stage.trip.data.trade) == ((), "paying", "")


@pytest.mark.parametrize("state", ["ordered", "failed", "unknown", "paid", "something else"])
def test_news_after_the_end_changes_nothing(state: str) -> None:
    """What is paid stays paid."""
    stage = paid()

    assert outcome(stage, state, trade="N9").events == ()


def test_refunds() -> None:
    """A refund in part, then all of it."""
    stage = paid()
    fare = stage.trip.data.fare
    assert fare is not None

    stage.send(stage.trip, ReportOutcome("refunded", "t1_1_1", "alipay_app", Money(100, "USD")))
    assert (stage.trip.state, stage.trip.data.refunded) == ("part_refunded", Money(100, "USD"))
    stage.send(stage.trip, ReportOutcome("refunded", "t1_1_1", "alipay_app", fare))

    assert stage.trip.state == "refunded"


def test_settle_is_the_dispatchers_and_only_when_due() -> None:
    """A fare is written off by a dispatcher, not while a payment is open."""
    stage = paying()

    assert stage.refused(stage.trip, SettleFare("x"), PASSENGER) is ErrorCode.NOT_ALLOWED
    assert stage.refused(stage.trip, SettleFare("x"), DISPATCHER) is ErrorCode.TRIP_ILLEGAL_MOVE
    outcome(stage, "unknown")
    stage.send(stage.trip, SettleFare("office"), DISPATCHER)
    assert stage.trip.state == "settled_otherwise"


def test_pay_needs_no_owner_on_a_street_hail() -> None:
    """Nobody knows who rides: whoever is asked for the money pays."""
    stage = Stage().requested()
    stage.trip.data.origin = "hail"
    stage.trip.data.state = "fare_due"
    stage.trip.data.fare = Money(500, "USD")

    stage.send(stage.trip, PayFare("cash"), STRANGER)

    assert stage.trip.state == "paying"


def test_the_system_reads_what_a_fare_is_made_of() -> None:
    """A page that the system shows learns fare, lines, order and trade, nothing else; the question writes nothing."""
    stage = paid()
    seq = stage.trip.seq

    decision = stage.send(stage.trip, GetFare(), SYSTEM)

    sheet = msgspec.convert(decision.reply, FareSheet)
    assert (sheet.state, sheet.vehicle, sheet.trade, sheet.payer) == ("paid", "V1", "N1", "P1")
    assert sheet.fare == sum((line.amount for line in sheet.lines), Money.zero("USD"))
    assert not decision.events
    assert stage.trip.seq == seq
    assert stage.trip.data.code not in str(decision.reply)


def test_nobody_else_asks_for_the_fare() -> None:
    """Clients follow the trip's stream, which shows each what is his."""
    stage = fare_due()
    assert stage.refused(stage.trip, GetFare(), PASSENGER) is ErrorCode.NOT_ALLOWED
