"""What a driver reads."""

from __future__ import annotations

import pytest

from dispatch.api.alarms import DriverBroadcast
from dispatch.api.fields import MoneyView
from dispatch.api.http_bodies import ShiftSum
from dispatch.api.server_messages import Notice
from dispatch.payment.core.rules import CASH
from dispatch.store.queries.alarms import SqlNotices
from dispatch.store.queries.lists import RideRow
from tests.dispatch.domain.builders import NOON
from tests.ws_gateway.http.reads.fixtures import Library, ride
from ws_gateway.http.reads.driver import account

pytestmark = pytest.mark.integration


async def test_a_drivers_shift_and_messages(library: Library) -> None:
    """Rides since the shift began, else since midnight; what was told to the car or to all."""
    await ride(library)
    shift = await library.get("/v1/my/shift", "driver", "D1")
    assert (shift["since"], [it["trip"] for it in shift["rides"]]) == (NOON, ["t1"])
    assert [(it["method"], it["rides"]) for it in shift["sums"]] == [(CASH, 1)]
    other = await library.get("/v1/my/shift", "driver", "D2")
    assert (other["since"], other["rides"]) == (NOON - 12 * 3_600, [])
    notices = SqlNotices(library.journal.database)
    await notices.record_notice(DriverBroadcast(Notice("n1", NOON, "anna", "Fog")))
    await notices.record_notice(DriverBroadcast(Notice("n2", NOON, "anna", "Only you"), ("V2",)))
    await notices.record_notice(DriverBroadcast(Notice("n3", NOON - 50_000, "anna", "Old")))
    assert [it["notice"] for it in (await library.get("/v1/my/notices", "driver", "D1"))["notices"]] == ["n1"]


def test_sums_of_a_shift() -> None:
    """By method, what is not paid last; what went back is taken off."""
    rides = [
        RideRow("t1", 1.0, "paid", 500, "USD", "cash", None),
        RideRow("t2", 2.0, "part_refunded", 900, "USD", "alipay_app", 200),
        RideRow("t3", 3.0, "unknown", 700, "USD", "alipay_app", None),
        RideRow("t4", 4.0, "paid", 300, "USD", "cash", None),
    ]
    assert account(0.0, 9.0, rides).sums == [
        ShiftSum("alipay_app", 1, MoneyView(700, "USD")),
        ShiftSum("cash", 2, MoneyView(800, "USD")),
        ShiftSum("", 1, MoneyView(700, "USD")),
    ]
