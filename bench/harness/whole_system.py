"""A whole system as ``taxi serve`` starts it, with vehicles, drivers and passengers that need no sign-in."""

import asyncio
import re
import resource
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import httpx

from dispatch.actors.core.protocol import Envelope, HostsUnavailableError, Reply
from dispatch.actors.runtime.host_client import HostClient
from dispatch.config.loader import Settings, load_settings
from dispatch.config.secrets import token_secret
from dispatch.domain.commands import ResolveScan, encode_command
from dispatch.domain.entity import Command, EntityKey, Principal
from dispatch.domain.registry import ANY_VEHICLE, DriverRecord, VehicleRecord
from dispatch.observability.logging import configure_logging
from dispatch.server.supervisor import Supervisor
from dispatch.store.database import open_database
from dispatch.store.journal import StoredHistory
from dispatch.store.journals.sql_journal import open_journal
from dispatch.store.queries.registry import SqlRegistry
from dispatch.values.ids import DriverId, VehicleId
from dispatch.values.units import WallTime
from ws_gateway.auth.tokens import Tokens

STREAMS_PER_LOAD: Final = 500
READY_WITHIN_S: Final = 90.0
TOKENS_VALID_S: Final = 86_400.0
_ACCEPTED: Final = re.compile(r'^taxi_fixes_total\{.*verdict="accepted".*\} (\S+)$', re.MULTILINE)

SettingValues = dict[str, str | float | int | bool]
T = TypeVar("T")


def in_temporary_folder(name: str, measure: Callable[[Path], Awaitable[T]]) -> T:
    async def run(folder: str) -> T:
        return await measure(Path(folder))

    with tempfile.TemporaryDirectory(prefix=f"taxi-{name}-") as folder:
        return asyncio.run(run(folder))


@asynccontextmanager
async def running_system(folder: Path, values: SettingValues) -> AsyncIterator[Supervisor]:
    """A system on ``folder`` with these settings, ready to serve; stopped at the end.

    Raises the limit of open files of this process and its children to the hard limit.
    """
    _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))
    configure_logging("error", "console")
    values = {"server.data_dir": str(folder), "server.port": 0, **values}
    supervisor = Supervisor(load_settings(None, values), overrides=values)
    await supervisor.start()
    try:
        await _until_ready(supervisor.url)
        yield supervisor
    finally:
        await supervisor.stop()


async def _until_ready(url: str) -> None:
    async with httpx.AsyncClient(timeout=5, trust_env=False) as http, asyncio.timeout(READY_WITHIN_S):
        while True:
            try:
                if (await http.get(f"{url}/ready")).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.2)


def socket_url(supervisor: Supervisor) -> str:
    return supervisor.url.replace("http", "ws", 1) + "/v1/ws"


async def accepted_fixes(supervisor: Supervisor) -> int:
    """Fixes that the vehicle hosts accepted so far, from ``/metrics``."""
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        return accepted_in((await http.get(f"{supervisor.url}/metrics")).text)


def accepted_in(metrics: str) -> int:
    return int(sum(float(count) for count in _ACCEPTED.findall(metrics)))


async def register_cars(
    settings: Settings, cars: int, *, vehicle_class: str = "standard", first: int = 0
) -> dict[str, str]:
    """Register vehicles ``V{first}`` and up, each with a driver; access tokens of the drivers by vehicle."""
    numbers = range(first, first + cars)
    drivers = [DriverRecord(id=DriverId(f"D{n}"), name=f"Driver {n}", phone="1", pin_hash="none") for n in numbers]
    database = open_database(settings.journal_url)
    try:
        registry = SqlRegistry(database)
        await registry.put_all(
            [
                VehicleRecord(id=VehicleId(f"V{n}"), plate=f"P{n}", company="bench", vehicle_class=vehicle_class)
                for n in numbers
            ]
        )
        await registry.put_all(drivers)
        for driver in drivers:
            await registry.permit(driver.id, [ANY_VEHICLE])
    finally:
        await database.close()
    issue = token_issuer(settings)
    return {f"V{n}": issue("driver", f"D{n}", vehicle=f"V{n}") for n in numbers}


async def read_streams(settings: Settings, keys: Sequence[EntityKey]) -> list[StoredHistory]:
    journal = await open_journal(settings.journal_url, shards=settings.journal.shards)
    try:
        pages = [keys[start : start + STREAMS_PER_LOAD] for start in range(0, len(keys), STREAMS_PER_LOAD)]
        return [history for page in pages for history in await journal.load(page)]
    finally:
        await journal.close()


def passenger_tokens(settings: Settings, prefix: str, passengers: int) -> list[str]:
    """Access tokens of the passengers ``{prefix}0`` and up."""
    issue = token_issuer(settings)
    return [issue("passenger", f"{prefix}{n}") for n in range(passengers)]


def token_issuer(settings: Settings) -> Callable[..., str]:
    tokens = Tokens(token_secret(settings).get_secret_value().encode(), TOKENS_VALID_S)
    return partial(tokens.issue, session="bench", wall=WallTime(time.time()))


async def send_until_answered(hosts: HostClient, key: EntityKey, command: Command, principal: Principal) -> Reply:
    """Send a command until it is answered, with the same id, as gateways do."""
    name, body = f"bench.{key}.{type(command).__name__}", encode_command(command)
    keep = not isinstance(command, ResolveScan)
    while True:
        try:
            return await hosts.command(Envelope(str(key), name, principal, body, digest=body, keep=keep))
        except HostsUnavailableError:
            continue
