"""The line to an actor: connects by itself, gives up in time, and sends a command until it is answered."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from dispatch.actors.core.protocol import Done, Envelope, HostsUnavailableError, Refused, Reply
from dispatch.actors.rpc import client as lines
from dispatch.actors.rpc.client import ActorNotFoundError, RpcClient, RpcPeer, RpcUnavailableError
from dispatch.actors.rpc.transport import PeerGoneError
from dispatch.clock import ManualClock
from dispatch.domain.entity import SYSTEM
from dispatch.domain.errors import ErrorCode


class Fake:
    """A peer whose answers are scripted; None: it never answers."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, tuple[object, ...]]] = []
        self.closed = False
        self.received = 0

    async def request(self, method: str, *arguments: object) -> object:
        self.asked.append((method, arguments))
        answer = self.answers.pop(0) if self.answers else None
        if answer is None:
            await asyncio.get_running_loop().create_future()
        if isinstance(answer, Exception):
            raise answer
        self.received += 1
        return answer

    def notify(self, method: str, *arguments: object) -> bool:
        self.asked.append((method, arguments))
        return True

    def close(self) -> None:
        self.closed = True


class Exchange:
    """Connects to these peers, one after the other; an exception is raised instead."""

    def __init__(self, *peers: Fake | Exception) -> None:
        self.peers = list(peers)
        self.dialled = 0

    async def dial(self, _: str) -> RpcPeer:
        self.dialled += 1
        await asyncio.sleep(0)
        peer = self.peers.pop(0)
        if isinstance(peer, Exception):
            raise peer
        return peer


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "FIRST_BACKOFF_S", 0.0)
    monkeypatch.setattr(lines, "LONGEST_BACKOFF_S", 0.0)


def line_to(exchange: Exchange, clock: ManualClock | None = None) -> RpcClient:
    return RpcClient("vehicle-0", clock or ManualClock(1000.0), exchange.dial)


def replies(*them: Reply) -> bytes:
    return msgspec.msgpack.encode(them)


def command(name: str) -> Envelope:
    return Envelope("vehicle:V1", name, SYSTEM, b"")


async def test_calls_share_one_connection() -> None:
    """Many who begin at once dial once."""
    peer = Fake("a", "b", "c")
    exchange = Exchange(peer)
    line = line_to(exchange)
    assert sorted(await asyncio.gather(*(line.call("ping") for _ in range(3)))) == ["a", "b", "c"]
    assert exchange.dialled == 1


async def test_a_broken_connection_is_made_anew() -> None:
    """The call that it broke under fails, the next one dials."""
    old, new = Fake(PeerGoneError("reset")), Fake("here")
    line = line_to(Exchange(old, new))
    with pytest.raises(RpcUnavailableError, match="PeerGoneError"):
        await line.call("ping")
    old.closed = True
    assert await line.call("ping") == "here"


async def test_who_is_silent_is_looked_for_again() -> None:
    """A call without any answer in its time hangs up: a replaced process must not be called for ever."""
    silent, other = Fake(), Fake("here")
    line = line_to(Exchange(silent, other))
    with pytest.raises(RpcUnavailableError, match="TimeoutError"):
        await line.call("ping", within_s=0.01)
    assert silent.closed
    assert await line.call("ping") == "here"


async def test_who_answers_others_is_only_slow() -> None:
    """A call that takes too long among others that do not keeps the connection."""
    peer = Fake(None, "quick")
    line = line_to(Exchange(peer))
    slow = asyncio.ensure_future(line.call("poll", within_s=0.05))
    await asyncio.sleep(0)
    assert await line.call("ping") == "quick"
    with pytest.raises(RpcUnavailableError):
        await slow
    assert not peer.closed


async def test_nobody_there_is_tried_again_with_the_next_call() -> None:
    """An actor that is not made yet, or a process that is gone."""
    line = line_to(Exchange(ActorNotFoundError("none"), Fake("here")))
    with pytest.raises(RpcUnavailableError, match="ActorNotFoundError"):
        await line.call("ping")
    assert await line.call("ping") == "here"


async def test_what_is_told_before_there_is_a_connection_is_not_sent() -> None:
    """It says so, and connects meanwhile."""
    peer = Fake("pong")
    line = line_to(Exchange(peer))
    assert not line.notify("fixes", b"1")
    assert await line.call("ping") == "pong"
    assert line.notify("fixes", b"2")
    assert peer.asked[-1] == ("fixes", (b"2",))


async def test_commands_of_one_turn_go_together() -> None:
    """One call, each its own reply."""
    peer = Fake(replies(Done(1, "idle"), Refused(3001)))
    line = line_to(Exchange(peer))
    first, second = await asyncio.gather(line.command(command("a")), line.command(command("b")))
    assert (first, second) == (Done(1, "idle"), Refused(3001))
    assert len(peer.asked) == 1


async def test_a_command_is_sent_until_it_is_answered() -> None:
    """Over a broken connection, a host that is not there, and one that is still at work: the same command each time."""
    broken, busy = Fake(PeerGoneError("reset")), Fake(replies(Refused(ErrorCode.IN_PROGRESS.value)))
    broken.closed = True
    busy.answers.append(replies(Done(4, "on_trip")))
    line = line_to(Exchange(broken, ActorNotFoundError("reborn"), busy))
    assert await line.command(command("a")) == Done(4, "on_trip")
    assert broken.asked[0] == busy.asked[0] == busy.asked[1]


async def test_a_command_is_given_up_in_time() -> None:
    """Who sent it is told that nobody answers; it may have acted all the same."""
    clock = ManualClock(1000.0)

    async def nobody(_: str) -> RpcPeer:
        clock.advance(6.0)
        raise ActorNotFoundError("none")

    with pytest.raises(HostsUnavailableError):
        await RpcClient("vehicle-0", clock, nobody).command(command("a"))
