"""The line from one process to one Ray actor: calls with short deadlines, sent again under the same command ids.

``max_task_retries`` is 0 everywhere: a method that died half-way may have acted, and only the command id can tell.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import ray
import ray.exceptions

from dispatch.actors.protocol import Done, Envelope, HostsUnavailableError, Refused, Reply
from dispatch.actors.system import NAMESPACE
from dispatch.clock import Clock
from dispatch.errors import ErrorCode

CALL_WITHIN_S: Final = 2.0
GIVE_UP_AFTER_S: Final = 10.0
FIRST_BACKOFF_S: Final = 0.05
LONGEST_BACKOFF_S: Final = 0.5

_encode = msgspec.msgpack.Encoder().encode
_decode_replies = msgspec.msgpack.Decoder(list[Done | Refused]).decode

Finder = Callable[[str], Any]
"""Gives the handle of an actor by its name; may raise ``ValueError`` where there is none."""


def find_actor(name: str) -> Any:  # noqa: ANN401 - Ray's handles are untyped
    """The handle of a standing actor. Raises ``ValueError`` where there is none."""
    return ray.get_actor(name, namespace=NAMESPACE)


class LineDownError(Exception):
    """The actor did not answer in time, is restarting or does not exist."""


class Line:
    """Calls to one actor. Commands of one turn of the loop share a Ray call."""

    def __init__(self, name: str, clock: Clock, find: Finder = find_actor) -> None:
        self.name = name
        self._clock = clock
        self._find = find
        self._handle: Any = None
        self._gathered: list[tuple[Envelope, asyncio.Future[Reply]]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def call(self, method: str, *arguments: object, within_s: float = CALL_WITHIN_S) -> Any:  # noqa: ANN401
        """One call, once. Raises :class:`LineDownError`; it may have acted all the same."""
        try:
            handle = await self._handle_now()
            return await asyncio.wait_for(_result(getattr(handle, method).remote(*arguments)), within_s)
        except (ray.exceptions.RayError, TimeoutError, ValueError) as error:
            if isinstance(error, (ray.exceptions.ActorDiedError, ValueError)):
                self._handle = None
            raise LineDownError(f"{self.name}.{method}: {type(error).__name__}") from error

    def tell(self, method: str, *arguments: object) -> bool:
        """A call whose answer nobody waits for; says whether it was sent."""
        if self._handle is None:
            self._spawn_find()
            return False
        try:
            getattr(self._handle, method).remote(*arguments)
        except ray.exceptions.RayError:
            self._handle = None
            return False
        return True

    async def command(self, envelope: Envelope) -> Reply:
        """Send a command until it is answered. Raises ``HostsUnavailableError`` after the overall deadline."""
        deadline = self._clock.wall() + GIVE_UP_AFTER_S
        backoff = FIRST_BACKOFF_S
        while True:
            try:
                reply = await self._gather(envelope)
            except LineDownError as error:
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
        except LineDownError as error:
            for _, waiter in gathered:
                if not waiter.done():
                    waiter.set_exception(LineDownError(str(error)))
            return
        for (_, waiter), reply in zip(gathered, _decode_replies(body), strict=True):
            if not waiter.done():
                waiter.set_result(reply)

    async def _handle_now(self) -> Any:  # noqa: ANN401 - Ray's handles are untyped
        if self._handle is None:
            self._handle = await asyncio.to_thread(self._find, self.name)
        return self._handle

    def _spawn_find(self) -> None:
        async def find() -> None:
            try:
                await self._handle_now()
            except (ray.exceptions.RayError, ValueError):
                self._handle = None

        if not any(task.get_name() == f"find {self.name}" for task in self._tasks):
            task = asyncio.get_running_loop().create_task(find(), name=f"find {self.name}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _result(ref: Any) -> Any:  # noqa: ANN401 - Ray's references are untyped
    return await ref
