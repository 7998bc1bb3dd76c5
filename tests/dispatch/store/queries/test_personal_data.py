"""Passengers' phone numbers: sealed in the database, found by a keyed hash, gone with their key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from dispatch.domain.personal_keys import VaultError
from dispatch.domain.registry import UnknownEntryError
from dispatch.store import tables as schema
from dispatch.store.database import Database, open_database
from dispatch.store.migrations import upgrade
from dispatch.store.queries.personal_data import SqlPersonalData
from dispatch.values.ids import PassengerId
from tests.dispatch.domain.key_fixtures import NEW, OLD, Masters, vault

PHONE = "+14155550123"


class PersonTests:
    """Subclasses give the fixture ``url``: an empty database."""

    @pytest.fixture
    async def database(self, url: str) -> AsyncIterator[Database]:
        upgrade(url)
        database = open_database(url)
        yield database
        await database.close()

    @pytest.fixture
    def masters(self) -> Masters:
        return Masters(OLD)

    @pytest.fixture
    def persons(self, database: Database, masters: Masters) -> SqlPersonalData:
        return SqlPersonalData(database, vault(masters))

    async def everything(self, database: Database) -> str:
        """All that the tables of persons hold."""
        tables = (schema.passenger, schema.person_key)
        return await database.read(lambda it: str([list(it.execute(select(table))) for table in tables]))

    async def test_a_number_is_sealed_and_found(self, database: Database, persons: SqlPersonalData) -> None:
        """One passenger a number, however many ask at once, and no number in the tables."""
        made = [persons.by_phone(PHONE, new_id=PassengerId(f"P{n}"), created=1.0) for n in range(8)]
        found = await asyncio.gather(*made)
        (passenger,) = {each.id for each in found}
        other = await persons.by_phone("+14155550124", new_id=PassengerId("P9"), created=2.0)
        assert other.id != passenger
        assert await persons.phone_of(passenger) == PHONE
        assert await persons.phone_of("nobody") is None
        assert "5550123" not in await self.everything(database)
        keys = await database.read(lambda it: len(list(it.execute(select(schema.person_key)))))
        assert keys == 3  # two passengers, and the key of the hash

    async def test_who_is_erased_is_forgotten(self, database: Database, persons: SqlPersonalData) -> None:
        """The key is gone, the number leads to somebody new, and the row of the passenger stays."""
        before = await persons.by_phone(PHONE, new_id=PassengerId("P1"), created=1.0)
        assert (await persons.export("P1"))["phone"] == PHONE
        await persons.erase(before.id)
        assert await persons.phone_of("P1") is None
        assert (await persons.export("P1"))["phone"] is None
        after = await persons.by_phone(PHONE, new_id=PassengerId("P2"), created=2.0)
        assert after.id == "P2"
        assert "P1" not in await database.read(
            lambda it: list(it.execute(select(schema.person_key.c.person)).scalars())
        )
        for work in (persons.erase("nobody"), persons.export("nobody")):
            with pytest.raises(UnknownEntryError):
                await work

    async def test_master_keys_change(self, database: Database, persons: SqlPersonalData, masters: Masters) -> None:
        """Every key is wrapped anew; after that the old master key is not needed, and before it is."""
        await persons.by_phone(PHONE, new_id=PassengerId("P1"), created=1.0)
        with pytest.raises(VaultError):
            await SqlPersonalData(database, vault(Masters(NEW))).phone_of("P1")
        masters.keys = (NEW, OLD)
        assert await persons.rewrap() == 2
        assert await persons.rewrap() == 0
        alone = SqlPersonalData(database, vault(Masters(NEW)))
        assert await alone.phone_of("P1") == PHONE
        assert (await alone.by_phone(PHONE, new_id=PassengerId("P2"), created=3.0)).id == "P1"

    async def test_numbers_of_before_are_sealed(self, database: Database, persons: SqlPersonalData) -> None:
        """Once; then they are found and read as all others."""
        rows = [{"id": f"P{n}", "phone": f"+1415555012{n}", "created": 1.0} for n in range(3)]
        await database.write(lambda it: it.execute(insert(schema.passenger), rows))
        assert [await persons.encrypt_plain_numbers() for _ in range(2)] == [3, 0]
        assert "555012" not in await self.everything(database)
        assert await persons.phone_of("P2") == "+14155550122"
        assert (await persons.by_phone("+14155550121", new_id=PassengerId("P9"), created=2.0)).id == "P1"


class TestOnSqlite(PersonTests):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'journal.db'}"


@pytest.mark.integration
class TestOnPostgres(PersonTests):
    @pytest.fixture
    def url(self, new_postgres_database: Callable[[], str]) -> str:
        return new_postgres_database()
