"""The journal of a simulated process: the one in memory with failures, stalls, false conflicts and unreported commits.

The process may crash at checkpoints before and after each commit, and before each load.
"""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from math import inf
from typing import Final

from dispatch.domain.entity import EntityKey
from dispatch.store.journal import (
    Batch,
    Committed,
    Conflict,
    JournalUnavailableError,
    StoredCommand,
    StoredEvent,
    StoredHistory,
    StoredReply,
)
from sim.simtest.commit_log import CommitLog
from sim.simtest.context import Checkpoint, SimContext

LOOK_S: Final = 0.002


class FaultyJournal:
    """Fulfils the contract of ``dispatch.store.journal``."""

    def __init__(self, context: SimContext, commit_log: CommitLog, writer: str, checkpoint: Checkpoint) -> None:
        self._faults = context.faults
        self._true = context.journal
        self._note = context.note
        self._commit_log = commit_log
        self._writer = writer
        self._checkpoint = checkpoint

    async def commit(self, batch: Batch) -> Committed | Conflict:
        await self._takes_time()
        await self._checkpoint("before commit")
        if self._faults.occurs("journal_fails", "journal: fails"):
            raise JournalUnavailableError("the database is away")
        if self._faults.occurs("journal_stalls", "journal: stalls"):
            await asyncio.sleep(self._faults.rng.uniform(0.5, 2.5))
        if self._faults.occurs("journal_conflict", "journal: conflict"):
            return Conflict({}, {}, [])
        result = await self._true.commit(batch)
        if isinstance(result, Conflict):
            self._note(f"{self._writer} conflict {sorted(map(str, result.streams))}")
            return result
        self._commit_log.committed(self._writer, batch)
        if self._faults.occurs("journal_unacknowledged", "journal: written, not acknowledged"):
            raise JournalUnavailableError("the connection broke after the commit")
        await self._checkpoint("after commit")
        await self._takes_time()
        return result

    async def load(self, keys: Sequence[EntityKey]) -> Sequence[StoredHistory]:
        await self._takes_time()
        await self._checkpoint("loading")
        if self._faults.occurs("load_fails", "journal: load fails"):
            raise JournalUnavailableError("the database is away")
        return await self._true.load(keys)

    async def heads(self, keys: Sequence[EntityKey]) -> Mapping[EntityKey, int]:
        """Takes constant time, so that it draws no random numbers."""
        await asyncio.sleep(LOOK_S)
        return await self._true.heads(keys)

    async def events_after(self, key: EntityKey, seq: int, limit: int) -> Sequence[StoredEvent]:
        await self._takes_time()
        return await self._true.events_after(key, seq, limit)

    async def reply(self, command_id: str) -> StoredReply | None:
        await self._takes_time()
        return await self._true.reply(command_id)

    async def scheduled_commands(
        self, kind: str, shards: Sequence[int], *, until: float = inf
    ) -> Sequence[StoredCommand]:
        await self._takes_time()
        return await self._true.scheduled_commands(kind, shards, until=until)

    async def meta(self, name: str, default: str) -> str:
        return await self._true.meta(name, default)

    async def close(self) -> None:
        """There are no connections."""

    def _takes_time(self) -> Awaitable[None]:
        return asyncio.sleep(self._faults.rng.uniform(0.001, 0.004))
