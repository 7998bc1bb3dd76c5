"""SQLite against memory: whatever is done to both, both say the same and hold the same."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dispatch.domain.entity import ActiveAssignment, EntityKey, Row
from dispatch.store.journal import Append, Batch, Journal, StoredCommand, StoredReply, StoredSnapshot
from dispatch.store.journals.memory_journal import MemoryJournal
from dispatch.store.journals.sql_journal import open_journal
from dispatch.store.migrations import upgrade

SHARDS = 4
KEYS = [EntityKey("trip", "T1"), EntityKey("trip", "T2"), EntityKey("vehicle", "T1")]
NAMES = ["a", "b"]

keys = st.sampled_from(KEYS)
appends = st.builds(
    Append, keys, st.integers(0, 4), st.lists(st.tuples(st.floats(0, 9), st.binary(max_size=2)), max_size=2)
)
replies = st.builds(StoredReply, st.sampled_from(["c1", "c2", "c3"]), st.binary(max_size=2), keys, st.just(b"r"))
dues = st.builds(StoredCommand, keys, st.sampled_from(NAMES), st.floats(0, 9), st.just("trip:T1"), st.just(b"c"))
assignments = st.builds(ActiveAssignment, st.sampled_from(["V1", "V2"]), st.sampled_from(["T1", "T2"]))
snapshots = st.builds(StoredSnapshot, keys, st.integers(0, 2), st.binary(max_size=2))
rows = st.builds(
    Row,
    st.just("vehicle_state"),
    st.sampled_from(["V1", "V2"]),
    st.fixed_dictionaries({"state": st.sampled_from(["idle", "break"]), "seq": st.integers(0, 9)}),
)


def few(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(strategy, max_size=2)


batches = st.builds(
    Batch,
    appends=few(appends),
    replies=few(replies),
    commands_put=few(dues),
    commands_done=few(st.tuples(keys, st.sampled_from(NAMES))),
    assignments=few(assignments),
    releases=few(assignments),
    rows=few(rows),
    snapshots=few(snapshots),
)


class TwoJournals(RuleBasedStateMachine):
    """Each call goes to both journals, and both answers are held against each other."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        url = f"sqlite:///{Path(self.folder.name) / 'journal.db'}"
        upgrade(url)
        self.loop = asyncio.Runner()
        self.sql = self.loop.run(self._open(url))
        self.memory = MemoryJournal(shards=SHARDS)

    async def _open(self, url: str) -> Journal:
        return await open_journal(url, shards=SHARDS)

    def both(self, call: Callable[[Journal], Awaitable[Any]]) -> None:
        async def ask(journal: Journal) -> Any:
            return await call(journal)

        assert self.loop.run(ask(self.sql)) == self.loop.run(ask(self.memory))

    @rule(batch=batches)
    def commit(self, batch: Batch) -> None:
        """Any batch, most of them in conflict."""
        self.both(lambda journal: journal.commit(batch))

    @rule(key=keys, count=st.integers(1, 3), extra=batches)
    def grow(self, key: EntityKey, count: int, extra: Batch) -> None:
        """A batch that fits the stream."""
        append = Append(key, self.memory.tables.last(key), [(1.0, b"e")] * count)
        batch = Batch(appends=[append], commands_put=extra.commands_put, snapshots=extra.snapshots, rows=extra.rows)
        self.both(lambda journal: journal.commit(batch))

    @rule(name=st.sampled_from(NAMES), default=st.sampled_from(["x", "y"]))
    def setting(self, name: str, default: str) -> None:
        """A setting, asked for with any default."""
        self.both(lambda journal: journal.meta(name, default))

    @invariant()
    def they_hold_the_same(self) -> None:
        """All that can be read is equal."""
        self.both(lambda journal: journal.load(KEYS))
        self.both(lambda journal: journal.events_after(KEYS[0], 1, 2))
        self.both(lambda journal: journal.reply("c1"))
        self.both(lambda journal: journal.scheduled_commands("trip", [0, 2, 3]))

    def teardown(self) -> None:
        self.loop.run(self._close())
        self.loop.close()
        self.folder.cleanup()

    async def _close(self) -> None:
        await self.sql.close()


TestTwoJournals = TwoJournals.TestCase
TestTwoJournals.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
