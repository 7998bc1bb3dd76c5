"""What waits for the reader of a subscription: the newest message of each channel."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from dispatch.store.bus import BusMessage


class LatestByChannel:
    """Holds at most one message a channel, so that a slow reader costs no memory. For one reader."""

    def __init__(self) -> None:
        self._waiting: dict[str, bytes] = {}
        self._failure: Exception | None = None
        self._news = asyncio.Event()

    def deliver(self, message: BusMessage) -> None:
        """Put ``message`` in the place of an older one of its channel, or last in the queue."""
        self._waiting[message.channel] = message.payload
        self._news.set()

    def forget(self, channels: Iterable[str]) -> None:
        """Throw away what waits of ``channels``."""
        for channel in channels:
            self._waiting.pop(channel, None)

    def fail(self, failure: Exception) -> None:
        """Nothing more will come: the reader gets what waits, and then ``failure``, the first one that was named."""
        self._failure = self._failure or failure
        self._news.set()

    async def take(self) -> BusMessage:
        """The channel that has waited longest, with its newest message."""
        while not self._waiting:
            if self._failure is not None:
                raise self._failure
            self._news.clear()
            await self._news.wait()
        channel = next(iter(self._waiting))
        return BusMessage(channel, self._waiting.pop(channel))
