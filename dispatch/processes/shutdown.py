"""Orderly shutdown: the first signal requests it, further signals change nothing."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any


def stop_on_signals(stop: asyncio.Event | None = None) -> asyncio.Event:
    """An event that Ctrl-C and SIGTERM set.

    To be called again with the event after Ray has started: Ray's core library installs its own handler for SIGTERM,
    which prints a stack and aborts.
    """
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.remove_signal_handler(number)
        loop.add_signal_handler(number, stop.set)
    return stop


async def run_until(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Run ``work``, or cancel it and wait for its cleanup when ``stop`` is set first. True if ``work`` completed."""
    working = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if working.done():
        await working
        return True
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    return False
