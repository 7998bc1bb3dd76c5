"""The journal as a process of the simulated world sees it: the one in memory, which fails, stalls, contradicts, and
writes what it does not tell. Around each commit and load lie the labelled points at which the process may die."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Final

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

if TYPE_CHECKING:
    from sim.simtest.sim_processes import SimProcess

LOOK_S: Final = 0.002


class FaultyJournal:
    """See ``dispatch.store.journal`` for the contract, which it keeps."""

    def __init__(self, process: SimProcess) -> None:
        self._process = process
        self._world = process.world
        self._faults = process.world.faults
        self._true = process.world.journal

    async def commit(self, batch: Batch) -> Committed | Conflict:
        """Write all of ``batch``, or nothing."""
        await self._takes_time()
        await self._process.at("before commit")
        if self._faults.occurs("journal_fails", "journal: fails"):
            raise JournalUnavailableError("the database is away")
        if self._faults.occurs("journal_stalls", "journal: stalls"):
            await asyncio.sleep(self._faults.rng.uniform(0.5, 2.5))
        if self._faults.occurs("journal_conflict", "journal: conflict"):
            return Conflict({}, {}, [])
        result = await self._true.commit(batch)
        if isinstance(result, Conflict):
            self._world.note(f"{self._process.incarnation.name} conflict {sorted(map(str, result.streams))}")
            return result
        self._world.commit_log.committed(self._process.incarnation.name, batch)
        if self._faults.occurs("journal_untold", "journal: written, not told"):
            raise JournalUnavailableError("the connection broke after the commit")
        await self._process.at("after commit")
        await self._takes_time()
        return result

    async def load(self, keys: Sequence[EntityKey]) -> Sequence[StoredHistory]:
        """The histories of ``keys``."""
        await self._takes_time()
        await self._process.at("loading")
        if self._faults.occurs("load_fails", "journal: load fails"):
            raise JournalUnavailableError("the database is away")
        return await self._true.load(keys)

    async def heads(self, keys: Sequence[EntityKey]) -> Mapping[EntityKey, int]:
        """The last numbers of these streams; takes the same time always, so that looking changes no weather."""
        await asyncio.sleep(LOOK_S)
        return await self._true.heads(keys)

    async def events_after(self, key: EntityKey, seq: int, limit: int) -> Sequence[StoredEvent]:
        """Events of a stream."""
        await self._takes_time()
        return await self._true.events_after(key, seq, limit)

    async def reply(self, command_id: str) -> StoredReply | None:
        """The stored answer to a command."""
        await self._takes_time()
        return await self._true.reply(command_id)

    async def scheduled_commands(
        self, kind: str, shards: Sequence[int], *, until: float = inf
    ) -> Sequence[StoredCommand]:
        """All dues of these shards that are due by then."""
        await self._takes_time()
        return await self._true.scheduled_commands(kind, shards, until=until)

    async def meta(self, name: str, default: str) -> str:
        """A setting that is fixed at first use."""
        return await self._true.meta(name, default)

    async def close(self) -> None:
        """Nothing is held."""

    def _takes_time(self) -> Awaitable[None]:
        return asyncio.sleep(self._faults.rng.uniform(0.001, 0.004))
