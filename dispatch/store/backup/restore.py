"""Restores a journal from an archive: into an empty database, completely or not at all.

The journal of a running system is never empty: it contains at least its number of shards. It is therefore refused.
"""

import asyncio
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, MetaData, Table, func, insert, inspect, select

from dispatch.store import tables as schema
from dispatch.store.backup.format import ArchiveError, Head, Rows, Secret, Summary, frames, summary_of
from dispatch.store.database import open_database
from dispatch.store.migrations import upgrade

VERSIONS = "alembic_version"


async def restore_from(url: str, source: Path, *, secrets: Path | None = None, timeout_s: float = 60.0) -> Summary:
    """Restore the journal at ``url`` from an archive, and upgrade it to this release.

    The archive is read twice: it is checked completely before anything is written. Secrets are written to the folder
    ``secrets``, where none may exist. Raises :class:`ArchiveError`, ``JournalUnavailableError``, ``OSError``.
    """
    head, summary = await asyncio.to_thread(summary_of, source)
    if head.revision > schema.REVISION:
        raise ArchiveError(f"{source} is from a later release: its tables are at revision {head.revision}")
    if secrets is not None:
        _must_be_free(secrets, summary)
    database = open_database(url, timeout_s=timeout_s)
    try:
        await database.write(partial(_must_be_empty, revision=head.revision))
        await asyncio.to_thread(upgrade, url, revision=head.revision)
        await database.write(partial(_fill, source=source, head=head))
    finally:
        await database.close()
    await asyncio.to_thread(upgrade, url)
    if secrets is not None:
        _write_secrets(secrets, source)
    return summary


def _must_be_empty(connection: Connection, revision: str) -> None:
    tables = [name for name in sorted(inspect(connection).get_table_names()) if name != VERSIONS]
    if not tables:
        return
    for table in _reflected(connection).values():
        count = connection.execute(select(func.count()).select_from(table)).scalar_one()
        if count and table.name != VERSIONS:
            text = f"table {table.name} has {count} rows"
            raise ArchiveError(f"the journal is not empty ({text}): restore into a new, empty database")
    found = connection.exec_driver_sql(f"SELECT version_num FROM {VERSIONS}").scalar()  # noqa: S608 - a constant
    if found != revision:
        raise ArchiveError(
            f"the tables are at revision {found}, the archive is at {revision}: use a database without tables"
        )


def _reflected(connection: Connection) -> Mapping[str, Table]:
    """The tables at the archive's revision, which may be older than this release."""
    metadata = MetaData()
    metadata.reflect(bind=connection)
    return metadata.tables


def _fill(connection: Connection, source: Path, head: Head) -> None:
    _must_be_empty(connection, head.revision)
    tables = _reflected(connection)
    for name, columns in head.tables.items():
        if name not in tables or not set(columns) <= set(tables[name].columns.keys()):
            raise ArchiveError(f"{source}: table {name} does not match revision {head.revision}")
    for frame in frames(source):
        if isinstance(frame, Rows):
            columns = head.tables[frame.table]
            values = [dict(zip(columns, row, strict=True)) for row in frame.rows]
            connection.execute(insert(tables[frame.table]), values)


def _must_be_free(folder: Path, summary: Summary) -> None:
    there = [name for name in summary.secrets if (folder / name).exists()]
    if there:
        raise ArchiveError(f"{folder} contains {', '.join(there)} already")


def _write_secrets(folder: Path, source: Path) -> None:
    for frame in frames(source):
        if isinstance(frame, Secret):
            if Path(frame.name).name != frame.name:
                raise ArchiveError(f"invalid name of a secret: {frame.name!r}")
            with os.fdopen(os.open(folder / frame.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                out.write(frame.content)
