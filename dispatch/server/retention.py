"""What is kept for a while alone. Events, ledger and audit log are none of it: they are the journal, and stay."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from dispatch.clock import Clock
from dispatch.config.settings import JournalSettings
from dispatch.store.journal import JournalUnavailableError
from dispatch.store.queries.retention import SqlRetention

log = structlog.get_logger()

LOOK_EVERY_S: Final = 600.0
AT_ONCE: Final = 500
"""So many rows a transaction, so that nobody who commits waits long."""
DAY_S: Final = 86_400.0

Remove = Callable[[float, int], Awaitable[int]]


class Retention:
    """Removes, now and then, what is older than the settings say."""

    def __init__(self, store: SqlRetention, clock: Clock, settings: JournalSettings) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.remove_old()
            except JournalUnavailableError as error:
                log.warning("old rows were not removed", error=str(error))
            await asyncio.sleep(LOOK_EVERY_S)

    async def remove_old(self) -> dict[str, int]:
        """Remove all that is too old; how many rows, by kind. Raises ``JournalUnavailableError``."""
        kinds: tuple[tuple[str, Remove, float, float], ...] = (
            ("replies", self._store.remove_replies, self._clock.wall(), self._settings.keep_replies_days),
            ("said", self._store.remove_said, self._clock.city(), self._settings.keep_said_days),
        )
        removed = {name: await _all(remove, now - days * DAY_S) if days > 0 else 0 for name, remove, now, days in kinds}
        if any(removed.values()):
            log.info("old rows were removed", **removed)
        return removed


async def _all(remove: Remove, before: float) -> int:
    total = 0
    while removed := await remove(before, AT_ONCE):
        total += removed
    return total
