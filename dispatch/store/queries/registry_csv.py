"""Imports registry entries from CSV: all rows of a file, or none, with an error for each bad line.

Vehicles: ``id,plate,company`` and optionally ``vehicle_class,seats,wheelchair,child_seat,active,typed_fare``.
Drivers: ``id,name,phone,pin`` and optionally ``active``, ``vehicles`` (ids separated by spaces, or ``*``).
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from io import StringIO
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from dispatch.domain.registry import DriverRecord, RegistryError, VehicleRecord
from dispatch.store.queries.registry import SqlRegistry

T = TypeVar("T")
VEHICLE_COLUMNS: Final = VehicleRecord.__struct_fields__
DRIVER_COLUMNS: Final = ("id", "name", "phone", "pin", "active", "vehicles")
MIN_PIN: Final = 4


class RowError(NamedTuple):
    """An error in ``line`` (the header is line 1)."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}"


class CsvError(RegistryError):
    """The file was rejected, and nothing of it was imported."""

    def __init__(self, errors: Sequence[RowError]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(map(str, errors)))


class DriverRow(NamedTuple):
    """A driver with the permitted vehicles, or None if the file has no such column."""

    driver: DriverRecord
    vehicles: Sequence[str] | None


def parse_vehicles(text: str) -> Sequence[VehicleRecord]:
    """Raises :class:`CsvError`."""
    rows = _parse(text, VEHICLE_COLUMNS, ("id", "plate", "company"), _vehicle)
    errors = [*_repeats(rows, "id", lambda it: it.id), *_repeats(rows, "plate", lambda it: it.plate)]
    return _all_good(rows, errors)


def parse_drivers(text: str, hash_pin: Callable[[str], str]) -> Sequence[DriverRow]:
    """The drivers in ``text`` with hashed PINs. Raises :class:`CsvError`."""
    rows = _parse(text, DRIVER_COLUMNS, ("id", "name", "phone", "pin"), lambda row: _driver(row, hash_pin))
    return _all_good(rows, _repeats(rows, "id", lambda it: it.driver.id))


async def import_vehicles(registry: SqlRegistry, text: str) -> int:
    """Add or replace the vehicles in ``text``; their number. Raises :class:`CsvError`."""
    vehicles = parse_vehicles(text)
    known = {it.plate: it.id for it in await registry.entries(VehicleRecord)}
    lines = [line for line, _ in _rows(text)]
    taken = [
        RowError(line, f"plate: {it.plate} belongs to {known[it.plate]}")
        for line, it in zip(lines, vehicles, strict=True)
        if known.get(it.plate, it.id) != it.id
    ]
    if taken:
        raise CsvError(taken)
    await registry.put_all(vehicles)
    return len(vehicles)


async def import_drivers(registry: SqlRegistry, text: str, hash_pin: Callable[[str], str]) -> int:
    """Add or replace the drivers in ``text`` and their permitted vehicles; their number. Raises :class:`CsvError`."""
    rows = parse_drivers(text, hash_pin)
    await registry.put_all([row.driver for row in rows])
    for driver, vehicles in rows:
        if vehicles is not None:
            await registry.permit(driver.id, vehicles)
    return len(rows)


def _rows(text: str) -> Iterator[tuple[int, dict[str | None, Any]]]:
    reader = csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline=""), skipinitialspace=True)
    for row in reader:
        yield reader.line_num, row


def _parse(
    text: str, known: Sequence[str], needed: Sequence[str], read: Callable[[dict[str, str]], T]
) -> list[tuple[int, T | RowError]]:
    header = csv.DictReader(StringIO(text.removeprefix("\ufeff")), skipinitialspace=True).fieldnames or ()
    wrong = [f"missing column {name!r}" for name in needed if name not in header]
    wrong += [f"unknown column {name!r}" for name in header if name not in known]
    if wrong:
        raise CsvError([RowError(1, it) for it in wrong])
    return [(line, _row(line, row, read)) for line, row in _rows(text)]


def _row(line: int, row: dict[str | None, Any], read: Callable[[dict[str, str]], T]) -> T | RowError:
    if None in row or None in row.values():
        return RowError(line, "the number of fields differs from the header")
    try:
        return read({str(name): value.strip() for name, value in row.items() if value.strip()})
    except ValueError as error:  # msgspec's errors are ValueErrors too
        return RowError(line, str(error))


def _vehicle(row: dict[str, str]) -> VehicleRecord:
    return msgspec.convert(row, VehicleRecord, strict=False)


def _driver(row: dict[str, str], hash_pin: Callable[[str], str]) -> DriverRow:
    vehicles, pin = row.pop("vehicles", None), row.pop("pin", "")
    if len(pin) < MIN_PIN or not pin.isdecimal():
        raise ValueError(f"pin must have at least {MIN_PIN} digits")
    driver = msgspec.convert({**row, "pin_hash": "unset"}, DriverRecord, strict=False)
    return DriverRow(
        msgspec.structs.replace(driver, pin_hash=hash_pin(pin)), None if vehicles is None else vehicles.split()
    )


def _repeats(rows: Sequence[tuple[int, T | RowError]], name: str, key: Callable[[T], str]) -> list[RowError]:
    first: dict[str, int] = {}
    errors = []
    for line, row in rows:
        if isinstance(row, RowError):
            continue
        if key(row) in first:
            errors.append(RowError(line, f"{name}: {key(row)} is also in line {first[key(row)]}"))
        first.setdefault(key(row), line)
    return errors


def _all_good(rows: Sequence[tuple[int, T | RowError]], errors: Sequence[RowError]) -> list[T]:
    bad = [*(row for _, row in rows if isinstance(row, RowError)), *errors]
    if bad:
        raise CsvError(sorted(bad))
    return [row for _, row in rows if not isinstance(row, RowError)]
