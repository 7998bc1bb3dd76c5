"""The line from one process to one actor: calls with short deadlines, sent again under the same command ids.

Nothing below repeats a call: one that broke off half-way may have acted, and only the command id can tell.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol

import msgspec

from dispatch.actors.core.protocol import Done, Envelope, HostsUnavailableError, Refused, Reply
from dispatch.actors.rpc.transport import PeerGoneError
from dispatch.clock import Clock
from dispatch.domain.errors import ErrorCode

CALL_WITHIN_S: Final = 2.0
GIVE_UP_AFTER_S: Final = 10.0
FIRST_BACKOFF_S: Final = 0.05
LONGEST_BACKOFF_S: Final = 0.5

_encode = msgspec.msgpack.Encoder().encode
_decode_replies = msgspec.msgpack.Decoder(list[Done | Refused]).decode


class RpcPeer(Protocol):
    """A connection to an actor's process."""

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""
        ...

    @property
    def received(self) -> int:
        """How many answers have come: one from whom none comes while a call waits is silent."""
        ...

    def request(self, method: str, *arguments: object) -> Awaitable[Any]:
        """Call a method. Raises :class:`~dispatch.actors.rpc.transport.PeerGoneError`."""
        ...

    def notify(self, method: str, *arguments: object) -> bool:
        """Call a method whose answer nobody waits for; says whether it was sent."""
        ...

    def close(self) -> None:
        """Hang up: what waits for an answer gets none."""
        ...


Connect = Callable[[str], Awaitable[RpcPeer]]
"""Connects to an actor by its name. Raises :class:`ActorNotFoundError`; may wait while the actor is being born."""


class ActorNotFoundError(Exception):
    """There is no such actor, or its process cannot be reached."""


class RpcUnavailableError(Exception):
    """The actor did not answer in time, is restarting or does not exist."""


class RpcClient:
    """Calls to one actor. Commands of one turn of the loop share a call."""

    def __init__(self, name: str, clock: Clock, dial: Connect) -> None:
        self.name = name
        self._clock = clock
        self._dial = dial
        self._peer: RpcPeer | None = None
        self._dialling: asyncio.Task[None] | None = None
        self._gathered: list[tuple[Envelope, asyncio.Future[Reply]]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def call(self, method: str, *arguments: object, within_s: float = CALL_WITHIN_S) -> Any:  # noqa: ANN401
        """One call, once. Raises :class:`RpcUnavailableError`; it may have acted all the same."""
        peer, heard = None, 0
        try:
            async with asyncio.timeout(within_s):
                peer = await self._connected()
                heard = peer.received
                return await peer.request(method, *arguments)
        except (ActorNotFoundError, PeerGoneError, TimeoutError) as error:
            if isinstance(error, TimeoutError) and peer is not None and peer.received == heard:
                peer.close()  # silent all the while: perhaps it was replaced, and only Ray knows where it is now
            raise RpcUnavailableError(f"{self.name}.{method}: {type(error).__name__}") from error

    def notify(self, method: str, *arguments: object) -> bool:
        """A call whose answer nobody waits for; says whether it was sent."""
        if self._peer is None or self._peer.closed:
            self._begin_dialling()
            return False
        return self._peer.notify(method, *arguments)

    async def command(self, envelope: Envelope) -> Reply:
        """Send a command until it is answered. Raises ``HostsUnavailableError`` after the overall deadline."""
        deadline = self._clock.wall() + GIVE_UP_AFTER_S
        backoff = FIRST_BACKOFF_S
        while True:
            try:
                reply = await self._gather(envelope)
            except RpcUnavailableError as error:
                if self._clock.wall() >= deadline:
                    raise HostsUnavailableError(str(error)) from error
            else:
                if not (isinstance(reply, Refused) and reply.code == ErrorCode.IN_PROGRESS):
                    return reply
                if self._clock.wall() >= deadline:
                    raise HostsUnavailableError(f"{self.name} is still at work")
            await asyncio.sleep(backoff)
            backoff = min(LONGEST_BACKOFF_S, backoff * 2)

    def _gather(self, envelope: Envelope) -> asyncio.Future[Reply]:
        loop = asyncio.get_running_loop()
        if not self._gathered:
            loop.call_soon(self._send_gathered)
        waiter: asyncio.Future[Reply] = loop.create_future()
        self._gathered.append((envelope, waiter))
        return waiter

    def _send_gathered(self) -> None:
        gathered, self._gathered = self._gathered, []
        task = asyncio.get_running_loop().create_task(self._submit(gathered))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _submit(self, gathered: Sequence[tuple[Envelope, asyncio.Future[Reply]]]) -> None:
        try:
            body = await self.call("submit", _encode([envelope for envelope, _ in gathered]))
        except RpcUnavailableError as error:
            for _, waiter in gathered:
                if not waiter.done():
                    waiter.set_exception(RpcUnavailableError(str(error)))
            return
        for (_, waiter), reply in zip(gathered, _decode_replies(body), strict=True):
            if not waiter.done():
                waiter.set_result(reply)

    async def _connected(self) -> RpcPeer:
        if self._peer is None or self._peer.closed:
            await asyncio.shield(self._begin_dialling())
        assert self._peer is not None  # noqa: S101 - or the dialling has raised
        return self._peer

    def _begin_dialling(self) -> asyncio.Task[None]:
        """One attempt to connect at a time, for all who wait."""
        if self._dialling is None or self._dialling.done():
            self._dialling = asyncio.get_running_loop().create_task(self._dialled())
            self._dialling.add_done_callback(_heard_of)
        return self._dialling

    async def _dialled(self) -> None:
        self._peer = await self._dial(self.name)


def _heard_of(dialling: asyncio.Task[None]) -> None:
    """Why nobody is there concerns those who wait, if any does."""
    if not dialling.cancelled():
        dialling.exception()
