"""A system whose cars drive, for whoever looks at its map: ``async with running_fleet(folder) as world``."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import PIPE
from typing import Final, NamedTuple

from bench.harness.cpu_time import command_of
from bench.harness.whole_system import Given, enrol, running
from dispatch.config.loader import Settings
from dispatch.config.secrets import token_secret
from dispatch.domain.registry import Dispatcher
from dispatch.geo.cells import Box, cell_name, covering
from dispatch.processes.child_processes import descendants, processor_s
from dispatch.store.database import open_database
from dispatch.store.queries.registry import SqlRegistry
from dispatch.values.ids import DispatcherId
from dispatch.values.units import WallTime
from ws_gateway.auth.passwords import hash_secret
from ws_gateway.auth.tokens import Tokens

DOWNTOWN: Final = Box(37.745, -122.455, 37.800, -122.390)
"""The north-east of San Francisco: 6.1 x 5.7 km."""
RESOLUTION: Final = 7
PASSWORD: Final = "correct horse battery staple"  # noqa: S105 - of a system that lives for a minute
STARTS_WITHIN_S: Final = 600.0


class World(NamedTuple):
    """What is there. ``name`` and ``password`` are a dispatcher's, ``token`` is one made for it already."""

    url: str
    port: int
    settings: Settings
    name: str
    password: str
    token: str
    cells: list[str]
    """All cells in which cars drive."""
    cars: int
    fleet: Fleet

    @property
    def ws_url(self) -> str:
        """Where the socket is."""
        return self.url.replace("http", "ws", 1) + "/v1/ws"


class Fleet:
    """The process of the cars."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def sent(self) -> int:
        """How many fixes were sent so far; the first call makes the cars drive."""
        if self._process.stdin is None:
            raise RuntimeError("the cars have no pipe")
        self._process.stdin.write(b"\n")
        await self._process.stdin.drain()
        return int(await self.line())

    async def line(self) -> str:
        """What the cars say next. Raises ``OSError`` where they are gone."""
        if self._process.stdout is None:
            raise RuntimeError("the cars have no pipe")
        line = await self._process.stdout.readline()
        if not line:
            raise OSError("the cars are gone: see above")
        return line.decode().strip()

    @property
    def pid(self) -> int:
        """Their process."""
        return self._process.pid

    async def stop(self) -> None:
        """Take them off the road."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def running_fleet(
    folder: Path, *, cars: int = 10_000, sockets: bool = False, box: Box = DOWNTOWN, given: Given | None = None
) -> AsyncIterator[World]:
    """A system on ``folder`` with ``cars`` on shift, each of which drives and tells a fix a second: over a socket of
    its own, or handed to the hosts."""
    async with running(folder, given or {}) as supervisor:
        settings = supervisor.settings
        accounts = await enrol(settings, cars)
        token = await _dispatcher(settings)
        if sockets:
            tokens = folder / "tokens"
            tokens.write_text("\n".join(account.token for account in accounts), encoding="ascii")
            fleet = await _fleet(box, cars, "sockets", str(supervisor.port), str(tokens))
        else:
            fleet = await _fleet(box, cars, "hosts", str(folder), str(cars))
        try:
            async with asyncio.timeout(STARTS_WITHIN_S):
                if await fleet.line() != "ready":
                    raise OSError("the cars did not come up")
            await fleet.sent()
            cells = [cell_name(cell) for cell in covering(box, RESOLUTION)]
            yield World(
                supervisor.url, supervisor.port, settings, "anna", PASSWORD, token, cells, cars, fleet
            )  # fmt: skip
        finally:
            await fleet.stop()


async def _dispatcher(settings: Settings) -> str:
    """Anna, and a token for her."""
    database = open_database(settings.journal_url)
    try:
        anna = Dispatcher(id=DispatcherId("anna"), name="Anna", password_hash=hash_secret(PASSWORD))
        await SqlRegistry(database).add(anna)
    finally:
        await database.close()
    tokens = Tokens(token_secret(settings).get_secret_value().encode(), 86_400.0)
    return tokens.issue("dispatcher", "anna", session="bench", wall=WallTime(time.time()))


async def _fleet(box: Box, per_s: float, through: str, *where: str) -> Fleet:
    words = [str(per_s), *(str(corner) for corner in box), through, *where]
    started = asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.live_map.fleet", *words, stdin=PIPE, stdout=PIPE
    )  # fmt: skip
    return Fleet(await started)


def gateway_s() -> float:
    """Seconds of processor that the gateways below this process have used."""
    return part_s("ws_gateway")


def part_s(mark: str) -> float:
    """Seconds of processor of the processes below this one whose command line holds ``mark``."""
    return sum(processor_s(pid) for pid in descendants(os.getpid()) if mark in command_of(pid))
