"""Requests of sessions, resolved outside them."""

from __future__ import annotations

import pytest

from dispatch.domain.errors import ErrorCode
from tests.ws_gateway.conftest import Running

pytestmark = pytest.mark.integration


async def test_hosts_that_do_not_answer(gateway: Running) -> None:
    """A command nobody answers is refused as retryable; the client may send it again under its id."""
    driver = await gateway.client("driver", "D1", "V1")
    gateway.hosts.down = True
    refused = await driver.ask(t="arrived", id="c1", trip="t1")
    assert (refused["code"], refused["retryable"]) == (ErrorCode.UNAVAILABLE, True)
    gateway.hosts.down = False
    assert (await driver.ask(t="arrived", id="c1", trip="t1"))["t"] == "accepted"


async def test_the_way_by_road(gateway: Running) -> None:
    """A driver is told the way along the streets, from end to end."""
    driver = await gateway.client("driver", "D1", "V1")
    start, end = {"lat": 37.7001, "lng": -122.4001}, {"lat": 37.7049, "lng": -122.3939}
    answer = await driver.ask(t="route", id="c1", start=start, end=end)
    way = answer["result"]
    assert way["by_road"] is True
    assert (way["points"][0], way["points"][-1]) == ([37.7001, -122.4001], [37.7049, -122.3939])
    assert len(way["points"]) > 6
    assert way["meters"] > 900
    assert way["seconds"] > 60
