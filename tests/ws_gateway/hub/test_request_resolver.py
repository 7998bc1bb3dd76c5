"""Requests of sessions, resolved outside them."""

from __future__ import annotations

import pytest

from dispatch.api.server_messages import Alarm
from dispatch.domain.errors import ErrorCode
from tests.ws_gateway.conftest import Running, Start

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


async def test_a_settled_alarm_is_told_to_all_consoles(start: Start) -> None:
    """The first settles it; who comes second is told who was first; the consoles of every gateway hear of it."""
    here, there = await start(), await start()
    alarm = Alarm("a1", "trip_unserved", 5.0, {"trip": "t1"})
    here.alarms.kept["a1"] = there.alarms.kept["a1"] = alarm
    anna = await here.client("dispatcher", "anna")
    ben = await there.client("dispatcher", "ben")
    answer = await anna.ask(t="settle_alarm", id="c1", alarm="a1", note="called back")
    assert (answer["t"], answer["result"]["settled_by"], answer["result"]["note"]) == (
        "accepted",
        "anna",
        "called back",
    )
    for console in (anna, ben):
        told = await console.until("alarm", alarm="a1")
        assert (told["settled_by"], told["note"], told["fields"]) == ("anna", "called back", {"trip": "t1"})
    there.alarms.kept = here.alarms.kept
    second = await ben.ask(t="settle_alarm", id="c1", alarm="a1", note="seen")
    assert (second["result"]["settled_by"], second["result"]["note"]) == ("anna", "called back")


async def test_an_unknown_alarm(gateway: Running) -> None:
    """Is refused with its number."""
    anna = await gateway.client("dispatcher", "anna")
    assert (await anna.ask(t="settle_alarm", id="c1", alarm="a9"))["code"] == ErrorCode.UNKNOWN_ALARM


async def test_a_message_to_drivers(start: Start) -> None:
    """Drivers of the named cars get it, at every gateway, once; nobody else does."""
    here, there = await start(), await start()
    anna = await here.client("dispatcher", "anna")
    first = await there.client("driver", "D1", "V1")
    second = await here.client("driver", "D2", "V2")
    answer = await anna.ask(t="broadcast", id="c1", text="Call the desk", vehicles=["V1"])
    told = await first.until("notice")
    assert (told["notice"], told["by"], told["text"]) == (answer["result"]["notice"], "anna", "Call the desk")
    everyone = await anna.ask(t="broadcast", id="c2", text="Fog on the bridge")
    assert (await second.until("notice"))["text"] == "Fog on the bridge"
    assert (await first.until("notice"))["notice"] == everyone["result"]["notice"]
    assert len(here.notices.kept) == 2


async def test_a_message_sent_twice(gateway: Running) -> None:
    """The same id is the same message; another text under it is refused."""
    anna = await gateway.client("dispatcher", "anna")
    first = await anna.ask(t="broadcast", id="c1", text="Fog")
    assert await anna.ask(t="broadcast", id="c1", text="Fog") == first
    assert (await anna.ask(t="broadcast", id="c1", text="Sun"))["code"] == ErrorCode.COMMAND_ID_REUSED
    assert len(gateway.notices.kept) == 1
