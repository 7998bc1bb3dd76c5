"""For development: tokens signed with the secret in the data folder, and the protocol's documents."""

import secrets
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer

from dispatch.api.fields import Phone
from dispatch.clock import CityClock
from dispatch.domain.registry import ANY_VEHICLE, DeviceRecord, DispatcherRecord, DriverRecord, VehicleRecord
from dispatch.store.queries.registry import SqlRegistry
from dispatch.values.ids import DriverId, PassengerId, VehicleId
from taxi_cli.database import InputError, with_registry
from taxi_cli.options import Config, DataDir, fail, print_json, settings_for

token = typer.Typer(help="Print tokens for development, as from a sign-in.", no_args_is_help=True)

Signed = Literal["driver", "passenger", "dispatcher", "device"]


class _Signer:
    """Issues tokens with the gateways' secret."""

    def __init__(self, config: Path | None, data_dir: Path | None) -> None:
        from dispatch.config.secrets import token_secret
        from ws_gateway.auth.tokens import Tokens

        settings = settings_for(config, data_dir)
        self._tokens = Tokens(token_secret(settings).get_secret_value().encode(), settings.auth.token_ttl_s)

    def sign(self, role: Signed, subject: str, vehicle: str | None = None) -> str:
        session = secrets.token_hex(8)
        return self._tokens.issue(role, subject, session=session, wall=CityClock().wall(), vehicle=vehicle)


@token.command("driver")
def token_driver(
    vehicle: Annotated[str, typer.Argument(help="Vehicle id.")],
    driver: Annotated[
        str | None, typer.Option(help="Driver number; default: a driver who may drive the vehicle.")
    ] = None,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Print a driver's token for a vehicle."""

    async def work(registry: SqlRegistry) -> str:
        car = await registry.require(VehicleRecord, vehicle)
        number = await _driver_of(registry, car, driver)
        return _Signer(config, data_dir).sign("driver", number, vehicle)

    with_registry(config, data_dir, work)


async def _driver_of(registry: SqlRegistry, car: VehicleRecord, wanted: str | None) -> str:
    """``wanted`` if permitted; else a driver of just this vehicle, else any driver who may drive it."""
    if wanted is not None:
        if not await registry.may_drive(DriverId(wanted), car.id):
            raise InputError(f"driver {wanted} does not exist, is inactive, or may not drive {car.id}")
        return wanted
    anybody: str | None = None
    for driver in await registry.entries(DriverRecord):
        permitted = await registry.permitted(driver.id)
        if car.id in permitted and await registry.may_drive(driver.id, car.id):
            return driver.id
        if anybody is None and ANY_VEHICLE in permitted and await registry.may_drive(driver.id, car.id):
            anybody = driver.id
    if anybody is None:
        raise InputError(f"no driver may drive {car.id}: taxi add driver NUMBER --may-drive {car.id}")
    return anybody


@token.command("passenger")
def token_passenger(
    phone: Annotated[str, typer.Argument(help="Phone number.")], config: Config = None, data_dir: DataDir = None
) -> None:
    """Print a token of the passenger with this phone, who is created if missing."""

    async def work(registry: SqlRegistry) -> str:
        msgspec.convert(phone, Phone)
        fresh = PassengerId(f"p{secrets.token_hex(8)}")
        passenger = await registry.passenger_by_phone(phone, new_id=fresh, created=CityClock().wall())
        return _Signer(config, data_dir).sign("passenger", passenger.id)

    with_registry(config, data_dir, work)


@token.command("dispatcher")
def token_dispatcher(
    name: Annotated[str, typer.Argument(help="Dispatcher name.")], config: Config = None, data_dir: DataDir = None
) -> None:
    """Print a dispatcher's token."""

    async def work(registry: SqlRegistry) -> str:
        await registry.require(DispatcherRecord, name)
        return _Signer(config, data_dir).sign("dispatcher", name)

    with_registry(config, data_dir, work)


@token.command("device")
def token_device(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Device id.")],
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Print a device's token."""

    async def work(registry: SqlRegistry) -> str:
        found = await registry.require(DeviceRecord, id_)
        return _Signer(config, data_dir).sign("device", id_, VehicleId(found.vehicle))

    with_registry(config, data_dir, work)


def schema(
    as_json_schema: Annotated[bool, typer.Option("--json-schema", help="Print JSON Schema.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print docs/protocol.md.")] = False,
    as_asyncapi: Annotated[bool, typer.Option("--asyncapi", help="Print AsyncAPI 3 (default).")] = False,
    as_openapi: Annotated[bool, typer.Option("--openapi", help="Print OpenAPI 3.1 of the HTTP interface.")] = False,
) -> None:
    """Print the protocol as AsyncAPI 3, JSON Schema or Markdown, or the HTTP interface as OpenAPI."""
    from dispatch.codegen.asyncapi import asyncapi, json_schema, render_protocol_markdown

    if as_json_schema + as_markdown + as_asyncapi + as_openapi > 1:
        raise fail("use only one of --asyncapi, --json-schema, --markdown, --openapi")
    if as_openapi:
        from ws_gateway.openapi_document import openapi

        print_json(openapi())
    elif as_markdown:
        typer.echo(render_protocol_markdown(), nl=False)
    else:
        print_json(json_schema() if as_json_schema else asyncapi())
