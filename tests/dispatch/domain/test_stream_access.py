"""Who may follow which stream."""

from __future__ import annotations

import pytest

from dispatch.domain.entity import SYSTEM, Principal
from dispatch.domain.stream_access import may_follow


@pytest.mark.parametrize(
    ("principal", "trip", "vehicle"),
    [
        (Principal("dispatcher", "D"), True, True),
        (Principal("driver", "D1", "V1"), True, True),
        (Principal("driver", "D2", "V2"), False, False),
        (Principal("device", "M1", "V1"), True, True),
        (Principal("passenger", "P1"), True, False),
        (Principal("passenger", "P2"), False, False),
        (Principal("guest", "t1"), True, False),
        (Principal("guest", "t2"), False, False),
        (SYSTEM, True, True),
    ],
)
def test_streams_are_followed_by_their_own(principal: Principal, *, trip: bool, vehicle: bool) -> None:
    """Drivers and devices follow their car and its trip, passengers and guests the trip alone, dispatchers all."""
    assert may_follow("trip", "t1", principal, passengers=("P1",), vehicle="V1") is trip
    assert may_follow("vehicle", "V1", principal) is vehicle


def test_nobody_follows_a_payment() -> None:
    """What a payment does is seen through its trip."""
    assert not may_follow("payment", "t1", Principal("dispatcher", "D"))
