"""The registry in the journal's database: vehicles, drivers, dispatchers, devices and passengers."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from dispatch.domain.personal_keys import VaultError
from dispatch.domain.registry import (
    ANY_VEHICLE,
    DeviceRecord,
    DispatcherRecord,
    DriverRecord,
    DuplicateEntryError,
    PassengerRecord,
    RegistryRecord,
    UnknownEntryError,
    VehicleRecord,
)
from dispatch.store import tables as schema
from dispatch.store.database import Database, is_duplicate
from dispatch.store.journals.prepared import Many, run
from dispatch.store.queries.personal_data import SqlPersonalData
from dispatch.store.queries.trip_rows import SqlQueries, struct_of
from dispatch.values.ids import DriverId, PassengerId, VehicleId

E = TypeVar("E", bound=RegistryRecord)
T = TypeVar("T")

TABLES: Final[dict[type[Any], Table]] = {
    VehicleRecord: schema.vehicle,
    DriverRecord: schema.driver,
    DispatcherRecord: schema.dispatcher,
    DeviceRecord: schema.device,
    PassengerRecord: schema.passenger,
}


class SqlRegistry(SqlQueries):
    """Each call is one transaction, and raises ``JournalUnavailableError``.

    ``persons`` encrypts phone numbers; without it, look-ups by phone raise ``VaultError``.
    """

    def __init__(self, database: Database, persons: SqlPersonalData | None = None) -> None:
        super().__init__(database)
        self._persons = persons

    async def add(self, entry: RegistryRecord) -> None:
        """Raises ``DuplicateEntryError``, and ``UnknownEntryError`` if a device's vehicle does not exist."""
        if isinstance(entry, DeviceRecord):
            await self.require(VehicleRecord, entry.vehicle)
        statement = insert(TABLES[type(entry)]).values(_columns(entry))
        await self._write_entry(entry, lambda connection: connection.execute(statement))

    async def update(self, entry: RegistryRecord) -> None:
        """Replace the entry with this id. Raises ``UnknownEntryError``, ``DuplicateEntryError``."""
        table = TABLES[type(entry)]
        statement = update(table).where(table.c.id == entry.id).values(_columns(entry))
        changed = await self._write_entry(entry, lambda connection: connection.execute(statement).rowcount)
        if not changed:
            raise UnknownEntryError(_name(entry))

    async def _write_entry(self, entry: RegistryRecord, work: Callable[[Connection], T]) -> T:
        try:
            return await self._database.write(work)
        except DBAPIError as error:
            if is_duplicate(error):
                raise DuplicateEntryError(_name(entry)) from error
            raise

    async def get(self, kind: type[E], entry_id: str) -> E | None:
        table = TABLES[kind]
        found = await self._find(kind, table.c.id == entry_id)
        return found[0] if found else None

    async def require(self, kind: type[E], entry_id: str) -> E:
        """The entry of ``kind`` with this id. Raises ``UnknownEntryError``."""
        found = await self.get(kind, entry_id)
        if found is None:
            raise UnknownEntryError(f"{TABLES[kind].name} {entry_id}")
        return found

    async def entries(self, kind: type[E]) -> Sequence[E]:
        return await self._find(kind)

    async def _find(self, kind: type[E], *conditions: Any) -> Sequence[E]:  # noqa: ANN401 - SQL conditions
        table = TABLES[kind]
        return await self._read(kind, select(table).where(*conditions).order_by(table.c.id))

    async def permit(self, driver: DriverId, vehicles: Sequence[VehicleId | str]) -> None:
        """Let ``driver`` drive these vehicles and no others (``"*"``: all). Raises ``UnknownEntryError``."""
        await self.require(DriverRecord, driver)
        await self._database.write(partial(_permit, driver=driver, vehicles=sorted(set(vehicles))))

    async def permitted(self, driver: DriverId) -> Sequence[str]:
        """The vehicles that ``driver`` may drive, or ``["*"]``."""
        column = schema.permission.c
        statement = select(column.vehicle).where(column.driver == driver).order_by(column.vehicle)
        return await self._database.read(lambda it: list(it.execute(statement).scalars()))

    async def may_drive(self, driver: DriverId, vehicle: VehicleId) -> bool:
        column = schema.permission.c
        statement = (
            select(column.vehicle)
            .join(schema.driver, schema.driver.c.id == column.driver)
            .where(column.driver == driver, column.vehicle.in_([vehicle, ANY_VEHICLE]))
            .where(schema.driver.c.active)
            .where(select(schema.vehicle.c.id).where(schema.vehicle.c.id == vehicle, schema.vehicle.c.active).exists())
        )
        return await self._database.read(lambda it: it.execute(statement).first() is not None)

    async def devices_of(self, vehicle: VehicleId) -> Sequence[DeviceRecord]:
        return await self._find(DeviceRecord, schema.device.c.vehicle == vehicle)

    async def passenger_by_phone(self, phone: str, *, new_id: PassengerId, created: float) -> PassengerRecord:
        """The passenger with this phone, created with ``new_id`` at wall time ``created`` if there is none."""
        if self._persons is None:
            raise VaultError("this registry has no master key")
        return await self._persons.by_phone(phone, new_id=new_id, created=created)

    async def phone_of(self, passenger: str) -> str | None:
        """A passenger's number; None if it is unknown or was erased."""
        if self._persons is None:
            raise VaultError("this registry has no master key")
        return await self._persons.phone_of(passenger)

    async def passenger_by_alipay(self, alipay_user_id: str, *, new_id: PassengerId, created: float) -> PassengerRecord:
        """The passenger with this Alipay account, created with ``new_id`` at wall time ``created`` if there is none."""
        fresh = PassengerRecord(id=new_id, alipay_user_id=alipay_user_id, created=created)
        return await self._write_entry(fresh, partial(_passenger_by, "alipay_user_id", fresh=fresh))

    async def put_all(self, entries: Sequence[VehicleRecord] | Sequence[DriverRecord]) -> None:
        """Add or replace these entries: all of them, or none (``DuplicateEntryError``)."""
        if entries:
            await self._write_entry(entries[0], partial(_put_all, entries=entries))


def _name(entry: RegistryRecord) -> str:
    return f"{TABLES[type(entry)].name} {entry.id}"


def _columns(entry: RegistryRecord) -> dict[str, Any]:
    columns = msgspec.structs.asdict(entry)
    if isinstance(entry, DispatcherRecord):
        columns["permissions"] = list(entry.permissions)
    if isinstance(entry, PassengerRecord) and columns.pop("phone") is not None:
        raise ValueError("a passenger's phone number is written by SqlPersonalData, encrypted")
    return columns


def _permit(connection: Connection, driver: DriverId, vehicles: Sequence[str]) -> None:
    column = schema.permission.c
    connection.execute(delete(schema.permission).where(column.driver == driver))
    run(connection, Many("insert", "permission", ("driver", "vehicle"), [(driver, it) for it in vehicles]))


def _passenger_by(unique: str, connection: Connection, fresh: PassengerRecord) -> PassengerRecord:
    """Of concurrent callers the second one waits for the first one's row, inserts nothing, and reads that row."""
    columns = _columns(fresh)
    run(connection, Many("insert_new", "passenger", tuple(columns), [tuple(columns.values())]))
    statement = select(schema.passenger).where(schema.passenger.c[unique] == bindparam("wanted"))
    return struct_of(PassengerRecord, connection.execute(statement, {"wanted": columns[unique]}).one())


def _put_all(connection: Connection, entries: Sequence[RegistryRecord]) -> None:
    rows = [_columns(entry) for entry in sorted(entries, key=lambda entry: entry.id)]
    table = TABLES[type(entries[0])]
    run(connection, Many("upsert", table.name, tuple(rows[0]), [tuple(row.values()) for row in rows]))
