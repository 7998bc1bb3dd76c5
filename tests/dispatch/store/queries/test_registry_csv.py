"""Vehicles and drivers from CSV, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from dispatch.domain.registry import (
    DriverRecord,
    VehicleRecord,
)
from dispatch.store.database import open_database
from dispatch.store.migrations import upgrade
from dispatch.store.queries.registry import SqlRegistry
from dispatch.store.queries.registry_csv import CsvError, import_drivers, import_vehicles, parse_vehicles
from dispatch.values.ids import DriverId, VehicleId
from tests.dispatch.domain.key_fixtures import persons

CAR = VehicleRecord(id=VehicleId("V1"), plate="8ABC123", company="Bay", wheelchair=True)


def hash_pin(pin: str) -> str:
    return f"hash of {pin}"


class RegistryCsvTests:
    """Subclasses give the fixture ``url``: an empty database."""

    @pytest.fixture
    async def registry(self, url: str) -> AsyncIterator[SqlRegistry]:
        upgrade(url)
        database = open_database(url)
        yield SqlRegistry(database, persons(database))
        await database.close()

    async def test_vehicles_from_csv(self, registry: SqlRegistry) -> None:
        """A file adds and replaces; fields left out or empty have their defaults."""
        await registry.add(CAR)
        text = "\ufeffid,plate,company,seats,child_seat,active\nV1,NEW,Bay,6,true,false\nV2,8DEF456,Bay,,,\n"
        assert await import_vehicles(registry, text) == 2
        assert await registry.entries(VehicleRecord) == [
            VehicleRecord(id=VehicleId("V1"), plate="NEW", company="Bay", seats=6, child_seat=True, active=False),
            VehicleRecord(id=VehicleId("V2"), plate="8DEF456", company="Bay"),
        ]

    async def test_a_plate_of_another_car_is_named_by_its_line(self, registry: SqlRegistry) -> None:
        """A file that takes a plate from a known car is refused whole."""
        await registry.add(CAR)
        with pytest.raises(CsvError, match=r"^line 3: plate: 8ABC123 belongs to V1$"):
            await import_vehicles(registry, "id,plate,company\nV2,X,Bay\nV3,8ABC123,Bay\n")
        assert await registry.entries(VehicleRecord) == [CAR]

    async def test_drivers_from_csv(self, registry: SqlRegistry) -> None:
        """PINs are stored hashed, and the permissions with them."""
        await registry.add(CAR)
        text = "id,name,phone,pin,vehicles\n101,Ann,+1,1234,*\n102,Bob,+2,56789,V1 V2\n103,Cy,+3,0000,\n"
        assert await import_drivers(registry, text, hash_pin) == 3
        ann = await registry.get(DriverRecord, "101")
        assert ann is not None
        assert ann.pin_hash == "hash of 1234"
        assert [await registry.permitted(DriverId(it)) for it in ("101", "102", "103")] == [["*"], ["V1", "V2"], []]

    async def test_bad_drivers_are_not_imported(self, registry: SqlRegistry) -> None:
        """One bad row keeps all of the file out."""
        with pytest.raises(CsvError, match=r"^line 3: pin must have at least 4 digits$"):
            await import_drivers(registry, "id,name,phone,pin\n101,Ann,+1,1234\n102,Bob,+2,12x4\n", hash_pin)
        assert await registry.entries(DriverRecord) == []


class TestSqliteRegistryCsv(RegistryCsvTests):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'journal.db'}"


@pytest.mark.integration
class TestPostgresRegistryCsv(RegistryCsvTests):
    @pytest.fixture
    def url(self, new_postgres_database: Callable[[], str]) -> str:
        return new_postgres_database()


def test_each_bad_row_is_named() -> None:
    """All mistakes of a file come at once, each with its line, in order."""
    text = "id,plate,company,seats\nV1,A,Bay,four\nV2,B,Bay\nV3,C,Bay,4\nV3,D,,4\nV3,C,Bay,5\n"
    with pytest.raises(CsvError) as caught:
        parse_vehicles(text)
    assert [error.line for error in caught.value.errors] == [2, 3, 5, 6, 6]
    assert "seats" in str(caught.value)
    assert "line 6: id: V3 is also in line 4" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "missing column 'id'"),
        ("id,plate\n", "missing column 'company'"),
        ("id,plate,company,colour\n", "unknown column 'colour'"),
    ],
)
def test_a_wrong_header_is_line_1(text: str, message: str) -> None:
    """Columns that are missing or not known are named."""
    with pytest.raises(CsvError, match=message) as caught:
        parse_vehicles(text)
    assert {error.line for error in caught.value.errors} == {1}
