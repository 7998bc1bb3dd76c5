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
from tests.dispatch.payment.core.payment_host import CHIEF, FARE, PaymentHost, notification

DONE = None
TIMEOUT = Unknown("timeout")


def paid(method: str = "alipay_app") -> tuple[PaymentHost, str]:
    """A fare that was paid."""
    host = PaymentHost()
    order = host.open(method)
    if method != "cash":
        host.answer(order, OrderCreated(order, "N1"))
        host.notify(notification(order))
    assert host.payment.state == "paid"
    return host, order


def refused(host: PaymentHost, command: RefundFare, principal: Principal = CHIEF, command_id: str = "r9") -> ErrorCode:
    with pytest.raises(DispatchError) as caught:
        host.decide(command, command_id=command_id, principal=principal)
    return caught.value.code


def test_whole_fare_goes_back() -> None:
    """The trip hears it, the row says it, and the books are empty again."""
    host, order = paid()

    number = host.refund()
    host.answer_refund(number)

    assert number == f"{order}_R1"
    assert host.payment.state == "refunded"
    assert (host.reports[-1].state, host.reports[-1].amount) == ("refunded", FARE)
    assert host.payment.row().values["refunded_minor"] == FARE.minor
    assert host.balances == {}
    assert not host.dues


def test_each_refund_names_person_and_reason() -> None:
    """Who asked for it and why stands in the stream."""
    host, _ = paid()

    host.refund()

    opened = host.events[-1]
    assert isinstance(opened, RefundOpened)
    assert (opened.by, opened.reason) == ("dispatcher:chief", "complaint")


def test_two_parts_and_no_more_than_is_left() -> None:
    """Parts add up; what would be too much is refused before Alipay is asked."""
    host, _ = paid()
    host.answer_refund(host.refund(1000, "r1"))
    assert host.payment.state == "part_refunded"

    assert refused(host, RefundFare("again", Money(236, "USD"))) is ErrorCode.REFUND_TOO_MUCH
    host.answer_refund(host.refund(235, "r2"))

    assert host.payment.state == "refunded"
    assert [told.amount.minor for told in host.reports if told.state == "refunded"] == [1000, 1235]
    assert refused(host, RefundFare("more")) is ErrorCode.REFUND_TOO_MUCH


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
    host, _ = paid()
    assert refused(host, command) is code


def test_nothing_paid_nothing_back() -> None:
    """A fare that was not paid cannot be given back."""
    host = PaymentHost()
    host.open()
    assert refused(host, RefundFare("x")) is ErrorCode.NOT_PAID


@pytest.mark.parametrize("role", ["driver", "passenger", "device", "system"])
def test_only_dispatchers_refund(role: str) -> None:
    """Nobody else gives fares back."""
    host, _ = paid()
    assert refused(host, RefundFare("x"), Principal(role, "x", "V1")) is ErrorCode.NOT_ALLOWED  # type: ignore[arg-type]


def test_one_refund_at_a_time() -> None:
    """While one is under way another is refused; the same command gets its number again."""
    host, _ = paid()
    number = host.refund(100, "r1")

    assert refused(host, RefundFare("x", Money(100, "USD"))) is ErrorCode.REFUND_OPEN
    assert host.refund(100, "r1") == number
    assert len(host.payment.data.refunds) == 1


def test_unclear_refund_is_repeated_with_its_number() -> None:
    """Every call has the same number; after a minute somebody is told; what is done at last counts once."""
    host, _ = paid()
    number = host.refund()
    host.answer_refund(number, TIMEOUT)

    for _ in range(25):
        host.fire_refund(number)
        host.answer_refund(number, TIMEOUT)

    alarms = [signal for signal in host.notices if signal.name == "payment_alarm"]
    assert len(alarms) == 1
    assert host.payment.row().values["unclear"] == "refund: timeout"
    host.fire_refund(number)
    host.answer_refund(number)
    assert host.payment.state == "refunded"
    assert host.payment.row().values["unclear"] is None
    assert host.balances == {}


def test_answer_to_an_old_call_is_good_enough() -> None:
    """A refund that is done is done, whichever call says so; heard twice it counts once."""
    host, order = paid()
    number = host.refund()
    first = host.calls[0]
    host.answer_refund(number, TIMEOUT)
    host.fire_refund(number)
    done = encode_response(Refunded(out_trade_no=order, refund_no=number, amount=FARE))

    host.send(RecordGatewayResponse(first, order, done))
    host.send(RecordGatewayResponse(first, order, done))

    assert host.payment.state == "refunded"
    assert host.outcomes.count("refunded") == 1


def test_first_refusal_is_believed() -> None:
    """Alipay decided against it: nothing went back, somebody is told, and another may be tried."""
    host, _ = paid()
    number = host.refund()

    host.answer_refund(number, Refusal("ACQ.TRADE_HAS_FINISHED"))

    assert host.payment.data.refund(number).end == "failed"  # type: ignore[union-attr]
    assert host.notices[-1].name == "payment_alarm"
    assert host.refund(command_id="r2") != number


@pytest.mark.parametrize(("answer", "state"), [("refunded", "refunded"), ("not_found", "paid")])
def test_refusal_of_a_repetition_is_asked_about(answer: str, state: str) -> None:
    """The first call may have done it: Alipay is asked for the refund before anything is believed."""
    host, order = paid()
    number = host.refund()
    host.answer_refund(number, TIMEOUT)
    host.fire_refund(number)

    host.answer_refund(number, Refusal("TRADE_STATUS_ERROR"))
    assert host.calls == [f"query_refund:{number}:3"]
    host.answer_refund(number, NotFound(order) if answer == "not_found" else DONE)

    assert host.payment.state == state


@pytest.mark.parametrize("code", ["SELLER_BALANCE_NOT_ENOUGH", "ACQ.REASON_TRADE_BEEN_FREEZEN"])
def test_refusal_that_passes_is_waited_out(code: str) -> None:
    """A short account is topped up: the same refund is asked for again, and somebody is told at once."""
    host, _ = paid()
    number = host.refund()

    host.answer_refund(number, Refusal(code))
    assert host.notices[-1].name == "payment_alarm"
    host.fire_refund(number)
    host.answer_refund(number)

    assert host.payment.state == "refunded"


def test_cash_goes_back_by_hand() -> None:
    """Cash is given back in cash: Alipay has no part in it."""
    host, _ = paid("cash")

    host.refund(200)

    assert host.payment.state == "part_refunded"
    assert not host.calls
    assert host.balances == {"cash": FARE.minor - 200, "fares": 200 - FARE.minor}


def test_cancel_undoes_the_whole_order() -> None:
    """On its own day an order is cancelled, fee and all."""
    host, order = paid()
    number = host.refund(cancel=True)
    assert host.calls == [f"cancel:{number}:1"]

    host.answer_refund(number, Cancelled(order, "refund"))

    assert host.payment.state == "refunded"
    assert host.balances == {}


def test_cancel_that_was_not_answered_finds_nothing_left_to_do() -> None:
    """The repetition of a cancel that had worked says that nothing was done: the money is back."""
    host, order = paid()
    number = host.refund(cancel=True)
    host.answer_refund(number, TIMEOUT)
    host.fire_refund(number)

    host.answer_refund(number, Cancelled(order, ""))

    assert host.payment.state == "refunded"


def test_cancel_that_comes_too_late_is_refused() -> None:
    """Then a refund is the way, and may be asked for."""
    host, _ = paid()
    number = host.refund(cancel=True)

    host.answer_refund(number, Refusal("TRADE_CANCEL_TIME_OUT"))

    assert host.payment.state == "paid"
    host.answer_refund(host.refund(command_id="r2"))
    assert host.payment.state == "refunded"


def test_late_success_beside_cash_goes_back_by_itself() -> None:
    """An order that had been closed is paid after all, and the fare was paid in cash: the passenger's money returns."""
    host = PaymentHost()
    first = host.open()
    host.answer(first, OrderCreated(first, "N1"))
    host.answer(first, Closed(first))
    host.open("cash", "c2")

    host.notify_late(notification(first))

    [number] = [refund.refund for refund in host.payment.data.refunds]
    assert host.calls == [f"refund:{number}:1"]
    assert host.notices[-1].name == "payment_alarm"
    assert host.balances == {"cash": FARE.minor, "fares": -FARE.minor, "alipay": FARE.minor, "owed": -FARE.minor}
    host.answer_refund(number)
    assert host.balances == {"cash": FARE.minor, "fares": -FARE.minor}
    assert host.payment.state == "paid"
    assert "refunded" not in host.outcomes


def test_surplus_is_no_part_of_the_fare() -> None:
    """What came beside the fare does not lessen what may be given back of it."""
    host = PaymentHost()
    first = host.open()
    host.answer(first, OrderCreated(first, "N1"))
    host.answer(first, Closed(first))
    second = host.open("alipay_page", "c2")
    host.answer(second, OrderCreated(second, "N2"))
    host.notify(notification(second, number="N2"))
    host.notify_late(notification(first))
    host.answer_refund(host.payment.data.refunds[0].refund)

    host.answer_refund(host.refund())

    assert host.payment.state == "refunded"
    assert host.balances == {}


def test_paid_after_it_was_settled_otherwise_goes_back() -> None:
    """The trip wants nothing of it: all of it returns, once."""
    host, order = paid()

    host.send(RefundOrder(order, "settled"))
    host.send(RefundOrder(order, "settled"))
    [refund] = host.payment.data.refunds
    host.answer_refund(refund.refund)

    assert (refund.by, host.payment.state) == ("system", "refunded")
