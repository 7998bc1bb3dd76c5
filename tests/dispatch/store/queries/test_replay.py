"""Trips of a past span, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from dispatch.domain.entity import EntityKey, Row
from dispatch.domain.events import TripCancelled, TripRequested, encode_event
from dispatch.store.journal import Append, Batch, Committed
from dispatch.store.journals.sql_journal import SqlJournal, open_journal
from dispatch.store.migrations import upgrade
from dispatch.store.queries.replay import SqlReplay
from dispatch.values.place import Place

DAY = 86_400.0
NOW = 100 * DAY
HERE = Place(37.79, -122.4)


async def put(journal: SqlJournal, trip: str, requested_at: float, *, ended_at: float | None = None) -> None:
    """A trip that waits, or was cancelled."""
    events = [TripRequested(at=requested_at, passenger="P1", origin="app", pickup=HERE, code="4711", by="P1")]
    state, updated = "matching", requested_at
    if ended_at is not None:
        events.append(TripCancelled(at=ended_at, by="P1", reason="late"))  # type: ignore[arg-type]
        state, updated = "cancelled", ended_at
    values = {"state": state, "seq": len(events), "vehicle": f"V{trip}", "requested_at": requested_at}
    row = Row("trip", trip, {**values, "updated_at": updated})
    encoded = [(event.at, encode_event(event)) for event in events]
    append = Append(EntityKey("trip", trip), 0, encoded)
    assert await journal.commit(Batch(appends=[append], rows=[row])) == Committed()


class ReplayTests:
    """Subclasses give the fixture ``url``: an empty database."""

    @pytest.fixture
    async def journal(self, url: str) -> AsyncIterator[SqlJournal]:
        await asyncio.to_thread(upgrade, url)
        journal = await open_journal(url, shards=4)
        yield journal
        await journal.close()

    async def test_trips_of_a_span(self, journal: SqlJournal) -> None:
        """Those that something happened to, and those that wait all through it; with their events up to its end."""
        await put(journal, "over", NOW - 100, ended_at=NOW - 10)
        await put(journal, "waits", NOW - 2 * DAY)
        await put(journal, "ends", NOW - 100, ended_at=NOW + 10)
        await put(journal, "ends_later", NOW + 5, ended_at=NOW + 1_000)
        await put(journal, "later", NOW + 500)
        replay = SqlReplay(journal.database)
        pasts = await replay.trips_between(NOW, NOW + 100)
        assert {past.trip: len(past.events) for past in pasts} == {"waits": 1, "ends": 2, "ends_later": 1}
        assert [past.trip for past in await replay.trips_between(NOW, NOW + 100, "Vends")] == ["ends"]
        assert await replay.trips_between(NOW - 50 * DAY, NOW - 49 * DAY) == []


class TestSqliteReplay(ReplayTests):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'journal.db'}"


@pytest.mark.integration
class TestPostgresReplay(ReplayTests):
    @pytest.fixture
    def url(self, new_postgres_database: Callable[[], str]) -> str:
        return new_postgres_database()
