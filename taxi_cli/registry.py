"""``taxi add``: vehicles, drivers, dispatchers and devices into the registry, one by one or from a CSV file.

Works beside a running server; the tables are made or brought up to date first. Secrets that are not given are asked
for, and kept only as hashes.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from dispatch.config.secrets import vault_of
from dispatch.domain.registry import (
    ANY_VEHICLE,
    DeviceRecord,
    DispatcherRecord,
    DriverRecord,
    RegistryError,
    RegistryRecord,
    UnknownEntryError,
    VehicleRecord,
)
from dispatch.store.database import Database, open_database
from dispatch.store.journal import JournalUnavailableError
from dispatch.store.migrations import upgrade
from dispatch.store.queries.personal_data import SqlPersonalData
from dispatch.store.queries.registry import TABLES, SqlRegistry
from dispatch.store.queries.registry_csv import MIN_PIN, import_drivers, import_vehicles
from dispatch.values.ids import DeviceId, DispatcherId, DriverId, VehicleId
from taxi_cli.options import Config, DataDir, fail, setting_overrides, settings_of
from ws_gateway.auth.passwords import hash_secret

add = typer.Typer(help="Add to the registry.", no_args_is_help=True)

Csv = Annotated[Path | None, typer.Option("--csv", help="Import this file instead; all of its rows, or none.")]
Replace = Annotated[bool, typer.Option("--replace", help="Replace the entry of this id.")]
MIN_PASSWORD = 8


class WantedError(ValueError):
    """An option is missing or wrong."""


def with_registry(
    config: Path | None, data_dir: Path | None, work: Callable[[SqlRegistry], Awaitable[str | None]]
) -> None:
    """Do ``work`` with the registry that the settings name, and say what it says; errors are one line."""
    settings = settings_of(config, setting_overrides(server__data_dir=data_dir))

    async def with_persons(database: Database) -> str | None:
        return await work(SqlRegistry(database, SqlPersonalData(database, vault_of(settings))))

    with_database(config, data_dir, with_persons)


def with_database(
    config: Path | None, data_dir: Path | None, work: Callable[[Database], Awaitable[str | None]]
) -> None:
    """Do ``work`` with the journal's database, and say what it says; errors are one line."""
    settings = settings_of(config, setting_overrides(server__data_dir=data_dir))

    async def run() -> str | None:
        if not settings.journal.url:
            settings.server.data_dir.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(upgrade, settings.journal_url)
        database = open_database(settings.journal_url)
        try:
            return await work(database)
        finally:
            await database.close()

    try:
        said = asyncio.run(run())
    except (RegistryError, JournalUnavailableError, SQLAlchemyError, OSError, ValueError) as error:
        raise fail(_first_words(error)) from error
    if said:
        typer.echo(said)


def _first_words(error: Exception) -> str:
    """SQLAlchemy adds the statement and a link, which are for nobody here."""
    if isinstance(error, SQLAlchemyError):
        return f"the journal does not answer: {str(error).splitlines()[0]}"
    return str(error)


@add.command()
def vehicle(
    id_: Annotated[str, typer.Argument(metavar="[ID]", help="Number of the car, as in its QR code: V123.")] = "",
    plate: str = "",
    company: str = "",
    vehicle_class: Annotated[str, typer.Option("--class", help="A class of the tariff.")] = "standard",
    seats: Annotated[int, typer.Option(help="For passengers.")] = 4,
    wheelchair: Annotated[bool, typer.Option("--wheelchair", help="Takes a wheelchair.")] = False,
    child_seat: Annotated[bool, typer.Option("--child-seat", help="Has a child seat.")] = False,
    typed_fare: Annotated[bool, typer.Option("--typed-fare", help="Has no meter: passengers type the fare.")] = False,
    inactive: Annotated[bool, typer.Option("--inactive", help="Nobody may drive it.")] = False,
    replace: Replace = False,
    csv: Csv = None,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """A car of a company. CSV: id,plate,company and vehicle_class,seats,wheelchair,child_seat,active,typed_fare."""

    async def work(registry: SqlRegistry) -> str:
        if csv is not None:
            return f"{await import_vehicles(registry, _text(csv))} vehicles"
        entry = VehicleRecord(
            id=VehicleId(_wanted(id_, "ID")),
            plate=_wanted(plate, "--plate"),
            company=_wanted(company, "--company"),
            vehicle_class=vehicle_class,
            seats=seats,
            wheelchair=wheelchair,
            child_seat=child_seat,
            typed_fare=typed_fare,
            active=not inactive,
        )
        return await _put(registry, entry, replace=replace)

    with_registry(config, data_dir, work)


@add.command()
def driver(
    id_: Annotated[str, typer.Argument(metavar="[NUMBER]", help="The number that the driver signs in with.")] = "",
    name: str = "",
    phone: str = "",
    pin: Annotated[str, typer.Option(help=f"{MIN_PIN} digits or more; asked for if not given.")] = "",
    may_drive: Annotated[str, typer.Option(help="Vehicles, as V1,V2; * for every one.")] = "",
    inactive: Annotated[bool, typer.Option("--inactive", help="May not sign in.")] = False,
    replace: Replace = False,
    csv: Csv = None,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """A driver, and what the driver may drive. CSV: id,name,phone,pin and active,vehicles."""

    async def work(registry: SqlRegistry) -> str:
        if csv is not None:
            return f"{await import_drivers(registry, _text(csv), hash_secret)} drivers"
        _wanted(id_, "NUMBER"), _wanted(name, "--name"), _wanted(phone, "--phone")
        vehicles = [it.strip() for it in may_drive.split(",") if it.strip()]
        for one in vehicles:
            if one != ANY_VEHICLE and await registry.get(VehicleRecord, one) is None:
                raise UnknownEntryError(f"vehicle {one}")
        entry = DriverRecord(
            id=DriverId(id_), name=name, phone=phone, pin_hash=hash_secret(_pin(pin)), active=not inactive
        )
        said = await _put(registry, entry, replace=replace)
        if vehicles or not replace:
            await registry.permit(entry.id, vehicles)
        return said

    with_registry(config, data_dir, work)


@add.command()
def dispatcher(
    id_: Annotated[str, typer.Argument(metavar="ID", help="What the dispatcher signs in with.")],
    name: Annotated[str, typer.Option(help="The person's name; the id if not given.")] = "",
    password: Annotated[str, typer.Option(help=f"{MIN_PASSWORD} characters or more; asked for if not given.")] = "",
    permissions: Annotated[str, typer.Option(help="As a,b.")] = "",
    replace: Replace = False,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """A person at a console."""

    async def work(registry: SqlRegistry) -> str:
        entry = DispatcherRecord(
            id=DispatcherId(id_),
            name=name or id_,
            password_hash=hash_secret(_long_enough(password, "password")),
            permissions=tuple(it.strip() for it in permissions.split(",") if it.strip()),
        )
        return await _put(registry, entry, replace=replace)

    with_registry(config, data_dir, work)


@add.command()
def device(
    id_: Annotated[str, typer.Argument(metavar="ID", help="What the device signs in with.")],
    vehicle: Annotated[str, typer.Option(help="The car that it is built into.")],
    key: Annotated[str, typer.Option(help=f"{MIN_PASSWORD} characters or more; asked for if not given.")] = "",
    replace: Replace = False,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """A taximeter, built into a car."""

    async def work(registry: SqlRegistry) -> str:
        key_hash = hash_secret(_long_enough(key, "key"))
        entry = DeviceRecord(id=DeviceId(id_), vehicle=VehicleId(vehicle), key_hash=key_hash)
        return await _put(registry, entry, replace=replace)

    with_registry(config, data_dir, work)


async def _put(registry: SqlRegistry, entry: RegistryRecord, *, replace: bool) -> str:
    kind = TABLES[type(entry)].name
    if replace and await registry.get(type(entry), entry.id) is not None:
        await registry.update(entry)
        return f"{kind} {entry.id} replaced"
    await registry.add(entry)
    return f"{kind} {entry.id}"


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise WantedError(f"{file} is not UTF-8") from error


def _wanted(value: str, name: str) -> str:
    if not value:
        raise WantedError(f"{name} is needed (or --csv)")
    return value


def _pin(pin: str) -> str:
    pin = pin or _asked("PIN")
    if len(pin) < MIN_PIN or not pin.isdecimal():
        raise WantedError(f"a PIN is {MIN_PIN} digits or more")
    return pin


def _long_enough(secret: str, name: str) -> str:
    secret = secret or _asked(name.capitalize())
    if len(secret) < MIN_PASSWORD:
        raise WantedError(f"a {name} is {MIN_PASSWORD} characters or more")
    return secret


def _asked(what: str) -> str:
    """Twice and unseen at a terminal; else one line of the input."""
    person = sys.stdin.isatty()
    return str(typer.prompt(what, hide_input=person, confirmation_prompt=person, err=True))
