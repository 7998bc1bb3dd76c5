"""Initialisation of an actor on its event loop, and of its bus with the first frame.

A restarted host answers commands before it draws maps: importing the Redis client takes a second of CPU time, and no
decision of a host needs it.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from importlib import import_module
from typing import Any, Generic, Protocol, TypeVar

from dispatch.store.bus import Bus, BusMessage

T = TypeVar("T")


class LazyStart(Generic[T]):
    """Runs ``start`` with the first call of :meth:`ready`. Concurrent calls share it; a failed start is repeated."""

    def __init__(self, start: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._start = start
        self._started: asyncio.Task[T] | None = None

    async def ready(self) -> T:
        if self._started is None or (self._started.done() and self._started.exception() is not None):
            self._started = asyncio.get_running_loop().create_task(self._start())
        return await asyncio.shield(self._started)


class Publisher(Protocol):
    """The part of a bus that hosts use."""

    async def publish_many(self, messages: Sequence[BusMessage]) -> Sequence[int]:
        """Publish all messages at once; the number of receivers of each. Raises ``BusUnavailableError``."""

    async def put_many(self, entries: Sequence[tuple[str, bytes]], ttl_s: float) -> None:
        """Store all entries for ``ttl_s``. Raises ``BusUnavailableError``."""

    async def close(self) -> None: ...


class LazyBus:
    """A :class:`Publisher` on the Redis at ``url``."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._bus: Bus | None = None
        self._opening = asyncio.Lock()

    async def publish_many(self, messages: Sequence[BusMessage]) -> Sequence[int]:
        bus = self._bus or await self._open()
        return await bus.publish_many(messages)

    async def put_many(self, entries: Sequence[tuple[str, bytes]], ttl_s: float) -> None:
        bus = self._bus or await self._open()
        await bus.put_many(entries, ttl_s)

    async def _open(self) -> Bus:
        async with self._opening:
            if self._bus is None:
                module = await asyncio.to_thread(import_module, "dispatch.store.buses.redis_bus")
                self._bus = module.RedisBus(self._url)
            return self._bus

    async def close(self) -> None:
        if self._bus is not None:
            await self._bus.close()
