"""``taxi privacy``: what is known of a passenger, told or erased; and new master keys."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taxi_cli.options import Config, DataDir, print_json, setting_overrides, settings_of
from taxi_cli.registry import with_database

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from dispatch.config.loader import Settings
    from dispatch.store.database import Database
    from dispatch.store.queries.personal_data import SqlPersonalData

privacy = typer.Typer(help="Passengers' personal data.", no_args_is_help=True)
Passenger = Annotated[str, typer.Argument(metavar="PASSENGER", help="The passenger's id, as trips name it.")]


@privacy.command()
def export(passenger: Passenger, config: Config = None, data_dir: DataDir = None) -> None:
    """All that is known of a passenger, as JSON."""

    async def work(persons: SqlPersonalData, database: Database) -> str | None:
        known = await persons.exported(passenger)
        await _written(database, "export", passenger)
        print_json(known)
        return None

    _with_persons(config, data_dir, work)


@privacy.command()
def erase(passenger: Passenger, config: Config = None, data_dir: DataDir = None) -> None:
    """Destroy a passenger's key, number and account, and end the sign-ins. The journal stays whole."""

    async def work(persons: SqlPersonalData, database: Database) -> str:
        from dispatch.clock import CityClock
        from dispatch.store.queries.revocations import Revocation, SqlRevocations, subject_name

        await persons.erase(passenger)
        wall = CityClock().wall()
        ttl_s = settings_of(config, setting_overrides(server__data_dir=data_dir)).auth.token_ttl_s
        await SqlRevocations(database).add(Revocation(subject_name("passenger", passenger), wall, wall + ttl_s + 60.0))
        await _written(database, "erase", passenger)
        return f"passenger {passenger} is erased"

    _with_persons(config, data_dir, work)


@privacy.command()
def rotate(config: Config = None, data_dir: DataDir = None) -> None:
    """Make a new master key (where the setting names none), and wrap all keys by the newest."""
    from dispatch.config.secrets import new_master_key

    settings = settings_of(config, setting_overrides(server__data_dir=data_dir))
    if not settings.privacy.master_key.get_secret_value():
        new_master_key(settings)

    async def work(persons: SqlPersonalData, database: Database) -> str:
        count = await persons.rewrap()
        await _written(database, "rotate", "")
        return f"{count} keys are wrapped anew"

    _with_persons(config, data_dir, work)


def _with_persons(
    config: Path | None, data_dir: Path | None, work: Callable[[SqlPersonalData, Database], Awaitable[str | None]]
) -> None:
    settings = settings_of(config, setting_overrides(server__data_dir=data_dir))
    with_database(config, data_dir, lambda database: work(_persons_of(settings, database), database))


def _persons_of(settings: Settings, database: Database) -> SqlPersonalData:
    from dispatch.config.secrets import vault_of
    from dispatch.store.queries.personal_data import SqlPersonalData

    return SqlPersonalData(database, vault_of(settings))


async def _written(database: Database, act: str, passenger: str) -> None:
    """Into the audit log."""
    from dispatch.clock import CityClock
    from dispatch.domain.audit import operator_entry
    from dispatch.store.queries.audit import SqlAudit

    target = f"passenger:{passenger}" if passenger else "master key"
    entry = operator_entry(f"privacy_{act}", target, CityClock().wall(), f"privacy:{secrets.token_hex(8)}", {})
    await SqlAudit(database).record_entries([entry])
