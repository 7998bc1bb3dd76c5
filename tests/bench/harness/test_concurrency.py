"""Concurrent work with a limit."""

from __future__ import annotations

import asyncio

from bench.harness.concurrency import map_concurrently


async def test_no_more_than_the_limit_run_at_a_time() -> None:
    """The results keep the order of the items, whichever is done first."""
    running: list[int] = []
    most = 0

    async def act(item: int) -> int:
        nonlocal most
        running.append(item)
        most = max(most, len(running))
        for _ in range(10 - item):
            await asyncio.sleep(0)
        running.remove(item)
        return item * item

    assert await map_concurrently(3, act, range(10)) == [item * item for item in range(10)]
    assert most == 3
