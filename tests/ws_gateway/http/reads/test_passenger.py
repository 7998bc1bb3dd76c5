"""What a passenger reads."""

from __future__ import annotations

import pytest

from dispatch.domain.errors import ErrorCode
from dispatch.values.units import WallTime
from tests.ws_gateway.http.reads.fixtures import SHARE_TTL_S, Library, ride_on

pytestmark = pytest.mark.integration


async def test_a_passengers_own(library: Library) -> None:
    """Own trips with fare lines, a receipt once there is a fare; of others' trips nothing, not even that they are."""
    library.stage.assigned()
    await library.write()
    none_yet = await library.get("/v1/my/trips/t1/receipt", "passenger", "P1", status=400)
    assert none_yet["code"] == ErrorCode.NO_TRIP_TO_PAY
    await ride_on(library)
    await library.write()
    (mine,) = (await library.get("/v1/my/trips", "passenger", "P1"))["trips"]
    assert mine["fare"]["lines"]
    assert "passenger" not in mine
    receipt = await library.get("/v1/my/trips/t1/receipt", "passenger", "P1")
    assert receipt["trip"] == mine
    assert (await library.get("/v1/my/trips", "passenger", "P2"))["trips"] == []
    for trip in ("t1", "t9"):
        other = await library.get(f"/v1/my/trips/{trip}/receipt", "passenger", "P2", status=404)
        assert other["code"] == ErrorCode.UNKNOWN_TRIP


async def test_a_link_to_follow(library: Library) -> None:
    """Names the trip and nothing else, holds two hours of the wall, and is given for one's own open trip only."""
    library.stage.assigned()
    await library.write()
    path = "/v1/my/trips/t1/share"
    link = await library.ask("POST", path, "passenger", "P1")
    wall = library.clock.wall()
    guest = library.tokens.verify(link["token"], WallTime(wall))
    assert (guest.role, guest.subject, guest.vehicle) == ("guest", "t1", None)
    assert guest.expires_at == link["expires_at"] == wall + SHARE_TTL_S
    assert (await library.ask("POST", path, "passenger", "P2", 404))["code"] == ErrorCode.UNKNOWN_TRIP
    await ride_on(library)
    await library.write()
    assert (await library.ask("POST", path, "passenger", "P1", 400))["code"] == ErrorCode.TRIP_ENDED
