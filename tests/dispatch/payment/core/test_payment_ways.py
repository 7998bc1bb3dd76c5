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
from tests.dispatch.payment.core.payment_host import CODE, RULES, TRIP, Desk, notification, trade

SUCCESS, WAITING = TradeStatus.SUCCESS, TradeStatus.WAITING
TIMEOUT = Unknown("timeout")
QR = "https://qr.example/bax1"


def test_scan_collects_at_once() -> None:
    """The driver scans, Alipay answers that it is paid."""
    desk = Desk()
    order = desk.open("alipay_scan")
    work = msgspec.msgpack.decode(desk.dues[f"scan:{order}:1"].command, type=CallGateway)
    asked = msgspec.msgpack.decode(work.arguments, type=PaymentOrder)

    desk.hear(order, trade(order, SUCCESS))

    assert (work.call, asked.auth_code, asked.terminal, asked.placed_at) == ("scan", CODE, "V1", "19700101080000")
    assert desk.payment.state == "paid"
    assert desk.payment.row().values["method"] == "alipay_scan"


def test_scan_waits_for_the_password() -> None:
    """The passenger's phone asks for it; the driver is told so; the query finds it paid."""
    desk = Desk()
    order = desk.open("alipay_scan")

    desk.hear(order, PasswordRequired(order, "N1"))
    assert (desk.told[-1].state, desk.told[-1].reason) == ("ordered", "PASSWORD")
    assert desk.timer_s(order) == RULES.query_every_s
    desk.fire_and_hear(order, trade(order, SUCCESS))

    assert desk.payment.state == "paid"


def unclear_scan(answers: int = 25) -> tuple[Desk, str]:
    """A scan that nobody knows anything of, asked for until it is cancelled."""
    desk = Desk()
    order = desk.open("alipay_scan")
    desk.hear(order, TIMEOUT)
    for _ in range(answers):
        if f"ask:{order}" in desk.dues and not desk.calls:
            desk.fire_and_hear(order, TIMEOUT)
    return desk, order


def test_scan_that_stays_unclear_is_cancelled_after_a_minute() -> None:
    """Queries for a minute, then one cancel; the fare is due again when Alipay has confirmed it."""
    desk, order = unclear_scan()
    assert desk.wall == pytest.approx(RULES.query_for_s, abs=RULES.query_every_s)
    assert [name.split(":")[0] for name in desk.calls] == ["cancel"]

    desk.hear(order, Cancelled(order, "close"))

    assert desk.payment.state == "failed"
    assert desk.outcomes[-1] == "failed"


def test_password_that_never_comes_is_cancelled() -> None:
    """A passenger at the kerb is waited for a minute."""
    desk = Desk()
    order = desk.open("alipay_scan")
    desk.hear(order, PasswordRequired(order, "N1"))

    while not desk.calls:
        desk.fire(order)
        if desk.calls[0].startswith("query"):
            desk.hear(order, trade(order, WAITING))

    assert desk.calls[0].startswith("cancel")
    assert desk.wall == pytest.approx(RULES.query_for_s, abs=RULES.query_every_s)


def test_cancel_is_repeated_until_it_is_clear() -> None:
    """``retry_flag=Y`` and silence are answered by another cancel, not by a new payment."""
    desk, order = unclear_scan()

    for _ in range(4):
        desk.hear(order, Unknown("retry_flag"))
        desk.fire(order)
        assert [name.split(":")[0] for name in desk.calls] == ["cancel"]

    desk.hear(order, Cancelled(order, "refund"))
    assert desk.payment.state == "failed"
    assert desk.balances == {}
    kinds = [row.values["kind"] for row in desk.books.values()]
    assert kinds == ["surplus", "surplus_refund"]


def test_cancelled_scan_whose_notification_comes_late_goes_back() -> None:
    """It was paid in the end, and by then in cash: Alipay's money returns."""
    desk, order = unclear_scan()
    desk.hear(order, Cancelled(order, ""))
    desk.hear(order, NotFound(order))
    desk.open("cash", "c2")

    desk.notify_late(notification(order))

    assert [refund.surplus for refund in desk.payment.data.refunds] == [True]


def test_bad_code_fails_at_once() -> None:
    """An old code is refused; the next one is another order."""
    desk = Desk()
    first = desk.open("alipay_scan")

    desk.hear(first, Refusal("ACQ.PAYMENT_AUTH_CODE_INVALID"))

    assert desk.told[-1].reason == "ACQ.PAYMENT_AUTH_CODE_INVALID"
    assert desk.open("alipay_scan", "c2") == f"{TRIP}_1_2"


def test_code_is_shown_and_scanned() -> None:
    """The driver's screen gets the code; until somebody scans it Alipay knows no trade, and that is no failure."""
    desk = Desk()
    order = desk.open("alipay_code")
    desk.hear(order, CodeCreated(order, QR))
    assert (desk.told[-1].state, desk.told[-1].code) == ("ordered", QR)

    for _ in range(3):
        desk.fire_and_hear(order, NotFound(order))
    desk.fire_and_hear(order, trade(order, WAITING))
    desk.fire_and_hear(order, trade(order, SUCCESS))

    assert desk.payment.state == "paid"


def test_code_that_nobody_scanned_is_cancelled_at_its_expiry() -> None:
    """It might still be scanned: so it is not forgotten but cancelled."""
    desk = Desk()
    order = desk.open("alipay_code")
    desk.hear(order, CodeCreated(order, QR))

    while not desk.calls:
        desk.fire(order)
        if desk.calls[0].startswith("query"):
            desk.hear(order, NotFound(order))

    assert desk.calls[0].startswith("cancel")
    assert desk.wall >= RULES.expires_s
    desk.hear(order, Cancelled(order, ""))
    desk.hear(order, NotFound(order))
    assert desk.payment.state == "failed"


@pytest.mark.parametrize(
    ("method", "call"), [("alipay_app", "close"), ("alipay_page", "close"), ("alipay_code", "cancel")]
)
def test_another_way_is_wanted(method: str, call: str) -> None:
    """The open order is ended first; only when Alipay has confirmed it the fare is due again."""
    desk = Desk()
    order = desk.open(method)
    desk.hear(order, CodeCreated(order, QR) if method == "alipay_code" else OrderCreated(order, "N1"))

    desk.send(StopPayment(TRIP))
    desk.send(StopPayment(TRIP))

    assert [name.split(":")[0] for name in desk.calls] == [call]
    assert desk.outcomes == ["ordered"]
    desk.hear(order, Closed(order) if call == "close" else Cancelled(order, "close"))
    assert desk.outcomes == ["ordered", "failed"]


def test_stop_before_alipay_knows_the_order() -> None:
    """What is being placed is closed when its answer is there: a close that came first would close nothing."""
    desk = Desk()
    order = desk.open()

    desk.send(StopPayment(TRIP))
    assert [name.split(":")[0] for name in desk.calls] == ["create"]
    desk.hear(order, OrderCreated(order, "N1"))

    assert [name.split(":")[0] for name in desk.calls] == ["close"]


def test_news_older_than_the_cancel_that_gave_the_money_back() -> None:
    """It was paid, cancelled, and returned; then its notification comes: the fare is still due."""
    desk, order = unclear_scan()
    desk.hear(order, Cancelled(order, "refund"))

    desk.notify(notification(order))

    assert desk.payment.state == "failed"
    assert desk.balances == {}


def test_paid_while_it_is_being_cancelled() -> None:
    """The cancel would give the money back: nothing is believed before it is answered."""
    desk, order = unclear_scan()
    desk.notify(notification(order))
    assert desk.payment.state == "unknown"

    desk.hear(order, Refusal("ACQ.CANCEL_NOT_ALLOWED"))
    desk.fire_and_hear(order, trade(order, SUCCESS))

    assert desk.payment.state == "paid"


def test_stop_is_not_forgotten_when_its_answer_is_lost() -> None:
    """The query says that it still waits: it is closed again."""
    desk = Desk()
    order = desk.open()
    desk.hear(order, OrderCreated(order, "N1"))
    desk.send(StopPayment(TRIP))
    desk.dues.pop(desk.calls[0])

    desk.fire_and_hear(order, trade(order, WAITING))

    assert [name.split(":")[0] for name in desk.calls] == ["close"]


def test_paid_before_it_could_be_stopped() -> None:
    """Alipay has the last word: the close is refused, and the query says paid."""
    desk = Desk()
    order = desk.open()
    desk.hear(order, OrderCreated(order, "N1"))
    desk.send(StopPayment(TRIP))

    desk.hear(order, Refusal("TRADE_HAS_SUCCESS"))
    desk.fire_and_hear(order, trade(order, SUCCESS))

    assert desk.outcomes == ["ordered", "paid"]


def test_nothing_to_stop() -> None:
    """A stop that comes when nothing is open does nothing."""
    desk = Desk()
    assert not desk.send(StopPayment(TRIP)).put


def test_a_cancel_whose_answer_is_lost_stands_in_the_books() -> None:
    """The lost cancel gave money back; repeated, it has nothing to undo. Both moves are billed, so in the books."""
    desk = Desk()
    order = desk.open("alipay_scan")
    desk.hear(order, PasswordRequired(order, "N1"))
    while not desk.calls:
        desk.fire(order)
        if desk.calls[0].startswith("query"):
            desk.hear(order, trade(order, TradeStatus.WAITING))
    desk.hear(order, Unknown("timeout"))  # the passenger had just paid: this cancel gave the money back
    desk.fire(order)

    desk.hear(order, Cancelled(order))
    if desk.calls:  # who is unsure what the lost one did may ask, and hears that the order had been paid
        closed = trade(order, TradeStatus.CLOSED)
        desk.hear(order, msgspec.structs.replace(closed, paid_at="2026-01-01 12:00:00"))

    assert [row.values["kind"] for row in desk.books.values()] == ["surplus", "surplus_refund"]


def test_old_news_between_a_lost_cancel_and_its_query() -> None:
    """The lost cancel gave the money back; the notification of the payment is older, and counts for nothing."""
    desk, order = unclear_scan()
    desk.hear(order, TIMEOUT)
    desk.fire(order)
    desk.hear(order, Cancelled(order, ""))

    desk.notify(notification(order))
    assert desk.payment.state == "unknown"
    closed = trade(order, TradeStatus.CLOSED)
    desk.hear(order, msgspec.structs.replace(closed, paid_at="2026-01-01 12:00:00"))

    assert desk.payment.state == "failed"
    assert desk.balances == {}
