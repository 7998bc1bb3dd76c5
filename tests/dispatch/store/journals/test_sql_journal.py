"""The journal on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from dispatch.clock import ManualClock
from dispatch.domain.entity import Row
from dispatch.store import tables as schema
from dispatch.store.database import open_database
from dispatch.store.journal import Batch, Committed, JournalUnavailableError
from dispatch.store.journals.sql_journal import JournalMismatchError, SqlJournal, open_journal
from dispatch.store.migrations import upgrade
from tests.dispatch.store.journals.conformance import (
    SHARDS,
    TRIP,
    Handles,
    JournalConformance,
    append,
    bodies,
    reply,
)

WRITER = """
import asyncio, sys
from tests.dispatch.store.journals.conformance import TRIP, append
from dispatch.store.journals.sql_journal import open_journal

async def main():
    journal = await open_journal(sys.argv[1], shards=16)
    print(await journal.commit(append(TRIP, 0, "from afar")), flush=True)
    import os, signal
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'journal.db'}"


class SqlJournalTests(JournalConformance):
    """What the SQL journals promise beyond the port."""

    @pytest.fixture
    async def handles(self, url: str) -> AsyncIterator[Handles]:
        upgrade(url)
        handles = Handles(await open_journal(url, shards=SHARDS), await open_journal(url, shards=SHARDS))
        yield handles
        await asyncio.gather(*(journal.close() for journal in handles))

    async def test_another_process_is_heard_after_its_death(self, handles: Handles, url: str) -> None:
        """What a process was acknowledged is seen by others after ``kill -9``, and fences them."""
        found = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", WRITER, url], capture_output=True, text=True, check=False
        )
        assert found.stdout == f"{Committed()}\n", found.stderr
        assert await bodies(handles.mine, TRIP) == ["from afar"]
        assert await handles.mine.commit(append(TRIP, 0, "x")) != Committed()

    async def test_a_row_never_goes_back(self, handles: Handles, url: str) -> None:
        """A lower number changes nothing; the same number and a higher one are written."""
        for seq, state in ((2, "offered"), (1, "matching"), (2, "assigned"), (3, "arrived"), (2, "assigned")):
            row = Row("trip", "T1", {"state": state, "seq": seq})
            assert await handles.mine.commit(Batch(rows=[row])) == Committed()
        database = open_database(url)
        query = text("SELECT state, seq FROM trip")
        rows = await database.read(lambda it: [tuple(row) for row in it.execute(query)])
        await database.close()
        assert rows == [("arrived", 3)]

    async def test_rows_are_upserted(self, handles: Handles, url: str) -> None:
        """A row appears with its columns; a later one sets what it names and leaves the rest."""
        first = Row("trip", "T1", {"state": "matching", "pickup_lat": 37.5, "seq": 1})
        other = Row("trip", "T2", {"state": "paid", "fare_minor": 1250, "currency": "USD", "seq": 9})
        assert await handles.mine.commit(Batch(rows=[first, other])) == Committed()
        await handles.theirs.commit(Batch(rows=[Row("trip", "T1", {"state": "offered", "seq": 2})]))
        database = open_database(url)
        query = text("SELECT id, state, seq, pickup_lat, fare_minor FROM trip ORDER BY id")
        rows = await database.read(lambda it: [tuple(row) for row in it.execute(query)])
        await database.close()
        assert rows == [("T1", "offered", 2, 37.5, None), ("T2", "paid", 9, None, 1250)]

    @pytest.mark.usefixtures("handles")
    async def test_replies_are_dated(self, url: str) -> None:
        """Retention finds replies by the wall time at which they were stored."""
        journal = await open_journal(url, shards=SHARDS, clock=ManualClock(1_000.0))
        await journal.commit(Batch(replies=[reply("c1")]))
        query = text("SELECT at FROM reply")
        assert await journal.database.read(lambda it: it.execute(query).scalar_one()) == 1_000.0
        await journal.close()

    async def test_a_mistake_in_a_row_is_no_outage(self, handles: Handles) -> None:
        """A row that the table refuses is an error of the caller, not a conflict to be tried again."""
        with pytest.raises(Exception, match=r"(?i)not.null") as caught:
            await handles.mine.commit(Batch(rows=[Row("trip", "T1", {"state": None, "seq": 1})]))
        assert not isinstance(caught.value, JournalUnavailableError)

    @pytest.mark.usefixtures("handles")
    async def test_the_number_of_shards_is_fixed(self, url: str) -> None:
        """A journal is not opened with another number of shards than it was made with."""
        with pytest.raises(JournalMismatchError, match=r"must be 16, .* not 8"):
            await open_journal(url, shards=8)

    @pytest.mark.usefixtures("handles")
    async def test_another_revision_is_refused(self, url: str) -> None:
        """Code does not run on tables that it does not know."""
        database = open_database(url)
        await database.write(lambda it: it.execute(text("UPDATE alembic_version SET version_num = '9999'")))
        await database.close()
        with pytest.raises(JournalMismatchError, match=f"9999, this release needs {schema.REVISION}"):
            await open_journal(url, shards=SHARDS)


class TestSqlite(SqlJournalTests):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return sqlite_url(tmp_path)

    @pytest.mark.usefixtures("handles")
    async def test_a_locked_file_is_unavailable(self, url: str) -> None:
        """Who cannot get the lock in time is told that the journal is not available."""
        impatient = await open_journal(url, shards=SHARDS, timeout_s=0.01)
        holder = open_database(url)

        def hold(_: object) -> None:
            with pytest.raises(JournalUnavailableError, match="locked"):
                asyncio.run_coroutine_threadsafe(impatient.commit(append(TRIP, 0, "x")), loop).result()

        loop = asyncio.get_running_loop()
        await holder.write(hold)
        assert await impatient.commit(append(TRIP, 0, "x")) == Committed()
        await asyncio.gather(impatient.close(), holder.close())

    async def test_an_empty_file_is_no_journal(self, tmp_path: Path) -> None:
        """A file without tables is named as such, and is not opened."""
        with pytest.raises(JournalMismatchError, match="has no journal"):
            await open_journal(f"sqlite:///{tmp_path / 'empty.db'}", shards=SHARDS)

    async def test_a_folder_that_is_not_there_is_unavailable(self, tmp_path: Path) -> None:
        """A path that cannot be opened says so."""
        with pytest.raises(JournalUnavailableError, match="unable to open"):
            await open_journal(f"sqlite:///{tmp_path / 'no' / 'j.db'}", shards=SHARDS)

    @pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/taxi"])
    def test_what_cannot_be_shared_is_refused(self, url: str) -> None:
        """A database that other processes cannot see, or that we do not know, is no journal."""
        with pytest.raises(ValueError, match=r"(?i)sqlite"):
            open_database(url)


@pytest.mark.integration
class TestPostgres(SqlJournalTests):
    @pytest.fixture
    def url(self, new_postgres_database: Callable[[], str]) -> str:
        return new_postgres_database()

    async def test_a_server_that_is_not_there_is_unavailable(self) -> None:
        """Nobody at the address is an outage, not a crash."""
        with pytest.raises(JournalUnavailableError):
            await open_journal("postgresql://postgres@127.0.0.1:1/taxi", shards=SHARDS, timeout_s=1.0)


async def test_a_journal_knows_its_database(tmp_path: Path) -> None:
    """Registry and history read through the journal's own database."""
    upgrade(sqlite_url(tmp_path))
    journal: SqlJournal = await open_journal(sqlite_url(tmp_path), shards=SHARDS)
    assert await journal.database.read(lambda it: it.dialect.name) == "sqlite"
    await journal.close()
