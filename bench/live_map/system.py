"""A system whose cars drive, with a dispatcher account for the console."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

from bench.harness.whole_system import register_cars, running_system, socket_url, token_issuer
from bench.harness.worker_process import WorkerProcess, start_worker
from dispatch.config.loader import Settings
from dispatch.domain.registry import DispatcherRecord
from dispatch.geo.cells import Box, cell_name, covering
from dispatch.server.supervisor import Supervisor
from dispatch.store.database import open_database
from dispatch.store.queries.registry import SqlRegistry
from dispatch.values.ids import DispatcherId
from ws_gateway.auth.passwords import hash_secret

DOWNTOWN: Final = Box(37.745, -122.455, 37.800, -122.390)
"""The north-east of San Francisco: 6.1 x 5.7 km."""
RESOLUTION: Final = 7
DISPATCHER_NAME: Final = "anna"
DISPATCHER_PASSWORD: Final = "correct horse battery staple"  # noqa: S105 - of a system that lives for a minute
STARTS_WITHIN_S: Final = 600.0


class MapSystem(NamedTuple):
    """The running system. ``token`` is the dispatcher's access token; cars drive in all of ``cells``."""

    supervisor: Supervisor
    token: str
    cells: list[str]
    fleet: WorkerProcess

    @property
    def ws_url(self) -> str:
        return socket_url(self.supervisor)


@asynccontextmanager
async def running_fleet(folder: Path, *, cars: int, sockets: bool, box: Box = DOWNTOWN) -> AsyncIterator[MapSystem]:
    async with running_system(folder, {}) as supervisor, AsyncExitStack() as stack:
        settings = supervisor.settings
        tokens = await register_cars(settings, cars)
        token = await _register_dispatcher(settings)
        fleet = await start_worker(stack, "bench.live_map.fleet")
        async with asyncio.timeout(STARTS_WITHIN_S):
            if sockets:
                await fleet.call("open_sockets", port=supervisor.port, tokens=list(tokens.values()), box=box)
            else:
                await fleet.call("open_hosts", data_dir=str(folder), cars=cars, box=box)
        await fleet.call("rate", per_s=cars)
        cells = [cell_name(cell) for cell in covering(box, RESOLUTION)]
        yield MapSystem(supervisor, token, cells, fleet)


async def _register_dispatcher(settings: Settings) -> str:
    account = DispatcherRecord(
        id=DispatcherId(DISPATCHER_NAME), name="Anna", password_hash=hash_secret(DISPATCHER_PASSWORD)
    )
    database = open_database(settings.journal_url)
    try:
        await SqlRegistry(database).add(account)
    finally:
        await database.close()
    return token_issuer(settings)("dispatcher", DISPATCHER_NAME)
