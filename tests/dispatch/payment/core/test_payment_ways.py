"""Each way to pay: by the passenger's code, by a code on the driver's screen, and from one way to another."""

from __future__ import annotations

import msgspec
import pytest

from dispatch.domain.commands import CallGateway, StopPayment
from dispatch.payment.core.port import (
    Cancelled,
    Closed,
    CodeCreated,
    NotFound,
    OrderCreated,
    PasswordRequired,
    PaymentOrder,
    Refusal,
    TradeStatus,
    Unknown,
)
from tests.dispatch.payment.core.payment_host import CODE, RULES, TRIP, PaymentHost, notification, trade

SUCCESS, WAITING = TradeStatus.SUCCESS, TradeStatus.WAITING
TIMEOUT = Unknown("timeout")
QR = "https://qr.example/bax1"


def test_scan_collects_at_once() -> None:
    """The driver scans, Alipay answers that it is paid."""
    host = PaymentHost()
    order = host.open("alipay_scan")
    work = msgspec.msgpack.decode(host.dues[f"scan:{order}:1"].command, type=CallGateway)
    asked = msgspec.msgpack.decode(work.arguments, type=PaymentOrder)

    host.answer(order, trade(order, SUCCESS))

    assert (work.call, asked.auth_code, asked.terminal, asked.placed_at) == ("scan", CODE, "V1", "19700101080000")
    assert host.payment.state == "paid"
    assert host.payment.row().values["method"] == "alipay_scan"


def test_scan_waits_for_the_password() -> None:
    """The passenger's phone asks for it; the driver is told so; the query finds it paid."""
    host = PaymentHost()
    order = host.open("alipay_scan")

    host.answer(order, PasswordRequired(order, "N1"))
    assert (host.reports[-1].state, host.reports[-1].reason) == ("ordered", "PASSWORD")
    assert host.timer_s(order) == RULES.query_every_s
    host.fire_and_answer(order, trade(order, SUCCESS))

    assert host.payment.state == "paid"


def unclear_scan(answers: int = 25) -> tuple[PaymentHost, str]:
    """A scan that nobody knows anything of, asked for until it is cancelled."""
    host = PaymentHost()
    order = host.open("alipay_scan")
    host.answer(order, TIMEOUT)
    for _ in range(answers):
        if f"ask:{order}" in host.dues and not host.calls:
            host.fire_and_answer(order, TIMEOUT)
    return host, order


def test_scan_that_stays_unclear_is_cancelled_after_a_minute() -> None:
    """Queries for a minute, then one cancel; the fare is due again when Alipay has confirmed it."""
    host, order = unclear_scan()
    assert host.wall == pytest.approx(RULES.query_for_s, abs=RULES.query_every_s)
    assert [name.split(":")[0] for name in host.calls] == ["cancel"]

    host.answer(order, Cancelled(order, "close"))

    assert host.payment.state == "failed"
    assert host.outcomes[-1] == "failed"


def test_password_that_never_comes_is_cancelled() -> None:
    """A passenger at the kerb is waited for a minute."""
    host = PaymentHost()
    order = host.open("alipay_scan")
    host.answer(order, PasswordRequired(order, "N1"))

    while not host.calls:
        host.fire(order)
        if host.calls[0].startswith("query"):
            host.answer(order, trade(order, WAITING))

    assert host.calls[0].startswith("cancel")
    assert host.wall == pytest.approx(RULES.query_for_s, abs=RULES.query_every_s)


def test_cancel_is_repeated_until_it_is_clear() -> None:
    """``retry_flag=Y`` and silence are answered by another cancel, not by a new payment."""
    host, order = unclear_scan()

    for _ in range(4):
        host.answer(order, Unknown("retry_flag"))
        host.fire(order)
        assert [name.split(":")[0] for name in host.calls] == ["cancel"]

    host.answer(order, Cancelled(order, "refund"))
    assert host.payment.state == "failed"
    assert host.balances == {}
    kinds = [row.values["kind"] for row in host.books.values()]
    assert kinds == ["surplus", "surplus_refund"]


def test_cancelled_scan_whose_notification_comes_late_goes_back() -> None:
    """It was paid in the end, and by then in cash: Alipay's money returns."""
    host, order = unclear_scan()
    host.answer(order, Cancelled(order, ""))
    host.answer(order, NotFound(order))
    host.open("cash", "c2")

    host.notify_late(notification(order))

    assert [refund.surplus for refund in host.payment.data.refunds] == [True]


def test_bad_code_fails_at_once() -> None:
    """An old code is refused; the next one is another order."""
    host = PaymentHost()
    first = host.open("alipay_scan")

    host.answer(first, Refusal("ACQ.PAYMENT_AUTH_CODE_INVALID"))

    assert host.reports[-1].reason == "ACQ.PAYMENT_AUTH_CODE_INVALID"
    assert host.open("alipay_scan", "c2") == f"{TRIP}_1_2"


def test_code_is_shown_and_scanned() -> None:
    """The driver's screen gets the code; until somebody scans it Alipay knows no trade, and that is no failure."""
    host = PaymentHost()
    order = host.open("alipay_code")
    host.answer(order, CodeCreated(order, QR))
    assert (host.reports[-1].state, host.reports[-1].code) == ("ordered", QR)

    for _ in range(3):
        host.fire_and_answer(order, NotFound(order))
    host.fire_and_answer(order, trade(order, WAITING))
    host.fire_and_answer(order, trade(order, SUCCESS))

    assert host.payment.state == "paid"


def test_code_that_nobody_scanned_is_cancelled_at_its_expiry() -> None:
    """It might still be scanned: so it is not forgotten but cancelled."""
    host = PaymentHost()
    order = host.open("alipay_code")
    host.answer(order, CodeCreated(order, QR))

    while not host.calls:
        host.fire(order)
        if host.calls[0].startswith("query"):
            host.answer(order, NotFound(order))

    assert host.calls[0].startswith("cancel")
    assert host.wall >= RULES.expires_s
    host.answer(order, Cancelled(order, ""))
    host.answer(order, NotFound(order))
    assert host.payment.state == "failed"


@pytest.mark.parametrize(
    ("method", "call"), [("alipay_app", "close"), ("alipay_page", "close"), ("alipay_code", "cancel")]
)
def test_another_way_is_wanted(method: str, call: str) -> None:
    """The open order is ended first; only when Alipay has confirmed it the fare is due again."""
    host = PaymentHost()
    order = host.open(method)
    host.answer(order, CodeCreated(order, QR) if method == "alipay_code" else OrderCreated(order, "N1"))

    host.send(StopPayment(TRIP))
    host.send(StopPayment(TRIP))

    assert [name.split(":")[0] for name in host.calls] == [call]
    assert host.outcomes == ["ordered"]
    host.answer(order, Closed(order) if call == "close" else Cancelled(order, "close"))
    assert host.outcomes == ["ordered", "failed"]


def test_stop_before_alipay_knows_the_order() -> None:
    """What is being placed is closed when its answer is there: a close that came first would close nothing."""
    host = PaymentHost()
    order = host.open()

    host.send(StopPayment(TRIP))
    assert [name.split(":")[0] for name in host.calls] == ["create"]
    host.answer(order, OrderCreated(order, "N1"))

    assert [name.split(":")[0] for name in host.calls] == ["close"]


def test_news_older_than_the_cancel_that_gave_the_money_back() -> None:
    """It was paid, cancelled, and returned; then its notification comes: the fare is still due."""
    host, order = unclear_scan()
    host.answer(order, Cancelled(order, "refund"))

    host.notify(notification(order))

    assert host.payment.state == "failed"
    assert host.balances == {}


def test_paid_while_it_is_being_cancelled() -> None:
    """The cancel would give the money back: nothing is believed before it is answered."""
    host, order = unclear_scan()
    host.notify(notification(order))
    assert host.payment.state == "unknown"

    host.answer(order, Refusal("ACQ.CANCEL_NOT_ALLOWED"))
    host.fire_and_answer(order, trade(order, SUCCESS))

    assert host.payment.state == "paid"


def test_stop_is_not_forgotten_when_its_answer_is_lost() -> None:
    """The query says that it still waits: it is closed again."""
    host = PaymentHost()
    order = host.open()
    host.answer(order, OrderCreated(order, "N1"))
    host.send(StopPayment(TRIP))
    host.dues.pop(host.calls[0])

    host.fire_and_answer(order, trade(order, WAITING))

    assert [name.split(":")[0] for name in host.calls] == ["close"]


def test_paid_before_it_could_be_stopped() -> None:
    """Alipay has the last word: the close is refused, and the query says paid."""
    host = PaymentHost()
    order = host.open()
    host.answer(order, OrderCreated(order, "N1"))
    host.send(StopPayment(TRIP))

    host.answer(order, Refusal("TRADE_HAS_SUCCESS"))
    host.fire_and_answer(order, trade(order, SUCCESS))

    assert host.outcomes == ["ordered", "paid"]


def test_nothing_to_stop() -> None:
    """A stop that comes when nothing is open does nothing."""
    host = PaymentHost()
    assert not host.send(StopPayment(TRIP)).put


def test_a_cancel_whose_answer_is_lost_stands_in_the_books() -> None:
    """The lost cancel gave money back; repeated, it has nothing to undo. Both moves are billed, so in the books."""
    host = PaymentHost()
    order = host.open("alipay_scan")
    host.answer(order, PasswordRequired(order, "N1"))
    while not host.calls:
        host.fire(order)
        if host.calls[0].startswith("query"):
            host.answer(order, trade(order, TradeStatus.WAITING))
    host.answer(order, Unknown("timeout"))  # the passenger had just paid: this cancel gave the money back
    host.fire(order)

    host.answer(order, Cancelled(order))
    if host.calls:  # who is unsure what the lost one did may ask, and hears that the order had been paid
        closed = trade(order, TradeStatus.CLOSED)
        host.answer(order, msgspec.structs.replace(closed, paid_at="2026-01-01 12:00:00"))

    assert [row.values["kind"] for row in host.books.values()] == ["surplus", "surplus_refund"]


def test_old_news_between_a_lost_cancel_and_its_query() -> None:
    """The lost cancel gave the money back; the notification of the payment is older, and counts for nothing."""
    host, order = unclear_scan()
    host.answer(order, TIMEOUT)
    host.fire(order)
    host.answer(order, Cancelled(order, ""))

    host.notify(notification(order))
    assert host.payment.state == "unknown"
    closed = trade(order, TradeStatus.CLOSED)
    host.answer(order, msgspec.structs.replace(closed, paid_at="2026-01-01 12:00:00"))

    assert host.payment.state == "failed"
    assert host.balances == {}
