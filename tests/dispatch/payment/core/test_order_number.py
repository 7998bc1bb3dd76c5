"""An order number leads back to its trip."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.payment.core.order_number import order_number, trip_of


@given(st.from_regex(r"[A-Za-z0-9_]{1,40}", fullmatch=True), st.integers(1, 10**6))
def test_number_leads_back(trip: str, attempt: int) -> None:
    """Whatever the trip and the attempt, the number names the trip."""
    assert trip_of(order_number(trip, attempt)) == trip


@pytest.mark.parametrize("order", ["", "tabc", "tabc_1", "_1_1", "tabc_x_1", "tabc_1_", "tabc_1_²", "20180212000343"])
def test_foreign_number_has_no_trip(order: str) -> None:
    """A number that is not ours names none."""
    assert trip_of(order) is None
