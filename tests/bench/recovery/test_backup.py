"""Commits at a fixed rate."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.harness.local_hosts import SHARDS
from bench.recovery.backup import EVENTS_BEFORE, BackupPlan, CommitLoad, write_streams
from dispatch.domain.entity import EntityKey
from dispatch.store.journals.sql_journal import open_journal
from dispatch.store.migrations import upgrade


@pytest.mark.integration
async def test_each_commit_appends_to_the_next_streams(tmp_path: Path) -> None:
    """After a round over all streams each has one event more; every commit has a time."""
    url = f"sqlite:///{tmp_path / 'journal.sqlite'}"
    upgrade(url)
    journal = await open_journal(url, shards=SHARDS)
    plan = BackupPlan(streams=20, rate=100.0, seconds=0.03)
    await write_streams(journal, plan)
    seconds = await CommitLoad(journal, plan).run()
    histories = await journal.load([EntityKey("trip", f"T{n}") for n in range(20)])
    await journal.close()
    assert len(seconds) == 3
    assert [len(history.events) - EVENTS_BEFORE for history in histories] == [2] * 10 + [1] * 10
