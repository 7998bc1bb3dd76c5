"""Money goes back once, never more than came, and always with a name and a reason behind it."""

from __future__ import annotations

import pytest

from dispatch.domain.commands import RecordGatewayResponse, RefundFare, RefundOrder
from dispatch.domain.entity import Principal
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.payment.core.events import RefundOpened
from dispatch.payment.core.gateway_calls import encode_response
from dispatch.payment.core.port import (
    Cancelled,
    Closed,
    NotFound,
    OrderCreated,
    Refunded,
    Refusal,
    Unknown,
)
from dispatch.values.money import Money
from tests.dispatch.payment.core.payment_host import CHIEF, FARE, Desk, notification

DONE = None
TIMEOUT = Unknown("timeout")


def paid(method: str = "alipay_app") -> tuple[Desk, str]:
    """A fare that was paid."""
    desk = Desk()
    order = desk.open(method)
    if method != "cash":
        desk.hear(order, OrderCreated(order, "N1"))
        desk.notify(notification(order))
    assert desk.payment.state == "paid"
    return desk, order


def refused(desk: Desk, command: RefundFare, principal: Principal = CHIEF, command_id: str = "r9") -> ErrorCode:
    with pytest.raises(DispatchError) as caught:
        desk.decide(command, command_id=command_id, principal=principal)
    return caught.value.code


def test_whole_fare_goes_back() -> None:
    """The trip hears it, the row says it, and the books are empty again."""
    desk, order = paid()

    number = desk.refund()
    desk.hear_refund(number)

    assert number == f"{order}_R1"
    assert desk.payment.state == "refunded"
    assert (desk.told[-1].state, desk.told[-1].amount) == ("refunded", FARE)
    assert desk.payment.row().values["refunded_minor"] == FARE.minor
    assert desk.balances == {}
    assert not desk.dues


def test_each_refund_names_person_and_reason() -> None:
    """Who asked for it and why stands in the stream."""
    desk, _ = paid()

    desk.refund()

    opened = desk.events[-1]
    assert isinstance(opened, RefundOpened)
    assert (opened.by, opened.reason) == ("dispatcher:chief", "complaint")


def test_two_parts_and_no_more_than_is_left() -> None:
    """Parts add up; what would be too much is refused before Alipay is asked."""
    desk, _ = paid()
    desk.hear_refund(desk.refund(1000, "r1"))
    assert desk.payment.state == "part_refunded"

    assert refused(desk, RefundFare("again", Money(236, "USD"))) is ErrorCode.REFUND_TOO_MUCH
    desk.hear_refund(desk.refund(235, "r2"))

    assert desk.payment.state == "refunded"
    assert [told.amount.minor for told in desk.told if told.state == "refunded"] == [1000, 1235]
    assert refused(desk, RefundFare("more")) is ErrorCode.REFUND_TOO_MUCH


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (RefundFare("x", Money(0, "USD")), ErrorCode.REFUND_TOO_MUCH),
        (RefundFare("x", Money(-5, "USD")), ErrorCode.REFUND_TOO_MUCH),
        (RefundFare("x", Money(1, "CNY")), ErrorCode.INVALID_FIELD),
        (RefundFare("x", Money(501, "USD"), limit_minor=500), ErrorCode.NOT_ALLOWED),
        (RefundFare("x", limit_minor=500), ErrorCode.NOT_ALLOWED),
        (RefundFare("x", Money(1, "USD"), cancel=True), ErrorCode.REFUND_TOO_MUCH),
    ],
)
def test_what_is_not_given_back(command: RefundFare, code: ErrorCode) -> None:
    """Nothing, other money, more than the person may, and a part of an order that is cancelled whole."""
    desk, _ = paid()
    assert refused(desk, command) is code


def test_nothing_paid_nothing_back() -> None:
    """A fare that was not paid cannot be given back."""
    desk = Desk()
    desk.open()
    assert refused(desk, RefundFare("x")) is ErrorCode.NOT_PAID


@pytest.mark.parametrize("role", ["driver", "passenger", "device", "system"])
def test_only_dispatchers_refund(role: str) -> None:
    """Nobody else gives fares back."""
    desk, _ = paid()
    assert refused(desk, RefundFare("x"), Principal(role, "x", "V1")) is ErrorCode.NOT_ALLOWED  # type: ignore[arg-type]


def test_one_refund_at_a_time() -> None:
    """While one is under way another is refused; the same command gets its number again."""
    desk, _ = paid()
    number = desk.refund(100, "r1")

    assert refused(desk, RefundFare("x", Money(100, "USD"))) is ErrorCode.REFUND_OPEN
    assert desk.refund(100, "r1") == number
    assert len(desk.payment.data.refunds) == 1


def test_unclear_refund_is_repeated_with_its_number() -> None:
    """Every call has the same number; after a minute somebody is told; what is done at last counts once."""
    desk, _ = paid()
    number = desk.refund()
    desk.hear_refund(number, TIMEOUT)

    for _ in range(25):
        desk.fire_refund(number)
        desk.hear_refund(number, TIMEOUT)

    alarms = [signal for signal in desk.notices if signal.name == "payment_alarm"]
    assert len(alarms) == 1
    assert desk.payment.row().values["unclear"] == "refund: timeout"
    desk.fire_refund(number)
    desk.hear_refund(number)
    assert desk.payment.state == "refunded"
    assert desk.payment.row().values["unclear"] is None
    assert desk.balances == {}


def test_answer_to_an_old_call_is_good_enough() -> None:
    """A refund that is done is done, whichever call says so; heard twice it counts once."""
    desk, order = paid()
    number = desk.refund()
    first = desk.calls[0]
    desk.hear_refund(number, TIMEOUT)
    desk.fire_refund(number)
    done = encode_response(Refunded(out_trade_no=order, refund_no=number, amount=FARE))

    desk.send(RecordGatewayResponse(first, order, done))
    desk.send(RecordGatewayResponse(first, order, done))

    assert desk.payment.state == "refunded"
    assert desk.outcomes.count("refunded") == 1


def test_first_refusal_is_believed() -> None:
    """Alipay decided against it: nothing went back, somebody is told, and another may be tried."""
    desk, _ = paid()
    number = desk.refund()

    desk.hear_refund(number, Refusal("ACQ.TRADE_HAS_FINISHED"))

    assert desk.payment.data.refund(number).end == "failed"  # type: ignore[union-attr]
    assert desk.notices[-1].name == "payment_alarm"
    assert desk.refund(command_id="r2") != number


@pytest.mark.parametrize(("answer", "state"), [("refunded", "refunded"), ("not_found", "paid")])
def test_refusal_of_a_repetition_is_asked_about(answer: str, state: str) -> None:
    """The first call may have done it: Alipay is asked for the refund before anything is believed."""
    desk, order = paid()
    number = desk.refund()
    desk.hear_refund(number, TIMEOUT)
    desk.fire_refund(number)

    desk.hear_refund(number, Refusal("TRADE_STATUS_ERROR"))
    assert desk.calls == [f"query_refund:{number}:3"]
    desk.hear_refund(number, NotFound(order) if answer == "not_found" else DONE)

    assert desk.payment.state == state


@pytest.mark.parametrize("code", ["SELLER_BALANCE_NOT_ENOUGH", "ACQ.REASON_TRADE_BEEN_FREEZEN"])
def test_refusal_that_passes_is_waited_out(code: str) -> None:
    """A short account is topped up: the same refund is asked for again, and somebody is told at once."""
    desk, _ = paid()
    number = desk.refund()

    desk.hear_refund(number, Refusal(code))
    assert desk.notices[-1].name == "payment_alarm"
    desk.fire_refund(number)
    desk.hear_refund(number)

    assert desk.payment.state == "refunded"


def test_cash_goes_back_by_hand() -> None:
    """Cash is given back in cash: Alipay has no part in it."""
    desk, _ = paid("cash")

    desk.refund(200)

    assert desk.payment.state == "part_refunded"
    assert not desk.calls
    assert desk.balances == {"cash": FARE.minor - 200, "fares": 200 - FARE.minor}


def test_cancel_undoes_the_whole_order() -> None:
    """On its own day an order is cancelled, fee and all."""
    desk, order = paid()
    number = desk.refund(cancel=True)
    assert desk.calls == [f"cancel:{number}:1"]

    desk.hear_refund(number, Cancelled(order, "refund"))

    assert desk.payment.state == "refunded"
    assert desk.balances == {}


def test_cancel_that_was_not_answered_finds_nothing_left_to_do() -> None:
    """The repetition of a cancel that had worked says that nothing was done: the money is back."""
    desk, order = paid()
    number = desk.refund(cancel=True)
    desk.hear_refund(number, TIMEOUT)
    desk.fire_refund(number)

    desk.hear_refund(number, Cancelled(order, ""))

    assert desk.payment.state == "refunded"


def test_cancel_that_comes_too_late_is_refused() -> None:
    """Then a refund is the way, and may be asked for."""
    desk, _ = paid()
    number = desk.refund(cancel=True)

    desk.hear_refund(number, Refusal("TRADE_CANCEL_TIME_OUT"))

    assert desk.payment.state == "paid"
    desk.hear_refund(desk.refund(command_id="r2"))
    assert desk.payment.state == "refunded"


def test_late_success_beside_cash_goes_back_by_itself() -> None:
    """An order that had been closed is paid after all, and the fare was paid in cash: the passenger's money returns."""
    desk = Desk()
    first = desk.open()
    desk.hear(first, OrderCreated(first, "N1"))
    desk.hear(first, Closed(first))
    desk.open("cash", "c2")

    desk.notify_late(notification(first))

    [number] = [refund.refund for refund in desk.payment.data.refunds]
    assert desk.calls == [f"refund:{number}:1"]
    assert desk.notices[-1].name == "payment_alarm"
    assert desk.balances == {"cash": FARE.minor, "fares": -FARE.minor, "alipay": FARE.minor, "owed": -FARE.minor}
    desk.hear_refund(number)
    assert desk.balances == {"cash": FARE.minor, "fares": -FARE.minor}
    assert desk.payment.state == "paid"
    assert "refunded" not in desk.outcomes


def test_surplus_is_no_part_of_the_fare() -> None:
    """What came beside the fare does not lessen what may be given back of it."""
    desk = Desk()
    first = desk.open()
    desk.hear(first, OrderCreated(first, "N1"))
    desk.hear(first, Closed(first))
    second = desk.open("alipay_page", "c2")
    desk.hear(second, OrderCreated(second, "N2"))
    desk.notify(notification(second, number="N2"))
    desk.notify_late(notification(first))
    desk.hear_refund(desk.payment.data.refunds[0].refund)

    desk.hear_refund(desk.refund())

    assert desk.payment.state == "refunded"
    assert desk.balances == {}


def test_paid_after_it_was_settled_otherwise_goes_back() -> None:
    """The trip wants nothing of it: all of it returns, once."""
    desk, order = paid()

    desk.send(RefundOrder(order, "settled"))
    desk.send(RefundOrder(order, "settled"))
    [refund] = desk.payment.data.refunds
    desk.hear_refund(refund.refund)

    assert (refund.by, desk.payment.state) == ("system", "refunded")
