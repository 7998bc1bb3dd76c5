"""``taxi add``: adds vehicles, drivers, dispatchers and devices to the registry, one by one or from a CSV file.

It works with or without a running server; tables are created or upgraded first. Missing secrets are read from the
terminal, and only their hashes are stored.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dispatch.domain.registry import (
    ANY_VEHICLE,
    DeviceRecord,
    DispatcherRecord,
    DriverRecord,
    RegistryRecord,
    VehicleRecord,
)
from dispatch.store.queries.registry import TABLES, SqlRegistry
from dispatch.store.queries.registry_csv import MIN_PIN, import_drivers, import_vehicles
from dispatch.values.ids import DeviceId, DispatcherId, DriverId, VehicleId
from taxi_cli.database import InputError, with_registry
from taxi_cli.options import Config, DataDir
from ws_gateway.auth.passwords import hash_secret

add = typer.Typer(help="Add vehicles, drivers, dispatchers or devices to the registry.", no_args_is_help=True)

Csv = Annotated[Path | None, typer.Option("--csv", help="Import all rows of a CSV file, or none if one is wrong.")]
Replace = Annotated[bool, typer.Option("--replace", help="Replace the entry with this id.")]
MIN_PASSWORD = 8


@add.command()
def vehicle(
    id_: Annotated[str, typer.Argument(metavar="[ID]", help="Vehicle id, as in the QR code: V123.")] = "",
    plate: Annotated[str, typer.Option(help="License plate.")] = "",
    company: Annotated[str, typer.Option(help="Company id.")] = "",
    vehicle_class: Annotated[str, typer.Option("--class", help="Vehicle class of the tariff.")] = "standard",
    seats: Annotated[int, typer.Option(help="Passenger seats.")] = 4,
    wheelchair: Annotated[bool, typer.Option("--wheelchair", help="Wheelchair accessible.")] = False,
    child_seat: Annotated[bool, typer.Option("--child-seat", help="Has a child seat.")] = False,
    typed_fare: Annotated[bool, typer.Option("--typed-fare", help="No taximeter: passengers type the fare.")] = False,
    inactive: Annotated[bool, typer.Option("--inactive", help="The vehicle must not be driven.")] = False,
    replace: Replace = False,
    csv: Csv = None,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Add a vehicle.

    CSV: id,plate,company[,vehicle_class,seats,wheelchair,child_seat,active,typed_fare].
    """

    async def work(registry: SqlRegistry) -> str:
        if csv is not None:
            return f"{await import_vehicles(registry, _text(csv))} vehicles"
        entry = VehicleRecord(
            id=VehicleId(_required(id_, "ID")),
            plate=_required(plate, "--plate"),
            company=_required(company, "--company"),
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
    id_: Annotated[str, typer.Argument(metavar="[NUMBER]", help="Driver number, for sign-in.")] = "",
    name: Annotated[str, typer.Option(help="Name of the driver.")] = "",
    phone: Annotated[str, typer.Option(help="Phone number of the driver.")] = "",
    pin: Annotated[str, typer.Option(help=f"At least {MIN_PIN} digits; prompted for if missing.")] = "",
    may_drive: Annotated[str, typer.Option(help="Vehicles to drive, as V1,V2; * for all.")] = "",
    inactive: Annotated[bool, typer.Option("--inactive", help="The driver must not sign in.")] = False,
    replace: Replace = False,
    csv: Csv = None,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Add a driver and the permitted vehicles.

    CSV: id,name,phone,pin[,active,vehicles].
    """

    async def work(registry: SqlRegistry) -> str:
        if csv is not None:
            return f"{await import_drivers(registry, _text(csv), hash_secret)} drivers"
        _required(id_, "NUMBER"), _required(name, "--name"), _required(phone, "--phone")
        vehicles = [it.strip() for it in may_drive.split(",") if it.strip()]
        for one in vehicles:
            if one != ANY_VEHICLE:
                await registry.require(VehicleRecord, one)
        entry = DriverRecord(
            id=DriverId(id_), name=name, phone=phone, pin_hash=hash_secret(_pin(pin)), active=not inactive
        )
        result = await _put(registry, entry, replace=replace)
        if vehicles or not replace:
            await registry.permit(entry.id, vehicles)
        return result

    with_registry(config, data_dir, work)


@add.command()
def dispatcher(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Dispatcher name, for sign-in.")],
    name: Annotated[str, typer.Option(help="Name of the person; default: the id.")] = "",
    password: Annotated[str, typer.Option(help=f"At least {MIN_PASSWORD} characters; prompted for if missing.")] = "",
    permissions: Annotated[str, typer.Option(help="Permissions, as a,b.")] = "",
    replace: Replace = False,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Add a dispatcher."""

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
    id_: Annotated[str, typer.Argument(metavar="ID", help="Device id, for sign-in.")],
    vehicle: Annotated[str, typer.Option(help="Vehicle of the device.")],
    key: Annotated[str, typer.Option(help=f"At least {MIN_PASSWORD} characters; prompted for if missing.")] = "",
    replace: Replace = False,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Add a device, such as a taximeter."""

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
        raise InputError(f"{file} is not UTF-8 text") from error


def _required(value: str, name: str) -> str:
    if not value:
        raise InputError(f"{name} is required (or --csv)")
    return value


def _pin(pin: str) -> str:
    pin = pin or _prompted("PIN")
    if len(pin) < MIN_PIN or not pin.isdecimal():
        raise InputError(f"the PIN must have at least {MIN_PIN} digits")
    return pin


def _long_enough(secret: str, name: str) -> str:
    secret = secret or _prompted(name.capitalize())
    if len(secret) < MIN_PASSWORD:
        raise InputError(f"the {name} must have at least {MIN_PASSWORD} characters")
    return secret


def _prompted(name: str) -> str:
    """At a terminal hidden and entered twice; otherwise one line of standard input."""
    terminal = sys.stdin.isatty()
    return str(typer.prompt(name, hide_input=terminal, confirmation_prompt=terminal, err=True))
