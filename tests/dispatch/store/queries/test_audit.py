"""The audit log can only grow, on both databases; and sign-ins that were ended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dispatch.domain.audit import AuditEntry, audit_row
from dispatch.domain.entity import EntityKey
from dispatch.store.database import Database
from dispatch.store.journal import Append, Batch, Committed
from dispatch.store.journals.sql_journal import SqlJournal, open_journal
from dispatch.store.migrations import upgrade
from dispatch.store.queries.audit import SqlAudit
from dispatch.store.queries.revocations import Revocation, SqlRevocations

FIRST = AuditEntry("c1", 10.0, "dispatcher", "anna", "cancel_ride", "trip:T1", {"reason": "x"})
SECOND = AuditEntry("c2", 20.0, "dispatcher", "bert", "take_out", "vehicle:V1", {})


class AuditTests:
    """Subclasses give the fixture ``url``: an empty database."""

    @pytest.fixture
    async def journal(self, url: str) -> AsyncIterator[SqlJournal]:
        upgrade(url)
        journal = await open_journal(url, shards=4)
        yield journal
        await journal.close()

    async def test_it_is_written_once_and_read_in_order(self, journal: SqlJournal) -> None:
        """A later entry with the same id changes nothing; by time and by name."""
        audit = SqlAudit(journal.database)
        await audit.record_entries([SECOND, FIRST])
        await audit.record_entries([AuditEntry("c1", 99.0, "dispatcher", "eve", "x", "y", {})])
        assert await audit.listed() == [FIRST, SECOND]
        assert await audit.listed(since=15.0) == [SECOND]
        assert await audit.listed(who="anna") == [FIRST]
        assert await audit.listed(most=1) == [SECOND]

    @pytest.mark.parametrize("statement", ["UPDATE audit SET who = 'eve'", "DELETE FROM audit"])
    async def test_nothing_in_it_is_changed_or_removed(self, journal: SqlJournal, statement: str) -> None:
        """The database itself refuses, also whoever has our own password."""
        audit = SqlAudit(journal.database)
        await audit.record_entries([FIRST])
        with pytest.raises(DBAPIError, match="only grow"):
            await journal.database.write(lambda it: it.execute(text(statement)))
        assert await audit.listed() == [FIRST]

    async def test_it_is_in_the_transaction_of_the_act(self, journal: SqlJournal) -> None:
        """With the events, or with them not at all."""
        append = Append(EntityKey("trip", "T1"), 0, [(1.0, b"x")])
        assert await journal.commit(Batch(appends=[append], rows=[audit_row(FIRST)])) == Committed()
        assert await journal.commit(Batch(appends=[append], rows=[audit_row(SECOND)])) != Committed()
        assert await SqlAudit(journal.database).listed() == [FIRST]

    async def test_sign_ins_that_were_ended(self, journal: SqlJournal) -> None:
        """A later one of its name takes its place; those whose tokens have expired are removed."""
        database: Database = journal.database
        revocations = SqlRevocations(database)
        for each in (("a", 1.0, 5.0), ("b", 2.0, 50.0), ("b", 3.0, 51.0), ("c", 9.0, 60.0)):
            await revocations.add(Revocation(*each))
        assert await revocations.since(0.0) == [("b", 3.0, 51.0), ("c", 9.0, 60.0)]
        assert await revocations.since(9.0) == [("c", 9.0, 60.0)]


class TestOnSqlite(AuditTests):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'journal.db'}"


@pytest.mark.integration
class TestOnPostgres(AuditTests):
    @pytest.fixture
    def url(self, new_postgres_database: Callable[[], str]) -> str:
        return new_postgres_database()

    async def test_it_is_not_emptied(self, journal: SqlJournal) -> None:
        """Nor by a TRUNCATE."""
        with pytest.raises(DBAPIError, match="only grow"):
            await journal.database.write(lambda it: it.execute(text("TRUNCATE audit")))
