"""Connections of one gateway and of several: newest socket, restarts of hosts, the map, draining."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from dispatch.api.fields import CellFrame
from dispatch.domain.errors import CloseCode
from dispatch.store.buses import keys
from tests.ws_gateway.conftest import Running, Start, eventually
from tests.ws_gateway.fakes import FakeHosts

pytestmark = pytest.mark.integration


CELL = "872830828ffffff"


async def test_a_host_that_died_is_followed_again(gateway: Running) -> None:
    """After a host's rebirth streams go on from each session's cursor, nothing twice, nothing left out."""
    driver = await gateway.client("driver", "D1", "V1")
    assert (await driver.receive())["seq"] == 0
    gateway.hosts.die()
    gateway.hosts.happen("vehicle:V1", "driver", "a")
    assert (await driver.until("update"))["seq"] == 1
    gateway.hosts.happen("vehicle:V1", "driver", "b")
    assert (await driver.receive())["seq"] == 2


async def test_the_newest_socket_of_a_driver_wins(gateway: Running) -> None:
    """The older one is told, closed with its own code, and the new one goes on."""
    older = await gateway.client("driver", "D1", "V1")
    newer = await gateway.client("driver", "D1", "V1")
    await older.until("replaced")
    assert await older.closed() == CloseCode.REPLACED
    assert (await newer.ask(t="break", id="c1"))["t"] == "accepted"


async def test_the_newest_socket_wins_across_gateways(start: Start) -> None:
    """A driver that signs on at another gateway closes its socket at the first."""
    hosts = FakeHosts()
    first, second = await start(hosts=hosts), await start(hosts=hosts)
    older = await first.client("driver", "D1", "V1")
    newer = await second.client("driver", "D1", "V1")
    assert await older.closed() == CloseCode.REPLACED
    assert (await newer.ask(t="break", id="c1"))["t"] == "accepted"


async def test_a_passenger_may_have_two_sockets(gateway: Running) -> None:
    """A passenger's phone and browser live side by side, and both follow the trip."""
    phone = await gateway.client("passenger", "P1", resume=[{"stream": "trip:t1", "seq": 0}])
    browser = await gateway.client("passenger", "P1", resume=[{"stream": "trip:t1", "seq": 0}])
    for client in (phone, browser):
        assert (await client.ask(t="attach", id="c", stream="trip:t1", after=0))["t"] == "accepted"
    gateway.hosts.happen("trip:t1", "passenger", "a")
    assert (await phone.until("update"))["seq"] == (await browser.until("update"))["seq"] == 1


async def test_a_dispatcher_sees_the_map(gateway: Running) -> None:
    """Frames of watched cells arrive; when the bus is lost the map says that it is stale, and commands go on."""
    console = await gateway.client("dispatcher", "anna")
    assert (await console.ask(t="watch", id="c1", cells=[CELL]))["t"] == "accepted"
    frame = msgspec.msgpack.encode(CellFrame(CELL, "vehicle-0", 1.0, False, bytes(9), {0: "V1"}))

    async def publish() -> None:
        while True:
            await gateway.bus.publish(keys.map_channel(CELL, "vehicle-0"), frame)
            await asyncio.sleep(0.02)

    publishing = asyncio.create_task(publish())
    assert (await console.until("map"))["frames"][0] == [CELL, "vehicle-0", 1.0, False, bytes(9), {0: "V1"}]
    publishing.cancel()
    gateway.bus.lose()
    assert (await console.until("map_stale"))["stale"] is True
    assert (await console.ask(t="take_out", id="c2", vehicle="V1", reason="brakes"))["t"] == "accepted"
    gateway.bus.available = True
    assert (await console.until("map_stale"))["stale"] is False


async def test_draining_answers_then_closes(start: Start) -> None:
    """A stopping gateway lets pending answers go out, then closes with the code that says: come again."""
    gateway = await start()
    gateway.hosts.gate = asyncio.Event()
    driver = await gateway.client("driver", "D1", "V1")
    await driver.send(t="arrived", id="c1", trip="t1")
    await driver.until("snapshot")
    connections = gateway.app.hub._connections
    await eventually(lambda: any(each.session.commands_under_way for each in connections))
    gateway.server.stop_soon()
    await asyncio.sleep(0)
    gateway.hosts.gate.set()
    assert (await driver.until("accepted"))["id"] == "c1"
    assert await driver.closed() == CloseCode.RESTARTING
