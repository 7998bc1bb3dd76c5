"""The fleet for dispatchers, and one car in detail."""

from __future__ import annotations

import pytest

from dispatch.domain.commands import (
    DeclineOffer,
)
from dispatch.domain.errors import ErrorCode
from tests.dispatch.domain.builders import DRIVER, NOON
from tests.ws_gateway.http.reads.fixtures import Library

pytestmark = pytest.mark.integration


async def test_a_cars_story(library: Library) -> None:
    """Its shift, its offers of the last hour with their ends, and why it got nothing."""
    stage = library.stage.offered()
    stage.now += 5
    stage.send(stage.car, DeclineOffer("o1", "too far"), DRIVER)
    await library.write()
    library.answers = {"matcher-0": {"vehicle_id": "V1", "spans": [{"since": 1.0, "cause": "no_request"}]}}
    story = await library.get("/v1/vehicles/V1")
    assert (story["seq"], story["shift_since"], story["view"]["state"]) == (stage.car.seq, NOON, "idle")
    assert (story["car"]["plate"], story["car"]["driver_name"]) == ("PL-V1", "Ann")
    assert [(it["outcome"], it["reason"]) for it in story["offers"]] == [("declined", "too far")]
    assert story["why"] == [{"since": 1.0, "cause": "no_request"}]
    stage.now += 4_000
    await library.write()
    assert "offers" not in await library.get("/v1/vehicles/V1")
    assert (await library.get("/v1/vehicles/V2"))["view"]["state"] == "offline"
    assert (await library.get("/v1/vehicles/V9", status=404))["code"] == ErrorCode.UNKNOWN_VEHICLE
