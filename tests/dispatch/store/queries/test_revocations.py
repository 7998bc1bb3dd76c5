"""Revoked sign-ins, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from dispatch.store.database import open_database
from dispatch.store.migrations import upgrade
from dispatch.store.queries.revocations import Revocation, SqlRevocations, session_name, subject_name


class RevocationTests:
    """Subclasses give the fixture ``url``: an empty database."""

    @pytest.fixture
    async def revocations(self, url: str) -> AsyncIterator[SqlRevocations]:
        upgrade(url)
        database = open_database(url)
        yield SqlRevocations(database)
        await database.close()

    async def test_they_are_read_by_time(self, revocations: SqlRevocations) -> None:
        """A later revocation of the same name replaces the earlier one."""
        ann, session = subject_name("driver", "101"), session_name("driver", "s1")
        for revocation in (Revocation(ann, 10.0, 90.0), Revocation(session, 20.0, 95.0), Revocation(ann, 30.0, 110.0)):
            await revocations.add(revocation)

        assert await revocations.since(0.0) == [Revocation(session, 20.0, 95.0), Revocation(ann, 30.0, 110.0)]
        assert await revocations.since(25.0) == [Revocation(ann, 30.0, 110.0)]

    async def test_expired_ones_are_deleted_by_later_ones(self, revocations: SqlRevocations) -> None:
        """Their tokens are no longer valid anyway."""
        await revocations.add(Revocation("driver:101", 10.0, 50.0))
        await revocations.add(Revocation("driver:102", 60.0, 99.0))

        assert await revocations.since(0.0) == [Revocation("driver:102", 60.0, 99.0)]


class TestSqliteRevocations(RevocationTests):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'journal.db'}"


@pytest.mark.integration
class TestPostgresRevocations(RevocationTests):
    @pytest.fixture
    def url(self, new_postgres_database: Callable[[], str]) -> str:
        return new_postgres_database()
