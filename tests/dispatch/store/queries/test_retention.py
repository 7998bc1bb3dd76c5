"""What was kept long enough is removed, on SQLite and PostgreSQL; the journal itself stays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from dispatch.clock import ManualClock
from dispatch.config.settings import JournalSettings
from dispatch.domain.entity import EntityKey, Row
from dispatch.server.retention import DAY_S, Retention
from dispatch.store import tables as schema
from dispatch.store.journal import Append, Batch, StoredReply
from dispatch.store.journals.sql_journal import SqlJournal, open_journal
from dispatch.store.migrations import upgrade
from dispatch.store.queries.retention import SqlRetention

CAR = EntityKey("vehicle", "V1")
MANY = 1_200


def said(name: str, at: float) -> Row:
    """One thing that was said."""
    return Row("payment_said", name, {"payment": "T1", "order_no": "T1_1", "kind": "query", "at": at, "body": "{}"})


class RetentionTests:
    """Subclasses give the fixture ``url``: an empty database."""

    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock(1_000 * DAY_S)

    @pytest.fixture
    async def journal(self, url: str, clock: ManualClock) -> AsyncIterator[SqlJournal]:
        await asyncio.to_thread(upgrade, url)
        journal = await open_journal(url, shards=16, clock=clock)
        yield journal
        await journal.close()

    async def test_what_is_too_old_goes_and_nothing_else(self, journal: SqlJournal, clock: ManualClock) -> None:
        """Old answers and old sayings, however many; the young ones and the events stay."""
        now = clock.city()
        replies = [StoredReply(f"old{n}", b"d", CAR, b"r") for n in range(MANY)]
        append = Append(CAR, 0, [(now, b"event")])
        await journal.commit(Batch(appends=[append], replies=replies, rows=[said("s1", now - DAY_S), said("s2", now)]))
        clock.advance(1.5 * DAY_S)
        await journal.commit(Batch(replies=[StoredReply("young", b"d", CAR, b"r")]))
        settings = JournalSettings(keep_replies_days=1.0, keep_said_days=2.0)
        removed = await Retention(SqlRetention(journal.database), clock, settings).delete_expired()
        assert removed == {"replies": MANY, "said": 1}
        assert await journal.reply("old0") is None
        assert await journal.reply("young") is not None
        assert len(await journal.events_after(CAR, 0, 10)) == 1
        assert await journal.database.read(_said) == ["s2"]

    async def test_nothing_goes_where_all_is_kept(self, journal: SqlJournal, clock: ManualClock) -> None:
        """0 days: for ever."""
        await journal.commit(Batch(replies=[StoredReply("old", b"d", CAR, b"r")], rows=[said("s1", clock.city())]))
        clock.advance(10_000 * DAY_S)
        settings = JournalSettings(keep_replies_days=0.0, keep_said_days=0.0)
        removed = await Retention(SqlRetention(journal.database), clock, settings).delete_expired()
        assert removed == {"replies": 0, "said": 0}
        assert await journal.reply("old") is not None


def _said(connection: Connection) -> list[str]:
    return list(connection.execute(select(schema.payment_said.c.id)).scalars())


class TestSqliteRetention(RetentionTests):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'journal.db'}"


@pytest.mark.integration
class TestPostgresRetention(RetentionTests):
    @pytest.fixture
    def url(self, new_postgres_database: Callable[[], str]) -> str:
        return new_postgres_database()
