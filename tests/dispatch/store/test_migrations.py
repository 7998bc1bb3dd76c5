"""The migrations and the schema in code are one."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, inspect, select, text

from dispatch.store import tables as schema
from dispatch.store.database import open_database
from dispatch.store.migrations import upgrade

UPGRADE = "import sys; from dispatch.store.migrations import upgrade; upgrade(sys.argv[1])"


class MigrationTests:
    """Subclasses give the fixture ``url``: an empty database."""

    async def test_migrations_make_the_schema(self, url: str) -> None:
        """Nothing is left to do between the migrated tables and those in code; the revision is the newest."""
        await asyncio.to_thread(upgrade, url)
        database = open_database(url)
        assert await database.read(_differences) == []
        revision = await database.read(lambda it: it.execute(text("SELECT version_num FROM alembic_version")).scalar())
        await database.close()
        assert revision == schema.REVISION

    async def test_upgrade_runs_on_a_running_loop_and_twice(self, url: str) -> None:
        """A process may upgrade from within its loop, and a second upgrade keeps tables and rows."""
        upgrade(url)
        database = open_database(url)
        await database.write(lambda it: it.execute(insert(schema.meta), {"name": "kept", "value": "yes"}))
        upgrade(url)
        tables = await database.read(lambda it: inspect(it).get_table_names())
        kept = await database.read(lambda it: it.execute(select(schema.meta.c.name)).scalars().all())
        await database.close()
        assert set(tables) == {*schema.metadata.tables, "alembic_version"}
        assert kept == ["kept"]

    def test_many_processes_upgrade_at_once(self, url: str) -> None:
        """Several processes that start together all find the tables made, once."""
        started = [
            subprocess.Popen([sys.executable, "-c", UPGRADE, url], stderr=subprocess.PIPE, text=True) for _ in range(4)
        ]
        errors = [process.communicate()[1] for process in started]
        assert [process.returncode for process in started] == [0] * 4, errors


def _differences(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection), schema.metadata))


class TestSqliteMigrations(MigrationTests):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'journal.db'}"


@pytest.mark.integration
class TestPostgresMigrations(MigrationTests):
    @pytest.fixture
    def url(self, new_postgres_database: Callable[[], str]) -> str:
        return new_postgres_database()
