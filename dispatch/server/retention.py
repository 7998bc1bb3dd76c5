"""Deletes rows past their retention period. Events, ledger and audit log are never deleted."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from dispatch.clock import Clock
from dispatch.config.settings import JournalSettings
from dispatch.store.journal import JournalUnavailableError
from dispatch.store.queries.retention import SqlRetention

log = structlog.get_logger()

CHECK_EVERY_S: Final = 600.0
ROWS_PER_TRANSACTION: Final = 500
"""A small number, because commits wait for the transaction."""
DAY_S: Final = 86_400.0

Remove = Callable[[float, int], Awaitable[int]]


class Retention:
    """Deletes expired rows at intervals."""

    def __init__(self, store: SqlRetention, clock: Clock, settings: JournalSettings) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings

    async def run(self) -> None:
        while True:
            try:
                await self.delete_expired()
            except JournalUnavailableError as error:
                log.warning("expired rows not deleted: database unavailable", error=str(error))
            await asyncio.sleep(CHECK_EVERY_S)

    async def delete_expired(self) -> dict[str, int]:
        """Delete all expired rows; the number of rows by kind. Raises ``JournalUnavailableError``."""
        kinds: tuple[tuple[str, Remove, float, float], ...] = (
            ("replies", self._store.remove_replies, self._clock.wall(), self._settings.keep_replies_days),
            ("said", self._store.remove_said, self._clock.city(), self._settings.keep_said_days),
        )
        removed = {name: await _all(remove, now - days * DAY_S) if days > 0 else 0 for name, remove, now, days in kinds}
        if any(removed.values()):
            log.info("expired rows deleted", **removed)
        return removed


async def _all(remove: Remove, before: float) -> int:
    total = 0
    while removed := await remove(before, ROWS_PER_TRANSACTION):
        total += removed
    return total
