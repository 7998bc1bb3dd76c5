"""A whole system for a bench: started as ``taxi serve`` starts it, with cars and drivers that need no sign-in."""

from __future__ import annotations

import asyncio
import re
import resource
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx

from dispatch.config.loader import Settings, load_settings
from dispatch.config.secrets import token_secret
from dispatch.domain.registry import ANY_VEHICLE, Driver, Vehicle
from dispatch.observability.logging import configure_logging
from dispatch.server.supervisor import Supervisor
from dispatch.store.database import open_database
from dispatch.store.queries.registry import SqlRegistry
from dispatch.values.ids import DriverId, PassengerId, VehicleId
from dispatch.values.units import WallTime
from sim.city.config import CarAccount
from ws_gateway.auth.tokens import Tokens

PARTS: Final = {
    "gateway": "ws_gateway",
    "hosts": "ray::HostActor",
    "matcher": "ray::MatcherActor",
    "valkey": "valkey",
    "raylet": "raylet/raylet",
    "gcs": "gcs_server",
}
"""What the command line of each part's processes holds."""
READY_WITHIN_S = 90.0
TOKENS_FOR_S = 86_400.0
_ACCEPTED: Final = re.compile(r'^taxi_fixes_total\{.*verdict="accepted".*\} (\S+)$', re.MULTILINE)

Given = dict[str, str | float | int | bool]


def raise_open_files() -> None:
    """As many sockets as the machine lets a process have, here and in all children."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@asynccontextmanager
async def running(folder: Path, given: Given) -> AsyncIterator[Supervisor]:
    """A system on ``folder`` with these settings, that answers; stopped at the end."""
    raise_open_files()
    configure_logging("error", "console")
    given = {"server.data_dir": str(folder), "server.port": 0, **given}
    supervisor = Supervisor(load_settings(None, given), overrides=given)
    await supervisor.start()
    try:
        await _ready(supervisor.url)
        yield supervisor
    finally:
        await supervisor.stop()


async def _ready(url: str) -> None:
    async with httpx.AsyncClient(timeout=5, trust_env=False) as http, asyncio.timeout(READY_WITHIN_S):
        while True:
            try:
                if (await http.get(f"{url}/ready")).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.2)


async def heard_fixes(url: str) -> int:
    """Fixes that the vehicle hosts have taken as good, by their own count."""
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        text = (await http.get(f"{url}/metrics")).text
    return int(sum(float(count) for count in _ACCEPTED.findall(text)))


async def enrol(settings: Settings, cars: int, *, vehicle_class: str = "standard", first: int = 0) -> list[CarAccount]:
    """So many cars, numbered from ``first`` on, each with a driver who has signed in."""
    numbers = range(first, first + cars)
    vehicles = [
        Vehicle(id=VehicleId(f"V{n}"), plate=f"P{n}", company="bench", vehicle_class=vehicle_class) for n in numbers
    ]
    drivers = [Driver(id=DriverId(f"D{n}"), name=f"Driver {n}", phone="1", pin_hash="none") for n in numbers]
    database = open_database(settings.journal_url)
    try:
        registry = SqlRegistry(database)
        await registry.put_all(vehicles)
        await registry.put_all(drivers)
        for driver in drivers:
            await registry.permit(driver.id, [ANY_VEHICLE])
    finally:
        await database.close()
    tokens, wall = _signer(settings), WallTime(time.time())
    return [
        CarAccount(f"V{n}", token=tokens.issue("driver", f"D{n}", session="bench", wall=wall, vehicle=f"V{n}"))
        for n in numbers
    ]


def passenger_tokens(settings: Settings, passengers: Sequence[PassengerId]) -> list[str]:
    """A token for each passenger, as if by the code to the phone."""
    tokens, wall = _signer(settings), WallTime(time.time())
    return [tokens.issue("passenger", passenger, session="bench", wall=wall) for passenger in passengers]


def _signer(settings: Settings) -> Tokens:
    return Tokens(token_secret(settings).get_secret_value().encode(), TOKENS_FOR_S)
