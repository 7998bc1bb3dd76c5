"""One socket from accept to close."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from dispatch.domain.errors import CloseCode
from tests.ws_gateway.conftest import Running, Start, eventually

pytestmark = pytest.mark.integration


CELL = "872830828ffffff"


async def test_a_slow_reader_is_closed(start: Start) -> None:
    """Who does not read is closed with its own code and can resume; nobody else waits."""
    gateway = await start(outbox_events=50, close_s=20.0)
    slow = await gateway.connect(max_queue=1)
    await slow.send(t="hello", token=gateway.token("driver", "D1", "V1"))
    quick = await gateway.client("driver", "D2", "V2")
    for _ in range(3_000):
        gateway.hosts.happen("vehicle:V1", "driver", "x" * 10_000)
    await eventually(gateway.metrics.slow_closes._value.get)
    assert (await quick.ask(t="break", id="c1"))["t"] == "accepted"
    assert await slow.closed() == CloseCode.SLOW


async def test_silence_is_closed(start: Start) -> None:
    """A socket without a hello is closed after its time."""
    gateway = await start(hello_timeout_s=0.0)
    assert await (await gateway.connect()).closed() == CloseCode.HELLO_TIMEOUT


async def test_nothing_is_left_of_a_connection(gateway: Running) -> None:
    """After many connections there is no task, session, entry or file descriptor more than before."""
    counted = gateway.app.hub

    async def visit(number: int) -> None:
        role, subject, vehicle = (
            ("driver", "D1", "V1"),
            ("passenger", f"P{number}", None),
            ("dispatcher", "anna", None),
        )[number % 3]
        client = await gateway.client(role, subject, vehicle)  # type: ignore[arg-type]
        if role == "passenger":
            await client.ask(t="request", id="c1", pickup={"lat": 37.7, "lng": -122.4})
        if role == "dispatcher":
            await client.ask(t="watch", id="c1", cells=[CELL])
        await client.socket.close()

    async def quiet() -> None:
        await eventually(lambda: not (counted.sockets or counted.entries or counted.tasks > 5))
        await eventually(lambda: not gateway.server.server_state.connections)

    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    await visit(0)
    await quiet()
    tasks, before = len(asyncio.all_tasks()), descriptors()
    for number in range(60):
        await visit(number)
    await quiet()
    assert len(asyncio.all_tasks()) <= tasks
    assert descriptors() <= before
    assert gateway.hosts.followed == set()
