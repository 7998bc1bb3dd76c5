"""What all endpoints of the payment pages share."""

from __future__ import annotations

import pytest

from dispatch.domain.errors import DispatchError, ErrorCode
from ws_gateway.pay.page_context import known_name, ride_path


@pytest.mark.parametrize("name", ["V1", "t7k2", "a.b-c_d:e", "x" * 64])
def test_names_that_may_exist_pass(name: str) -> None:
    """Ids as they are made and registered."""
    assert known_name(name, ErrorCode.UNKNOWN_TRIP) == name


@pytest.mark.parametrize("name", ["", "x" * 65, "a/b", "a b", "../x", "车"])
def test_names_that_cannot_exist_are_unknown(name: str) -> None:
    """They reach no host."""
    with pytest.raises(DispatchError) as refused:
        known_name(name, ErrorCode.UNKNOWN_TRIP)
    assert refused.value.code is ErrorCode.UNKNOWN_TRIP


def test_a_rides_path_is_quoted() -> None:
    """Nothing of a name leaves its place in the path."""
    assert ride_path("V:1", "t/1") == "/pay/V%3A1/t%2F1"
