"""Stopping in order: the first signal asks for it, further ones change nothing."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any


def stop_on_signals(stop: asyncio.Event | None = None) -> asyncio.Event:
    """An event that Ctrl-C and SIGTERM set; a second Ctrl-C changes nothing, for the stop is under way.

    Called again with the event after Ray has started: its core library puts a handler of its own on SIGTERM, which
    prints a stack and aborts.
    """
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.remove_signal_handler(number)
        loop.add_signal_handler(number, stop.set)
    return stop


async def run_until(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do ``work``; if ``stop`` is set before it is done, cancel it and let it tidy up. Says whether it was done."""
    doing = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait([doing, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if doing.done():
        await doing
        return True
    doing.cancel()
    await asyncio.gather(doing, return_exceptions=True)
    return False
