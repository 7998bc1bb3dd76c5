"""Calls from one process to one actor, with short deadlines. Commands are retried under the same command id.

No layer below repeats a call: a call that was interrupted may have acted, and only the command id can tell.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol

import msgspec

from dispatch.actors.core.protocol import Done, Envelope, HostsUnavailableError, Refused, Reply
from dispatch.actors.rpc.transport import PeerGoneError
from dispatch.clock import Clock
from dispatch.domain.errors import ErrorCode
from dispatch.processes.task_set import TaskSet

CALL_WITHIN_S: Final = 2.0
GIVE_UP_AFTER_S: Final = 10.0
FIRST_BACKOFF_S: Final = 0.05
LONGEST_BACKOFF_S: Final = 0.5

_encode = msgspec.msgpack.Encoder().encode
_decode_replies = msgspec.msgpack.Decoder(list[Done | Refused]).decode


class RpcPeer(Protocol):
    """A connection to an actor's process."""

    @property
    def closed(self) -> bool: ...

    @property
    def received(self) -> int:
        """Number of answers received. If it does not grow while a call waits, the peer is silent."""

    def request(self, method: str, *arguments: object) -> Awaitable[Any]:
        """Call a method. Raises :class:`~dispatch.actors.rpc.transport.PeerGoneError`."""

    def notify(self, method: str, *arguments: object) -> bool:
        """Call a method without waiting for an answer. False if it was not sent."""

    def close(self) -> None:
        """Close the connection; pending calls fail."""


Connect = Callable[[str], Awaitable[RpcPeer]]
"""Connects to an actor by its name. Raises :class:`ActorNotFoundError`; may wait while the actor starts."""


class ActorNotFoundError(Exception):
    """There is no such actor, or its process cannot be reached."""


class RpcUnavailableError(Exception):
    """The actor did not answer in time, is restarting or does not exist."""


class RpcClient:
    """Calls to one actor. Commands sent in the same loop iteration share a call."""

    def __init__(self, name: str, clock: Clock, connect: Connect) -> None:
        self.name = name
        self._clock = clock
        self._connect = connect
        self._peer: RpcPeer | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._gathered: list[tuple[Envelope, asyncio.Future[Reply]]] = []
        self._tasks = TaskSet()

    async def call(self, method: str, *arguments: object, within_s: float = CALL_WITHIN_S) -> Any:  # noqa: ANN401
        """One call, sent once. Raises :class:`RpcUnavailableError`; the call may have acted nevertheless."""
        peer, received = None, 0
        try:
            async with asyncio.timeout(within_s):
                peer = await self._connected()
                received = peer.received
                return await peer.request(method, *arguments)
        except (ActorNotFoundError, PeerGoneError, TimeoutError) as error:
            if isinstance(error, TimeoutError) and peer is not None and peer.received == received:
                peer.close()  # no answer at all: the actor may have moved, so the next call looks it up again
            raise RpcUnavailableError(f"{self.name}.{method}: {type(error).__name__}") from error

    def notify(self, method: str, *arguments: object) -> bool:
        if self._peer is None or self._peer.closed:
            self._begin_connecting()
            return False
        return self._peer.notify(method, *arguments)

    async def command(self, envelope: Envelope) -> Reply:
        """Send a command until it is answered. Raises ``HostsUnavailableError`` after GIVE_UP_AFTER_S."""
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
                    raise HostsUnavailableError(f"{self.name}: command still in progress")
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
        self._tasks.spawn(self._submit(gathered))

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
            await asyncio.shield(self._begin_connecting())
        assert self._peer is not None  # noqa: S101 - otherwise connecting has raised
        return self._peer

    def _begin_connecting(self) -> asyncio.Task[None]:
        if self._connecting is None or self._connecting.done():
            self._connecting = asyncio.get_running_loop().create_task(self._open_peer())
            self._connecting.add_done_callback(_retrieve_exception)
        return self._connecting

    async def _open_peer(self) -> None:
        self._peer = await self._connect(self.name)


def _retrieve_exception(connecting: asyncio.Task[None]) -> None:
    """Mark the exception as retrieved: only pending calls report it."""
    if not connecting.cancelled():
        connecting.exception()
