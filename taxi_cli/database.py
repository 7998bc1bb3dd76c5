"""Runs a command's work with the journal's database, with or without a running server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from sqlalchemy.exc import SQLAlchemyError

from dispatch.config.secrets import vault_of
from dispatch.domain.registry import RegistryError
from dispatch.store.database import Database, open_database
from dispatch.store.journal import JournalUnavailableError
from dispatch.store.migrations import upgrade
from dispatch.store.queries.personal_data import SqlPersonalData
from dispatch.store.queries.registry import SqlRegistry
from taxi_cli.options import fail, settings_for

if TYPE_CHECKING:
    from dispatch.config.loader import Settings


class InputError(ValueError):
    """An option or argument is missing or wrong."""


def with_registry(
    config: Path | None, data_dir: Path | None, work: Callable[[SqlRegistry], Awaitable[str | None]]
) -> None:
    async def on_registry(database: Database) -> str | None:
        persons = SqlPersonalData(database, vault_of(settings_for(config, data_dir)))
        return await work(SqlRegistry(database, persons))

    with_database(config, data_dir, on_registry)


def with_database(
    config: Path | None, data_dir: Path | None, work: Callable[[Database], Awaitable[str | None]]
) -> None:
    """Run ``work`` on the database, whose tables are created or upgraded first, and print its result."""
    settings = settings_for(config, data_dir)

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
        result = asyncio.run(run())
    except (RegistryError, JournalUnavailableError, SQLAlchemyError, OSError, ValueError) as error:
        raise fail(_message(error)) from error
    if result:
        typer.echo(result)


def _message(error: Exception) -> str:
    """Without the statement and the link that SQLAlchemy appends."""
    if isinstance(error, SQLAlchemyError):
        return f"the journal does not answer: {str(error).splitlines()[0]}"
    return str(error)


def require_journal(settings: Settings) -> None:
    """Raises ``FileNotFoundError`` if the data folder has no journal, which would otherwise be created."""
    if not settings.journal.url and not (settings.server.data_dir / "journal.sqlite").is_file():
        raise FileNotFoundError(f"no journal in {settings.server.data_dir}")
