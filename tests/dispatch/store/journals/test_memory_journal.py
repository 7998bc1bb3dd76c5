"""The journal in memory."""

from __future__ import annotations

import pytest

from dispatch.domain.entity import Row
from dispatch.store.journal import Batch
from dispatch.store.journals.memory_journal import MemoryJournal, MemoryTables
from tests.dispatch.store.journals.conformance import SHARDS, Handles, JournalConformance


class TestMemoryJournal(JournalConformance):
    @pytest.fixture
    def handles(self) -> Handles:
        tables = MemoryTables()
        return Handles(MemoryJournal(shards=SHARDS, tables=tables), MemoryJournal(shards=SHARDS, tables=tables))

    def test_rows_are_merged(self) -> None:
        """A later row sets its columns and leaves the others."""
        journal = MemoryJournal(shards=SHARDS)
        first, second = Row("trip", "T1", {"state": "matching", "seq": 1}), Row("trip", "T1", {"seq": 2})
        commit = journal.commit(Batch(rows=[first, second]))
        with pytest.raises(StopIteration):
            commit.send(None)
        assert journal.tables.rows == {"trip": {"T1": {"state": "matching", "seq": 2}}}
