"""Where a ride's payment stands: every state of a trip, for the one who pays and for anybody else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.trip.trip_state import MACHINE, FareSheet
from dispatch.values.money import MINOR_DIGITS, Money
from ws_gateway.pay.payment_steps import Payer, PaymentStep, failure_of, step_of, typed_amount

ME = Payer("2088000000000001")
FARE = Money(515, "USD")


def sheet(state: str, *, payer: str = ME.principal.id, method: str = "alipay_page", **known: object) -> FareSheet:
    """A fare sheet; by default the last attempt was made by this payer on this page."""
    facts = {"state": state, "currency": "USD", "fare": FARE, "payer": payer, "method": method, **known}
    return FareSheet(**facts)  # type: ignore[arg-type] # the facts of each case


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (sheet("assigned", fare=None), PaymentStep.RIDING),
        (sheet("in_progress", fare=None), PaymentStep.RIDING),
        (sheet("fare_due"), PaymentStep.PAY),
        (sheet("fare_due", wants_typed=True), PaymentStep.TYPE),
        (sheet("fare_due", wants_typed=True, typed=FARE), PaymentStep.AGREE),
        (sheet("fare_due", wants_typed=True, typed=FARE, agreed=True), PaymentStep.PAY),
        (sheet("fare_due", wants_typed=True, agreed=True), PaymentStep.PAY),
        (sheet("paying"), PaymentStep.ORDERING),
        (sheet("paying", trade="N1"), PaymentStep.OPEN),
        (sheet("paying", payer="alipay:2"), PaymentStep.BUSY),
        (sheet("paying", payer="D1", method="alipay_scan", buyer=ME.user_id), PaymentStep.BUSY),
        (sheet("payment_unknown"), PaymentStep.CHECKING),
        (sheet("payment_unknown", payer="alipay:2"), PaymentStep.BUSY),
        (sheet("paid"), PaymentStep.PAID),
        (sheet("paid", payer="P7", method="alipay_app", buyer=ME.user_id), PaymentStep.PAID),
        (sheet("paid", payer="D1", method="cash"), PaymentStep.PAID_ELSE),
        (sheet("part_refunded"), PaymentStep.PAID),
        (sheet("refunded", payer="alipay:2"), PaymentStep.PAID_ELSE),
        (sheet("settled_otherwise"), PaymentStep.PAID_ELSE),
        (sheet("cancelled", fare=None), PaymentStep.NOTHING),
        (sheet("unserved", fare=None), PaymentStep.NOTHING),
    ],
)
def test_steps(shown: FareSheet, expected: PaymentStep) -> None:
    """Each state of a trip is one step of the page."""
    assert step_of(shown, ME) is expected


@pytest.mark.parametrize("state", sorted(MACHINE.table))
def test_every_state_has_a_step(state: str) -> None:
    """No state of the trip's machine is without a page, and only collected ones are shown as paid."""
    collected = state in ("paid", "part_refunded", "refunded")
    assert (step_of(sheet(state), ME) is PaymentStep.PAID) == collected


def test_why_it_failed_is_told_to_whoever_tried() -> None:
    """Others have not failed; nor has anybody while a new attempt is open."""
    assert failure_of(sheet("fare_due", reason="X"), ME) == "X"
    assert failure_of(sheet("fare_due", reason="X", payer="alipay:2"), ME) == ""
    assert failure_of(sheet("paying", reason="X"), ME) == ""


@pytest.mark.parametrize(
    ("typed", "minor"),
    [("12", 1200), ("12.5", 1250), ("12,50", 1250), (" 0.01 ", 1), ("007", 700), ("12。5", 1250), ("1.234,5", None)],
)
def test_typed_amounts(typed: str, minor: int | None) -> None:
    """With a point or a comma, as people type."""
    assert typed_amount(typed, "USD") == (Money(minor, "USD") if minor is not None else None)


def test_a_currency_without_parts() -> None:
    """There is no half yen."""
    assert typed_amount("500", "JPY") == Money(500, "JPY")
    assert typed_amount("500.5", "JPY") is None


@given(st.integers(1, 10**9), st.sampled_from(sorted(MINOR_DIGITS)))
def test_what_we_write_is_read(minor: int, currency: str) -> None:
    """An amount as we write it is read as itself."""
    assert typed_amount(Money(minor, currency).plain(), currency) == Money(minor, currency)


@given(st.text(max_size=20), st.sampled_from(sorted(MINOR_DIGITS)))
def test_anything_typed_is_an_amount_or_none(text: str, currency: str) -> None:
    """No text breaks the page, and no amount is below a minor unit."""
    amount = typed_amount(text, currency)
    assert amount is None or (amount.minor > 0 and amount.currency == currency)
