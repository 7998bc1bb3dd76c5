"""Facts of the port are valid from the start, and a status says by itself whether it means paid."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.payment.core.port import Notification, PaymentOrder, TradeStatus, order_number, read_amount, trip_of
from dispatch.values.money import MINOR_DIGITS, Money

GOOD: dict[str, Any] = {
    "out_trade_no": "T1_1_1",
    "amount": Money(1, "USD"),
    "subject": "Taxi",
    "buyer_id": "2088000000000002",
    "notify_url": "https://cab.invalid/notify",
    "expires_min": 15,
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"out_trade_no": ""},
        {"out_trade_no": "T1-1"},
        {"out_trade_no": "T" * 65},
        {"out_trade_no": "Té"},
        {"amount": Money(0, "USD")},
        {"amount": Money(-1, "USD")},
        {"subject": ""},
        {"subject": "x" * 257},
        {"passback": "x" * 257},
        {"expires_min": 0},
        {"expires_min": 21_601},
    ],
)
def test_no_order_that_alipay_would_not_take(wrong: dict[str, Any]) -> None:
    """An order that cannot be placed cannot be built."""
    assert PaymentOrder(**GOOD).passback == ""

    with pytest.raises(ValueError, match=r"order|subject|expiry"):
        PaymentOrder(**GOOD | wrong)


def test_what_paid_means() -> None:
    """Success and finished are paid, and nothing else is."""
    assert [status for status in TradeStatus if status.paid] == [TradeStatus.SUCCESS, TradeStatus.FINISHED]


@given(st.integers(0, 10**12 - 1), st.sampled_from(sorted(MINOR_DIGITS)))
def test_amounts_are_read_as_written(minor: int, currency: str) -> None:
    """An amount comes back from its text."""
    assert read_amount(Money(minor, currency).plain(), currency) == Money(minor, currency)


@pytest.mark.parametrize("text", ["", "-1", "+1", "1e9", "NaN", "Infinity", "1.001", "1,00", " 1", "1" * 13, "\u0661"])
def test_what_is_no_amount(text: str) -> None:
    """Anything but plain digits with a point is no amount."""
    assert read_amount(text, "USD") is None


def test_the_same_news_is_one_event() -> None:
    """Two messages of the same trade, status and refund are one event, whatever their ``notify_id``."""

    def told(notify_id: str, refund_no: str = "") -> Notification:
        return Notification(
            notify_id=notify_id,
            out_trade_no="T1",
            trade_no="2020",
            status=TradeStatus.SUCCESS,
            total="1.00",
            refund_no=refund_no,
            fields={},
        )

    assert told("a").event == told("b").event
    assert told("a").event != told("a", "R1").event


@given(st.from_regex(r"[A-Za-z0-9_]{1,40}", fullmatch=True), st.integers(1, 10**6))
def test_number_leads_back(trip: str, attempt: int) -> None:
    """Whatever the trip and the attempt, the number names the trip."""
    assert trip_of(order_number(trip, attempt)) == trip


@pytest.mark.parametrize("order", ["", "tabc", "tabc_1", "_1_1", "tabc_x_1", "tabc_1_", "tabc_1_²", "20180212000343"])
def test_foreign_number_has_no_trip(order: str) -> None:
    """A number that is not ours names none."""
    assert trip_of(order) is None
