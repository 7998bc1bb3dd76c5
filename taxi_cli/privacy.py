"""``taxi privacy``: export and erase a passenger's data, and rotate the master key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taxi_cli.access import record_action, revoke_tokens
from taxi_cli.database import with_database
from taxi_cli.options import Config, DataDir, print_json, settings_for

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from dispatch.config.loader import Settings
    from dispatch.store.database import Database
    from dispatch.store.queries.personal_data import SqlPersonalData

privacy = typer.Typer(help="Passengers' personal data.", no_args_is_help=True)
Passenger = Annotated[str, typer.Argument(metavar="PASSENGER", help="Passenger id, as in trips.")]


@privacy.command()
def export(passenger: Passenger, config: Config = None, data_dir: DataDir = None) -> None:
    """Print all stored data about a passenger as JSON."""

    async def work(persons: SqlPersonalData, database: Database) -> str | None:
        known = await persons.export(passenger)
        await _record(database, "export", passenger)
        print_json(known)
        return None

    _with_persons(config, data_dir, work)


@privacy.command()
def erase(passenger: Passenger, config: Config = None, data_dir: DataDir = None) -> None:
    """Destroy a passenger's key, phone number and Alipay account, and end all sign-ins.

    Trips stay in the journal.
    """

    async def work(persons: SqlPersonalData, database: Database) -> str:
        await persons.erase(passenger)
        await revoke_tokens(database, settings_for(config, data_dir), "passenger", passenger)
        await _record(database, "erase", passenger)
        return f"passenger {passenger} erased"

    _with_persons(config, data_dir, work)


@privacy.command()
def rotate(config: Config = None, data_dir: DataDir = None) -> None:
    """Create a new master key (unless the setting provides one), and wrap all keys with the newest."""
    from dispatch.config.secrets import new_master_key

    settings = settings_for(config, data_dir)
    if not settings.privacy.master_key.get_secret_value():
        new_master_key(settings)

    async def work(persons: SqlPersonalData, database: Database) -> str:
        count = await persons.rewrap()
        await _record(database, "rotate", "")
        return f"{count} keys wrapped with the newest master key"

    _with_persons(config, data_dir, work)


def _with_persons(
    config: Path | None, data_dir: Path | None, work: Callable[[SqlPersonalData, Database], Awaitable[str | None]]
) -> None:
    settings = settings_for(config, data_dir)
    with_database(config, data_dir, lambda database: work(_persons_of(settings, database), database))


def _persons_of(settings: Settings, database: Database) -> SqlPersonalData:
    from dispatch.config.secrets import vault_of
    from dispatch.store.queries.personal_data import SqlPersonalData

    return SqlPersonalData(database, vault_of(settings))


async def _record(database: Database, act: str, passenger: str) -> None:
    target = f"passenger:{passenger}" if passenger else "master key"
    await record_action(database, f"privacy_{act}", target, {}, prefix="privacy")
