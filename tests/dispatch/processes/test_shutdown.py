"""Signals set an event, and work that is under way is cancelled with its cleanup."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from dispatch.processes.shutdown import run_until, stop_on_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_requests_the_stop(number: signal.Signals) -> None:
    """A second signal changes nothing."""
    loop = asyncio.get_running_loop()
    stop = stop_on_signals()
    try:
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
        async with asyncio.timeout(10):
            await stop.wait()
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        loop.remove_signal_handler(signal.SIGTERM)


async def test_finished_work_is_reported() -> None:
    """Work that completes before the stop is not cancelled; its exceptions are raised."""

    async def fails() -> None:
        raise ValueError("broken")

    assert await run_until(asyncio.Event(), asyncio.sleep(0))
    with pytest.raises(ValueError, match="broken"):
        await run_until(asyncio.Event(), fails())


async def test_work_is_cancelled_and_cleans_up() -> None:
    """The stop waits for the cleanup."""
    stop, steps = asyncio.Event(), list[str]()

    async def work() -> None:
        try:
            stop.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            steps.append("cleaned up")

    assert not await run_until(stop, work())
    assert steps == ["cleaned up"]
