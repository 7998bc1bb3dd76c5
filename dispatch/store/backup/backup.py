"""Writes an archive of the journal of a running system, from one read transaction.

The transaction is a snapshot of the WAL on SQLite, and REPEATABLE READ on PostgreSQL: it sees the state at one moment
and blocks no writer. The ``-wal`` file grows meanwhile, because SQLite cannot checkpoint it past an active reader.
"""

import gzip
import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any, Final, cast

from sqlalchemy import Connection, Table, literal, select, tuple_
from sqlalchemy.exc import DBAPIError

from dispatch.store import tables as schema
from dispatch.store.backup.format import (
    FORMAT,
    SECRETS,
    VERSION,
    ArchiveError,
    FrameWriter,
    Head,
    Rows,
    Secret,
    Summary,
)
from dispatch.store.database import Database
from dispatch.store.journals.sql_journal import JournalMismatchError

PIECE: Final = 1000
"""Rows that are read and written at a time."""
LEVEL: Final = 3
"""Compression level of gzip: a quarter of the time of level 9, files a tenth larger."""


async def back_up(database: Database, target: Path, *, secrets: Path | None = None) -> Summary:
    """Write ``target``, which must not exist, readable by its owner only, with the secrets of the folder ``secrets``.

    The file gets its name only when it is complete and on disk. Raises :class:`ArchiveError`, ``JournalMismatchError``
    if the tables are not of this release, ``JournalUnavailableError``, ``OSError``.
    """
    return await database.read(partial(_write_file, target=target, folder=secrets))


def _write_file(connection: Connection, target: Path, folder: Path | None) -> Summary:
    if target.exists():
        raise ArchiveError(f"{target} exists already")
    secrets = _secrets_in(folder) if folder is not None else []
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=LEVEL, mtime=0) as out:
                summary = _write(connection, cast("IO[bytes]", out), secrets)
            raw.flush()
            os.fsync(raw.fileno())
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)
    summary.bytes = target.stat().st_size
    return summary


def _secrets_in(folder: Path) -> list[Secret]:
    return [Secret(name, (folder / name).read_bytes()) for name in SECRETS if (folder / name).is_file()]


def _write(connection: Connection, out: IO[bytes], secrets: Sequence[Secret]) -> Summary:
    writer = FrameWriter(out)
    tables = schema.metadata.sorted_tables
    revision = _revision(connection)
    columns = {str(table.name): tuple(map(str, table.columns.keys())) for table in tables}  # they are a kind of str
    writer.write(Head(FORMAT, VERSION, revision, columns))
    counts = dict.fromkeys(columns, 0)
    for name, table in zip(columns, tables, strict=True):
        for rows in pieces(connection, table):
            writer.write(Rows(name, rows))
            counts[name] += len(rows)
    for secret in secrets:
        writer.write(secret)
    digest = writer.end(counts)
    names = [secret.name for secret in secrets]
    total = sum(counts.values())
    return Summary(revision=revision, rows=total, counts=counts, secrets=names, sha256=digest, bytes=0)


def _revision(connection: Connection) -> str:
    try:
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    except DBAPIError as error:
        raise JournalMismatchError("the database has no journal") from error
    if found != schema.REVISION:
        raise JournalMismatchError(
            f"the journal's tables are at revision {found}, this release backs up {schema.REVISION}"
        )
    return str(found)


def pieces(connection: Connection, table: Table) -> Iterator[list[list[Any]]]:
    """All rows of a table in the order of its primary key, in pieces that bound the memory."""
    key = list(table.primary_key.columns)
    places = [list(table.columns).index(column) for column in key]
    ordered = select(table).order_by(*key).limit(PIECE)
    last: list[Any] | None = None
    while True:
        piece = ordered
        if last is not None:
            behind = (literal(value, column.type) for value, column in zip(last, key, strict=True))
            piece = ordered.where(tuple_(*key) > tuple_(*behind))
        rows = [list(row) for row in connection.execute(piece)]
        if rows:
            yield rows
        if len(rows) < PIECE:
            return
        last = [rows[-1][place] for place in places]
