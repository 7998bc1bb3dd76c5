"""The unread messages of a subscription: the latest message of each channel."""

import asyncio
from collections.abc import Iterable

from dispatch.store.bus import BusMessage


class LatestByChannel:
    """Holds at most one message per channel, so that a slow reader costs no memory. For one reader."""

    def __init__(self) -> None:
        self._waiting: dict[str, bytes] = {}
        self._failure: Exception | None = None
        self._changed = asyncio.Event()

    def deliver(self, message: BusMessage) -> None:
        """Replace an older message of the same channel, which keeps its place in the queue, or append."""
        self._waiting[message.channel] = message.payload
        self._changed.set()

    def forget(self, channels: Iterable[str]) -> None:
        for channel in channels:
            self._waiting.pop(channel, None)

    def fail(self, failure: Exception) -> None:
        """No message follows: the reader gets the unread messages, then ``failure`` (of several calls, the first)."""
        self._failure = self._failure or failure
        self._changed.set()

    async def take(self) -> BusMessage:
        """The channel that has waited longest, with its latest message."""
        while not self._waiting:
            if self._failure is not None:
                raise self._failure
            self._changed.clear()
            await self._changed.wait()
        channel = next(iter(self._waiting))
        return BusMessage(channel, self._waiting.pop(channel))
