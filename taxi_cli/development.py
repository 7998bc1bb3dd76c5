"""For development: tokens signed with the data folder's secret, and the protocol's documents."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer

from dispatch.api.fields import Phone
from dispatch.clock import CityClock
from dispatch.domain.registry import (
    ANY_VEHICLE,
    DeviceRecord,
    DispatcherRecord,
    DriverRecord,
    UnknownEntryError,
    VehicleRecord,
)
from dispatch.store.queries.registry import SqlRegistry
from dispatch.values.ids import DriverId, PassengerId, VehicleId
from taxi_cli.options import Config, DataDir, print_json, setting_overrides, settings_of
from taxi_cli.registry import WantedError, with_registry

token = typer.Typer(help="Tokens for development, as a sign-in would give them.", no_args_is_help=True)

Signed = Literal["driver", "passenger", "dispatcher", "device"]


class _Signer:
    """Signs as the gateways of these settings do."""

    def __init__(self, config: Path | None, data_dir: Path | None) -> None:
        from dispatch.config.secrets import token_secret
        from ws_gateway.auth.tokens import Tokens

        settings = settings_of(config, setting_overrides(server__data_dir=data_dir))
        self._tokens = Tokens(token_secret(settings).get_secret_value().encode(), settings.auth.token_ttl_s)

    def sign(self, role: Signed, subject: str, vehicle: str | None = None) -> str:
        """A token from now on."""
        session = secrets.token_hex(8)
        return self._tokens.issue(role, subject, session=session, wall=CityClock().wall(), vehicle=vehicle)


@token.command("driver")
def token_driver(
    vehicle: Annotated[str, typer.Argument(help="The car of the shift.")],
    driver: Annotated[str | None, typer.Option(help="Number of the driver; else one who may drive the car.")] = None,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """A token of a driver in a car."""

    async def work(registry: SqlRegistry) -> str:
        car = await registry.get(VehicleRecord, vehicle)
        if car is None:
            raise UnknownEntryError(f"vehicle {vehicle}")
        number = await _driver_of(registry, car, driver)
        return _Signer(config, data_dir).sign("driver", number, vehicle)

    with_registry(config, data_dir, work)


async def _driver_of(registry: SqlRegistry, car: VehicleRecord, wanted: str | None) -> str:
    """``wanted`` if that driver may drive the car; else who was given just this car, or anybody who may."""
    if wanted is not None:
        if not await registry.may_drive(DriverId(wanted), car.id):
            raise WantedError(f"driver {wanted} may not drive {car.id}, or is not there, or not active")
        return wanted
    anybody: str | None = None
    for driver in await registry.entries(DriverRecord):
        permitted = await registry.permitted(driver.id)
        if car.id in permitted and await registry.may_drive(driver.id, car.id):
            return driver.id
        if anybody is None and ANY_VEHICLE in permitted and await registry.may_drive(driver.id, car.id):
            anybody = driver.id
    if anybody is None:
        raise WantedError(f"nobody may drive {car.id}: taxi add driver NUMBER --may-drive {car.id}")
    return anybody


@token.command("passenger")
def token_passenger(
    phone: Annotated[str, typer.Argument(help="As the passenger would type it.")],
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """A token of the passenger with this phone, who is made if there is none."""

    async def work(registry: SqlRegistry) -> str:
        msgspec.convert(phone, Phone)
        fresh = PassengerId(f"p{secrets.token_hex(8)}")
        passenger = await registry.passenger_by_phone(phone, new_id=fresh, created=CityClock().wall())
        return _Signer(config, data_dir).sign("passenger", passenger.id)

    with_registry(config, data_dir, work)


@token.command("dispatcher")
def token_dispatcher(
    name: Annotated[str, typer.Argument(help="What the dispatcher signs in with.")],
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """A token of a dispatcher."""

    async def work(registry: SqlRegistry) -> str:
        if await registry.get(DispatcherRecord, name) is None:
            raise UnknownEntryError(f"dispatcher {name}")
        return _Signer(config, data_dir).sign("dispatcher", name)

    with_registry(config, data_dir, work)


@token.command("device")
def token_device(
    id_: Annotated[str, typer.Argument(metavar="ID", help="What the device signs in with.")],
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """A token of a taximeter."""

    async def work(registry: SqlRegistry) -> str:
        found = await registry.get(DeviceRecord, id_)
        if found is None:
            raise UnknownEntryError(f"device {id_}")
        return _Signer(config, data_dir).sign("device", id_, VehicleId(found.vehicle))

    with_registry(config, data_dir, work)


def schema(
    as_json_schema: Annotated[bool, typer.Option("--json-schema", help="JSON Schema instead.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="docs/protocol.md instead.")] = False,
    as_asyncapi: Annotated[bool, typer.Option("--asyncapi", help="AsyncAPI 3, the default.")] = False,
    as_openapi: Annotated[bool, typer.Option("--openapi", help="OpenAPI 3.1 of what goes over HTTP.")] = False,
) -> None:
    """The protocol as AsyncAPI 3, JSON Schema or Markdown, and HTTP as OpenAPI, made from the messages and routes."""
    from dispatch.codegen.asyncapi import asyncapi, json_schema, render_protocol_markdown
    from taxi_cli.options import fail

    if as_json_schema + as_markdown + as_asyncapi + as_openapi > 1:
        raise fail("one of --asyncapi, --json-schema, --markdown, --openapi")
    if as_openapi:
        from ws_gateway.openapi_document import openapi

        print_json(openapi())
    elif as_markdown:
        typer.echo(render_protocol_markdown(), nl=False)
    else:
        print_json(json_schema() if as_json_schema else asyncapi())
