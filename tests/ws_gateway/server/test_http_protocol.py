"""Requests that are never said to their end."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from tests.ws_gateway.conftest import Running, Start

pytestmark = pytest.mark.integration

_HEAD = b"POST /v1/auth/driver HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
_GET = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"


async def _until_cut(gateway: Running, *parts: bytes) -> bytes:
    """What the server says before it closes the socket."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        async with asyncio.timeout(10):
            try:
                return await reader.read()
            except ConnectionResetError:
                return b""
    finally:
        writer.close()


@pytest.mark.parametrize("said", [b"", b"G", _HEAD, _HEAD + b"Content-Length: 100\r\n\r\n{"])
async def test_a_request_that_is_not_said_to_its_end_is_cut(start: Start, said: bytes) -> None:
    """In its head or its body, or before either: no socket waits for ever."""
    assert await _until_cut(await start(request_s=0.2), said) == b""


async def test_a_second_request_has_its_time_too(start: Start) -> None:
    """After an answer the next one begins anew; a whole request is answered whatever came before."""
    gateway = await start(request_s=1.0)
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    for _ in range(3):
        writer.write(_GET)
        assert b"200 OK" in await reader.readuntil(b"}")
    writer.write(_GET[:10])
    async with asyncio.timeout(10):
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
    writer.close()


async def test_a_socket_outlives_the_deadline_of_its_handshake(start: Start) -> None:
    """Once it is a WebSocket the session looks after its silence."""
    gateway = await start(request_s=0.2)
    client = await gateway.client("driver", "D1", "V1")
    assert await _until_cut(gateway, b"") == b""  # a later connection has met its deadline
    assert (await client.ask(t="ping", id="c1"))["t"] == "accepted"
