"""The registry, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from dispatch.domain.registry import (
    DeviceRecord,
    DispatcherRecord,
    DriverRecord,
    DuplicateEntryError,
    PassengerRecord,
    RegistryRecord,
    UnknownEntryError,
    VehicleRecord,
)
from dispatch.store.database import open_database
from dispatch.store.migrations import upgrade
from dispatch.store.queries.registry import SqlRegistry
from dispatch.values.ids import DeviceId, DispatcherId, DriverId, PassengerId, VehicleId
from tests.dispatch.domain.key_fixtures import persons

CAR = VehicleRecord(id=VehicleId("V1"), plate="8ABC123", company="Bay", wheelchair=True)
ANN = DriverRecord(id=DriverId("101"), name="Ann", phone="+14155550101", pin_hash="h")
ENTRIES: list[RegistryRecord] = [
    CAR,
    ANN,
    DispatcherRecord(id=DispatcherId("kim"), name="Kim", password_hash="h", permissions=("assign", "cancel")),
    DeviceRecord(id=DeviceId("D1"), vehicle=CAR.id, key_hash="h"),
    PassengerRecord(id=PassengerId("P1"), created=5.5, alipay_user_id="2088"),
]


class RegistryTests:
    """Subclasses give the fixture ``url``: an empty database."""

    @pytest.fixture
    async def registry(self, url: str) -> AsyncIterator[SqlRegistry]:
        upgrade(url)
        database = open_database(url)
        yield SqlRegistry(database, persons(database))
        await database.close()

    async def test_entries_come_back_as_they_went_in(self, registry: SqlRegistry) -> None:
        """Each kind is stored and read with all its fields; a second of the same id is refused."""
        for entry in ENTRIES:
            await registry.add(entry)
            assert await registry.get(type(entry), entry.id) == entry
            assert await registry.entries(type(entry)) == [entry]
            with pytest.raises(DuplicateEntryError, match=entry.id):
                await registry.add(entry)
        assert await registry.get(VehicleRecord, "V2") is None

    async def test_update_replaces(self, registry: SqlRegistry) -> None:
        """An entry is replaced whole; one that is not there cannot be."""
        await registry.add(CAR)
        sold = VehicleRecord(id=CAR.id, plate="NEW", company="Bay", active=False)
        await registry.update(sold)
        assert await registry.get(VehicleRecord, CAR.id) == sold
        with pytest.raises(UnknownEntryError, match="driver 101"):
            await registry.update(ANN)

    async def test_a_plate_is_unique(self, registry: SqlRegistry) -> None:
        """Two cars cannot have one plate, by adding or by changing."""
        await registry.add(CAR)
        other = VehicleRecord(id=VehicleId("V2"), plate="OTHER", company="Bay")
        await registry.add(other)
        with pytest.raises(DuplicateEntryError):
            await registry.update(VehicleRecord(id=VehicleId("V2"), plate=CAR.plate, company="Bay"))
        assert await registry.get(VehicleRecord, "V2") == other

    async def test_a_device_needs_its_vehicle(self, registry: SqlRegistry) -> None:
        """A taximeter is built into a car that is known."""
        device = DeviceRecord(id=DeviceId("D1"), vehicle=CAR.id, key_hash="h")
        with pytest.raises(UnknownEntryError, match="vehicle V1"):
            await registry.add(device)
        await registry.add(CAR)
        await registry.add(device)
        assert await registry.devices_of(CAR.id) == [device]

    async def test_permissions(self, registry: SqlRegistry) -> None:
        """A driver may drive what is permitted, or everything with ``*``; new permissions replace the old."""
        await registry.add(CAR)
        await registry.add(ANN)
        assert not await registry.may_drive(ANN.id, CAR.id)
        await registry.permit(ANN.id, ["V1", "V7"])
        assert await registry.may_drive(ANN.id, CAR.id)
        assert not await registry.may_drive(ANN.id, VehicleId("V7"))
        await registry.permit(ANN.id, ["V7"])
        assert not await registry.may_drive(ANN.id, CAR.id)
        await registry.permit(ANN.id, ["*"])
        assert await registry.may_drive(ANN.id, CAR.id)
        assert await registry.permitted(ANN.id) == ["*"]
        with pytest.raises(UnknownEntryError):
            await registry.permit(DriverId("nobody"), ["*"])

    @pytest.mark.parametrize("gone", ["driver", "vehicle"])
    async def test_who_is_not_active_does_not_drive(self, registry: SqlRegistry, gone: str) -> None:
        """A permission is worth nothing for a driver or a car out of service."""
        await registry.add(CAR)
        await registry.add(ANN)
        await registry.permit(ANN.id, ["*"])
        if gone == "driver":
            await registry.update(DriverRecord(id=ANN.id, name="Ann", phone=ANN.phone, pin_hash="h", active=False))
        else:
            await registry.update(VehicleRecord(id=CAR.id, plate=CAR.plate, company="Bay", active=False))
        assert not await registry.may_drive(ANN.id, CAR.id)

    async def test_a_phone_is_one_passenger(self, registry: SqlRegistry) -> None:
        """Of many who sign in with one phone at once, all get the same passenger; its account finds it again."""
        asked = (
            registry.passenger_by_phone("+14155550199", new_id=PassengerId(f"P{number}"), created=1.0)
            for number in range(12)
        )
        found = await asyncio.gather(*asked)
        assert len({passenger.id for passenger in found}) == 1
        assert {passenger.phone for passenger in found} == {"+14155550199"}
        with pytest.raises(ValueError, match="encrypted"):
            await registry.update(found[0])
        linked = PassengerRecord(id=found[0].id, created=1.0, alipay_user_id="2088")
        await registry.update(linked)
        assert await registry.passenger_by_alipay("2088", new_id=PassengerId("P99"), created=2.0) == linked

    async def test_an_account_at_alipay_is_one_passenger(self, registry: SqlRegistry) -> None:
        """Many without a phone stand beside each other; of those with one account at once, all get the same."""
        asked = (
            registry.passenger_by_alipay(f"208{number % 2}", new_id=PassengerId(f"P{number}"), created=1.0)
            for number in range(12)
        )
        found = await asyncio.gather(*asked)
        assert len({passenger.id for passenger in found}) == 2
        assert {passenger.phone for passenger in found} == {None}
        assert len(await registry.entries(PassengerRecord)) == 2


class TestSqliteRegistry(RegistryTests):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'journal.db'}"


@pytest.mark.integration
class TestPostgresRegistry(RegistryTests):
    @pytest.fixture
    def url(self, new_postgres_database: Callable[[], str]) -> str:
        return new_postgres_database()
