"""I/O: creates and upgrades the journal's tables with Alembic (:func:`upgrade`). Imports ``dispatch.store``."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import OperationalError

from dispatch.store.database import BEGIN_WRITING, postgres_engine, sqlite_engine

_LOCK: Final = 0x7461_7869
"""The key of PostgreSQL's advisory lock: ``taxi`` in ASCII."""
_PAUSE_S: Final = 0.05


def upgrade(url: str, *, timeout_s: float = 60.0, revision: str = "head") -> None:
    """Upgrade the tables at ``url`` to this release in one transaction, or leave them unchanged.

    An earlier ``revision`` is for archives of older releases. Several processes may call this at once: they wait for
    each other, at most ``timeout_s`` wall seconds, and all but the first find the work done. A missing SQLite file is
    created in an existing folder.
    """
    if make_url(url).get_backend_name() == "sqlite":
        _upgrade_sqlite(url, timeout_s, revision)
        return
    with ThreadPoolExecutor(1) as thread:  # the caller may be running a loop of its own
        thread.submit(asyncio.run, _upgrade_postgres(url, timeout_s, revision)).result()


def _upgrade_sqlite(url: str, timeout_s: float, revision: str) -> None:
    """Retries, because the switch to WAL does not wait for a lock as statements do."""
    engine = sqlite_engine(make_url(url), BEGIN_WRITING, busy_timeout_s=timeout_s, connections=1)
    give_up = time.monotonic() + timeout_s
    try:
        while True:
            try:
                with engine.begin() as connection:
                    run_migrations(connection, revision)
            except OperationalError as error:
                busy = getattr(error.orig, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
                if not busy or time.monotonic() > give_up:
                    raise
                time.sleep(_PAUSE_S)
            else:
                return
    finally:
        engine.dispose()


async def _upgrade_postgres(url: str, timeout_s: float, revision: str) -> None:
    engine = postgres_engine(make_url(url), timeout_s=timeout_s, connections=1)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            await connection.run_sync(run_migrations, revision)
    finally:
        await engine.dispose()


def run_migrations(connection: Connection, revision: str = "head") -> None:
    """Apply missing migrations up to ``revision``, in the transaction of ``connection``."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
