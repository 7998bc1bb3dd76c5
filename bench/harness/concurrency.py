"""Concurrent work with a limit."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


async def map_concurrently(limit: int, act: Callable[[T], Awaitable[R]], items: Iterable[T]) -> list[R]:
    """``act`` on each item, at most ``limit`` at a time; the results in order."""
    slots = asyncio.Semaphore(limit)

    async def one(item: T) -> R:
        async with slots:
            return await act(item)

    return await asyncio.gather(*map(one, items))
