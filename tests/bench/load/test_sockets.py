"""Idle sockets, at a gateway with hosts in memory."""

from __future__ import annotations

import pytest

from bench.load.sockets import IdleSockets
from tests.ws_gateway.conftest import Running

pytestmark = pytest.mark.integration


async def test_open_sockets_answer(gateway: Running) -> None:
    """All are opened, counted, and each answers its ping."""
    sockets = IdleSockets()
    tokens = [gateway.token("passenger", f"P{n}") for n in range(30)]
    opened = await sockets.open(f"ws://127.0.0.1:{gateway.port}/v1/ws", tokens, at_once=10)
    assert (opened["open"], opened["refused"]) == (30, 0)
    assert (await sockets.count())["open"] == 30
    found = await sockets.ping(per_s=500.0)
    assert (found["asked"], found["answered"]) == (30, 30)
    assert found["max_ms"] is not None
