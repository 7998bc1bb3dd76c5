"""The server that only receives."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

from bench.harness.worker_process import start_worker
from dispatch.api.client_messages import Ping
from sim.client.socket import connect


@pytest.mark.integration
async def test_messages_are_received_and_not_answered() -> None:
    """The connection stays open."""
    received: list[bytes] = []
    async with AsyncExitStack() as stack:
        server = await start_worker(stack, "bench.ingest.bare_server")
        port = (await server.call("listen"))["port"]
        client = await connect(f"ws://127.0.0.1:{port}/v1/ws", received.append)
        for number in range(100):
            client.send(Ping(f"p{number}"))
        with pytest.raises(TimeoutError):
            await client.request(Ping("last"), "accepted", within_s=0.2)
        assert (received, client.closed.done()) == ([], False)
        client.abort()
