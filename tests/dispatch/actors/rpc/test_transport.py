"""Calls past Ray, over real sockets."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from dispatch.actors.rpc import transport as direct
from dispatch.actors.rpc.transport import Address, PeerGoneError, RpcConnection, RpcServer, connect

pytestmark = pytest.mark.integration

WITHIN_S = 10.0


class Parrot:
    """Says again what it hears; holds its tongue on demand."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.received = asyncio.Event()
        self.may_speak = asyncio.Event()

    async def say(self, words: str, times: int) -> list[str]:
        return [words] * times

    async def wait(self, words: str) -> str:
        await self.may_speak.wait()
        return words

    async def note(self, words: str) -> None:
        self.told.append(words)
        self.received.set()

    async def echo(self, body: bytes) -> bytes:
        return body

    async def stumble(self) -> None:
        raise ValueError("no words")

    async def mumble(self) -> object:
        return object()

    @property
    def offered(self) -> dict[str, Callable[..., Awaitable[Any]]]:
        calls = (self.say, self.wait, self.note, self.echo, self.stumble, self.mumble)
        return {call.__name__: call for call in calls}


@pytest.fixture
async def parrot() -> Parrot:
    return Parrot()


@pytest.fixture
async def address(parrot: Parrot) -> AsyncIterator[Address]:
    server = RpcServer(parrot.offered)
    yield await server.open("127.0.0.1")
    server.close()


@pytest.fixture
async def peer(address: Address) -> AsyncIterator[RpcConnection]:
    peer = await connect(address)
    yield peer
    peer.close()


async def test_calls_are_answered(peer: RpcConnection) -> None:
    """With what the method returned, large bodies too; many at once, each its own."""
    async with asyncio.timeout(WITHIN_S):
        assert await peer.request("say", "ah", 2) == ["ah", "ah"]
        assert await peer.request("echo", bytes(3_000_000)) == bytes(3_000_000)
        assert await asyncio.gather(*(peer.request("say", str(n), 1) for n in range(200))) == [
            [str(n)] for n in range(200)
        ]
    assert peer.received == 202


async def test_a_slow_call_holds_up_no_other(peer: RpcConnection, parrot: Parrot) -> None:
    """Answers come as they are ready."""
    async with asyncio.timeout(WITHIN_S):
        slow = peer.request("wait", "later")
        assert await peer.request("say", "now", 1) == ["now"]
        assert not slow.done()
        parrot.may_speak.set()
        assert await slow == "later"


async def test_what_is_told_is_not_answered(peer: RpcConnection, parrot: Parrot) -> None:
    """But heard."""
    assert peer.notify("note", "psst")
    async with asyncio.timeout(WITHIN_S):
        await parrot.received.wait()
    assert (parrot.told, peer.received) == (["psst"], 0)


@pytest.mark.parametrize(
    ("method", "said"), [("stumble", "no words"), ("mumble", "unsupported"), ("fly", "fly"), ("__init__", "__init__")]
)
async def test_a_call_that_breaks_down_is_said(peer: RpcConnection, method: str, said: str) -> None:
    """Also where there is no such method, or none that is offered; the connection goes on."""
    with capture_logs() as logs:
        with pytest.raises(PeerGoneError, match=said):
            await peer.request(method)
        assert await peer.request("say", "still here", 1) == ["still here"]
    assert [each["method"] for each in logs] == [method]


async def test_a_peer_that_hangs_up_fails_what_waits(peer: RpcConnection) -> None:
    """Nobody waits for an answer that cannot come any more, and nothing more is sent."""
    waiting = peer.request("wait", "never")
    peer.close()
    with pytest.raises(PeerGoneError):
        await waiting
    with pytest.raises(PeerGoneError):
        await peer.request("say", "hello", 1)
    assert peer.closed
    assert not peer.notify("note", "hello")


async def test_who_lacks_the_key_may_call_nothing(address: Address, parrot: Parrot) -> None:
    """The connection is cut before anything is done."""
    stranger = await connect(address._replace(key=bytes(32)))
    with pytest.raises(PeerGoneError):
        await stranger.request("note", "let me in")
    assert parrot.told == []


@pytest.mark.parametrize("frame", [b"\xc1", msgspec.msgpack.encode(["one", 2]), msgspec.msgpack.encode(7)])
async def test_nonsense_is_cut_off(address: Address, frame: bytes) -> None:
    """Only the connection that it came over."""
    reader, writer = await asyncio.open_connection(address.host, address.port)
    for body in (address.key, frame):
        writer.write(struct.pack(">I", len(body)) + body)
    async with asyncio.timeout(WITHIN_S):
        assert await reader.read() == b""
    writer.close()
    other = await connect(address)
    assert await other.request("say", "fine", 1) == ["fine"]
    other.close()


@pytest.mark.parametrize("known", [False, True])
async def test_a_frame_that_is_too_long_is_cut_off(
    address: Address, monkeypatch: pytest.MonkeyPatch, *, known: bool
) -> None:
    """Before it is read; who has not said the key may send no more than a key."""
    monkeypatch.setattr(direct, "MOST_BYTES", 100)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    if known:
        writer.write(struct.pack(">I", len(address.key)) + address.key)
    writer.write(struct.pack(">I", 101 if known else len(address.key) + 1))
    async with asyncio.timeout(WITHIN_S):
        assert await reader.read() == b""
    writer.close()


async def test_nothing_is_told_to_who_does_not_read(peer: RpcConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody waits for does not pile up in memory."""
    monkeypatch.setattr(direct, "CONGESTED_BYTES", -1)
    assert not peer.notify("note", "psst")
