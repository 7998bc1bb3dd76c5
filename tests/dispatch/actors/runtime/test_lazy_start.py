"""An actor is initialised once, by the first call, and again after a failure."""

from __future__ import annotations

import asyncio

import pytest

from dispatch.actors.runtime.lazy_start import LazyStart


async def test_concurrent_calls_share_one_start() -> None:
    """All calls get the result of one initialisation."""
    starts = 0

    async def start() -> int:
        nonlocal starts
        starts += 1
        await asyncio.sleep(0)
        return starts

    lazy = LazyStart(start)

    results = await asyncio.gather(*(lazy.ready() for _ in range(3)))
    assert results == [1, 1, 1]
    assert await lazy.ready() == 1


async def test_a_failed_start_is_repeated() -> None:
    """The call that met the failure gets it; the next call starts anew."""
    failures = [OSError("no database")]

    async def start() -> str:
        if failures:
            raise failures.pop()
        return "started"

    lazy = LazyStart(start)
    with pytest.raises(OSError, match="no database"):
        await lazy.ready()

    assert await lazy.ready() == "started"
