"""Database access: ``read`` and ``write``, each one transaction over a synchronous SQLAlchemy connection.

The work is a plain function, the same for both databases. SQLite runs it as a whole in a thread (with an asynchronous
driver each statement costs three to four thread switches); PostgreSQL runs it through asyncpg on the event loop.

* SQLite: WAL, ``synchronous=FULL``, one writer at a time by ``BEGIN IMMEDIATE``; readers never wait for the writer.
* PostgreSQL: writers at READ COMMITTED, which lock the rows that they depend on; readers at REPEATABLE READ, so that
  several statements see one state.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, Protocol, TypeVar, cast

from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy import event as hooks
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from dispatch.store.journal import JournalUnavailableError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")
_DEADLOCK_TRIES: Final = 5
READERS: Final = 2
"""Threads that read SQLite, besides the writer."""
BEGIN_WRITING: Final = "BEGIN IMMEDIATE"
_ATTEMPT_MS: Final = 1
"""How long SQLite itself waits for a lock before the next attempt."""
_OUR_FAULT: Final = ("22", "42")
"""SQLSTATE classes that are no outage: invalid data, invalid statement."""


class _DeadlockError(Exception):
    """PostgreSQL resolved a deadlock by rolling this transaction back: nothing was written, it may run again."""


class Database(Protocol):
    """One database. Raises :class:`JournalUnavailableError` if it does not answer in time, or not clearly."""

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` on one consistent state of the database."""

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in one transaction, possibly more than once, and commit it; its exceptions roll back."""

    async def close(self) -> None: ...


def sqlstate(error: DBAPIError) -> str:
    """PostgreSQL's five-character code for ``error``, or nothing."""
    return str(getattr(error.orig, "sqlstate", None) or "")


@contextmanager
def _outages() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        state = sqlstate(error)
        if state == "40P01":
            raise _DeadlockError(str(error.orig)) from error
        if is_duplicate(error) or state.startswith(_OUR_FAULT) or _is_bug(error):
            raise
        raise JournalUnavailableError(str(error.orig)) from error
    except (PoolTimeoutError, OSError, TimeoutError) as error:
        raise JournalUnavailableError(str(error) or type(error).__name__) from error


def is_duplicate(error: DBAPIError) -> bool:
    name = str(getattr(error.orig, "sqlite_errorname", ""))
    return sqlstate(error) == "23505" or name in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")


def _is_bug(error: DBAPIError) -> bool:
    """A constraint that no concurrent writer can violate, or a statement that SQLite does not understand."""
    name = str(getattr(error.orig, "sqlite_errorname", ""))
    return name.startswith("SQLITE_CONSTRAINT") or name == "SQLITE_ERROR" or sqlstate(error).startswith("23")


def sync_sqlite_url(url: URL) -> URL:
    """``url`` for the synchronous driver. Raises ``ValueError`` if it names no file."""
    if not url.database or url.database == ":memory:":
        raise ValueError("a SQLite journal needs a file")
    return url.set(drivername="sqlite+pysqlite")


def sqlite_engine(url: URL, begin: str, *, busy_timeout_s: float, connections: int) -> Engine:
    """An engine whose transactions start with ``begin`` and whose commits are durable."""
    engine = create_engine(sync_sqlite_url(url), pool_size=connections, max_overflow=0, pool_reset_on_return=None)

    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={int(busy_timeout_s * 1000)}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        if begin == BEGIN_WRITING:
            connection.execute(f"PRAGMA busy_timeout={_ATTEMPT_MS}")

    def start(connection: Connection) -> None:
        if begin == BEGIN_WRITING:
            _begin_writing(connection, time.monotonic() + busy_timeout_s)
        else:
            connection.exec_driver_sql(begin)

    hooks.listen(engine, "connect", prepare)
    hooks.listen(engine, "begin", start)
    return engine


def _begin_writing(connection: Connection, give_up: float) -> None:
    """SQLite's own wait sleeps up to 100 ms between its attempts, and starves: of 8 busy writers the p99 was 340 ms and
    the longest wait 2 s; with short attempts 80 ms and 0.1 s.
    """
    driver = cast("sqlite3.Connection", connection.connection.driver_connection)
    while time.monotonic() < give_up:
        try:
            driver.execute(BEGIN_WRITING)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                break
        else:
            return
    connection.exec_driver_sql(BEGIN_WRITING)


class SqliteDatabase:
    """A SQLite file. One thread writes, :data:`READERS` threads read."""

    def __init__(self, url: URL, *, timeout_s: float) -> None:
        self._writing = sqlite_engine(url, BEGIN_WRITING, busy_timeout_s=timeout_s, connections=1)
        self._reading = sqlite_engine(url, "BEGIN", busy_timeout_s=timeout_s, connections=READERS)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="journal-write")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="journal-read")

    async def read(self, work: Callable[[Connection], T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, _run, self._reading, work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writer, _run, self._writing, work)

    async def close(self) -> None:
        await asyncio.to_thread(self._shutdown)

    def _shutdown(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        self._writing.dispose()
        self._reading.dispose()


def _run(engine: Engine, work: Callable[[Connection], T]) -> T:
    with _outages(), engine.begin() as connection:
        return work(connection)


def postgres_engine(url: URL, *, timeout_s: float, connections: int) -> AsyncEngine:
    """An engine over asyncpg; a statement that takes longer than ``timeout_s`` is cancelled."""
    # The asyncio extension imports the ORM, which would delay the start of hosts on SQLite by half a second.
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415

    return create_async_engine(
        url.set(drivername="postgresql+asyncpg"),
        pool_size=connections,
        max_overflow=0,
        pool_timeout=timeout_s,
        connect_args={"timeout": timeout_s, "command_timeout": timeout_s},
    )


class PostgresDatabase:
    """A PostgreSQL database through asyncpg."""

    def __init__(self, url: URL, *, timeout_s: float, connections: int) -> None:
        self._writing = postgres_engine(url, timeout_s=timeout_s, connections=connections)
        self._reading = self._writing.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    async def read(self, work: Callable[[Connection], T]) -> T:
        with _outages():
            async with self._reading.begin() as connection:
                return await connection.run_sync(work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Repeated if PostgreSQL rolled it back to resolve a deadlock."""
        for _ in range(_DEADLOCK_TRIES):
            with suppress(_DeadlockError), _outages():
                async with self._writing.begin() as connection:
                    return await connection.run_sync(work)
        raise JournalUnavailableError(f"deadlocked {_DEADLOCK_TRIES} times")

    async def close(self) -> None:
        await self._writing.dispose()


def open_database(url: str, *, timeout_s: float = 8.0, connections: int = 4) -> Database:
    """The database at ``url`` (``sqlite[+…]:///file`` or ``postgresql[+…]://…``), not yet connected.

    ``timeout_s`` limits the wait for a lock, a connection or a statement, in wall seconds; ``connections`` is for
    PostgreSQL.
    """
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            return SqliteDatabase(parsed, timeout_s=timeout_s)
        case "postgresql":
            return PostgresDatabase(parsed, timeout_s=timeout_s, connections=connections)
        case other:
            raise ValueError(f"{other} is not supported: use sqlite or postgresql")
