"""Writes a host's alarms beside the journal. The host does not wait for it, nor stop while the database is away."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from dispatch.api.server_messages import Alarm
from dispatch.store.journal import JournalUnavailableError

log = structlog.get_logger()

RETRY_S: Final = 1.0
MOST_WAITING: Final = 10_000
BATCH: Final = 200


class AlarmWriter:
    """Keeps alarms in their order, each again until it is written; of too many the oldest are let go.

    ``keep`` writes alarms that are not there yet, and raises ``JournalUnavailableError``.
    """

    def __init__(self, keep: Callable[[Sequence[Alarm]], Awaitable[None]], *, retry_s: float = RETRY_S) -> None:
        self._keep = keep
        self._retry_s = retry_s
        self._waiting: deque[Alarm] = deque(maxlen=MOST_WAITING)
        self._news = asyncio.Event()

    def add(self, alarm: Alarm) -> None:
        """Something a dispatcher has to look at."""
        self._waiting.append(alarm)
        self._news.set()

    async def run(self) -> None:
        """Write for ever."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                await self._write()

    async def flush(self) -> None:
        """Try once to write what waits: the host is about to end."""
        if self._waiting:
            await self._write()

    async def _write(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        try:
            await self._keep(batch)
        except asyncio.CancelledError:
            self._waiting.extendleft(reversed(batch))
            raise
        except JournalUnavailableError as error:
            log.warning("alarms are not written yet", alarms=len(batch), error=str(error))
            self._waiting.extendleft(reversed(batch))
            await asyncio.sleep(self._retry_s)
