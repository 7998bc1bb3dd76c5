"""Initialisation of an actor on its event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

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
