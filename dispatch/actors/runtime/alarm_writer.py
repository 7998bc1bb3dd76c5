"""Writes a host's alarms to the database in the background. The host continues while the database is unavailable."""

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
    """Writes alarms in order and retries until each is written. If too many wait, the oldest are dropped.

    ``record`` writes alarms that do not exist yet, and raises ``JournalUnavailableError``.
    """

    def __init__(self, record: Callable[[Sequence[Alarm]], Awaitable[None]], *, retry_s: float = RETRY_S) -> None:
        self._record = record
        self._retry_s = retry_s
        self._waiting: deque[Alarm] = deque(maxlen=MOST_WAITING)
        self._news = asyncio.Event()

    def add(self, alarm: Alarm) -> None:
        self._waiting.append(alarm)
        self._news.set()

    async def run(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                await self._write()

    async def flush(self) -> None:
        if self._waiting:
            await self._write()

    async def _write(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        try:
            await self._record(batch)
        except asyncio.CancelledError:
            self._waiting.extendleft(reversed(batch))
            raise
        except JournalUnavailableError as error:
            log.warning("alarm writes deferred: database unavailable", alarms=len(batch), error=str(error))
            self._waiting.extendleft(reversed(batch))
            await asyncio.sleep(self._retry_s)
