"""The client of the loads, at a gateway with hosts in memory."""

from __future__ import annotations

import msgspec
import pytest

from dispatch.api.client_messages import Hello, Ping
from dispatch.domain.errors import CloseCode
from sim.client.socket import HandshakeRefusedError, connect, peek
from tests.ws_gateway.conftest import Running

pytestmark = pytest.mark.integration


def url(gateway: Running, path: str = "/v1/ws") -> str:
    return f"ws://127.0.0.1:{gateway.port}{path}"


async def test_messages_are_answered(gateway: Running) -> None:
    """A request returns the answer; every message also goes to ``on_message``."""
    received: list[bytes] = []
    client = await connect(url(gateway), received.append)
    welcome = await client.request(Hello(gateway.token("passenger", "P1")), "welcome")
    pong = await client.request(Ping("p1"), "accepted")
    assert received[0] == welcome
    assert received[-1] == pong
    assert peek(pong).id == "p1"
    client.abort()


async def test_the_close_code_is_known_and_nothing_can_be_sent_after(gateway: Running) -> None:
    """The server's close frame ends the client."""
    client = await connect(url(gateway))
    client.send(Hello("nonsense"))
    assert await client.closed == CloseCode.BAD_TOKEN
    with pytest.raises(ConnectionError):
        client.send(Ping("c1"))


async def test_a_refused_handshake_has_a_status(gateway: Running) -> None:
    """The HTTP status of the answer."""
    with pytest.raises(HandshakeRefusedError) as refused:
        await connect(url(gateway, "/v1/nowhere"))
    assert 400 <= refused.value.status < 500


def test_other_messages_keep_their_kind() -> None:
    """A message whose fields have other types is decoded only as far as its kind."""
    assert peek(msgspec.msgpack.encode({"t": "odd", "id": 7})).t == "odd"
