"""Processor time of a GPS fix, from the socket to the matcher's index, against a server that only receives it.

Method: a whole system is started as ``taxi serve`` starts it (gateway, vehicle, trip and payment hosts, matcher,
Valkey, Ray; SQLite in a temporary folder). ``--sockets`` phones (2,000) in a process of their own sign on, go online
and send one fix a message, ``--per_socket`` (5) a second each. After a warm-up, the processor time of *every* process
of the system (not of the phones, nor of this one) is read from ``/proc`` at both ends of ``--seconds`` (20), Ray's
idle work included; divided by the fixes sent in between. ``heard_share`` is the share of all fixes that the vehicle
hosts had taken as good shortly after (their own count, at ``/metrics``). Hosts tell the matcher positions twice a
second, so its work is in the window; no console watches the map. Then the bare server: ``websockets`` on uvloop, no
compression, the same phones, frames, sockets and rate. Read the ratio.

``ours_us`` and ``bare_us`` are microseconds of processor a fix; ``ours_PART_us`` its parts; ``idle_us`` what the same
processes used with all phones connected and silent, a fix's share of it at this rate (it is in ``ours_us``).
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from typing import NamedTuple

import httpx

from bench.harness.cpu_time import command_of, used_by
from bench.harness.whole_system import PARTS, heard_fixes
from dispatch.config.loader import Settings, load_settings
from dispatch.config.secrets import token_secret
from dispatch.domain.registry import ANY_VEHICLE, Driver, Vehicle
from dispatch.processes.child_processes import descendants, processor_s
from dispatch.server.supervisor import Supervisor
from dispatch.store.database import open_database
from dispatch.store.queries.registry import SqlRegistry
from dispatch.values.ids import DriverId, VehicleId
from dispatch.values.units import WallTime
from ws_gateway.auth.tokens import Tokens

WARM_UP_S = 5.0


class Plan(NamedTuple):
    """What is measured."""

    sockets: int
    per_socket: float
    seconds: float

    @property
    def per_s(self) -> float:
        """Fixes a second in all."""
        return self.sockets * self.per_socket


def run(**options: object) -> dict[str, object]:
    """``--sockets``, ``--per_socket`` (fixes a second), ``--seconds``."""
    plan = Plan(
        sockets=int(str(options.get("sockets", 2_000))),
        per_socket=float(str(options.get("per_socket", 5))),
        seconds=float(str(options.get("seconds", 20))),
    )
    with tempfile.TemporaryDirectory(prefix="taxi-ingest-") as directory:
        ours = asyncio.run(_measure_ours(plan, Path(directory)))
    bare_us = _measure_bare(plan)
    ours_us = float(str(ours["ours_us"]))
    settings = {"sockets": plan.sockets, "fixes_per_s": plan.per_s, "seconds": plan.seconds}
    return {**settings, **ours, "bare_us": round(bare_us, 2), "ratio": round(ours_us / bare_us, 3)}


# ── ours ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _measure_ours(plan: Plan, directory: Path) -> dict[str, object]:
    given: dict[str, str | float | int | bool] = {
        "server.data_dir": str(directory),
        "server.port": 0,
        "limits.messages_per_s": 2 * plan.per_socket + 50,
    }
    settings = load_settings(None, given)
    supervisor = Supervisor(settings, overrides=given)
    await supervisor.start()
    try:
        tokens = await _enrol(settings, plan.sockets, directory)
        await _ready(supervisor.url)
        return await _load_ours(plan, supervisor, tokens)
    finally:
        await supervisor.stop()


async def _enrol(settings: Settings, count: int, directory: Path) -> Path:
    """Vehicles and drivers into the registry; a file with a token for each."""
    database = open_database(settings.journal_url)
    registry = SqlRegistry(database)
    vehicles = [Vehicle(id=VehicleId(f"V{n}"), plate=f"P{n}", company="bench") for n in range(count)]
    drivers = [Driver(id=DriverId(f"D{n}"), name=f"Driver {n}", phone="1", pin_hash="none") for n in range(count)]
    await registry.put_all(vehicles)
    await registry.put_all(drivers)
    for driver in drivers:
        await registry.permit(driver.id, [ANY_VEHICLE])
    await database.close()
    tokens = Tokens(token_secret(settings).get_secret_value().encode(), 3600.0)
    file = directory / "tokens"
    wall = WallTime(time.time())
    issued = [tokens.issue("driver", f"D{n}", session="bench", wall=wall, vehicle=f"V{n}") for n in range(count)]
    file.write_text("\n".join(issued), encoding="ascii")
    return file


async def _ready(url: str) -> None:
    async with httpx.AsyncClient(timeout=5) as http, asyncio.timeout(60):
        while True:
            try:
                if (await http.get(f"{url}/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.2)


async def _load_ours(plan: Plan, supervisor: Supervisor, tokens: Path) -> dict[str, object]:
    with _phones(supervisor.port, plan, tokens) as phones:
        system = [pid for pid in descendants(os.getpid()) if pid != phones.pid]
        idle = await _used(system, plan.seconds / 2)
        before = await heard_fixes(supervisor.url)
        _sent(phones)
        await asyncio.sleep(WARM_UP_S)
        sent = _sent(phones)
        used = await _used(system, plan.seconds)
        sent, total = _sent(phones) - sent, _sent(phones)
        heard = await heard_fixes(supervisor.url) - before
    parts = {f"ours_{name}_us": round(1e6 * _part(used, mark) / sent, 2) for name, mark in PARTS.items()}
    figures: dict[str, object] = {
        "fixes": sent,
        "heard_share": round(min(1.0, heard / total), 4),
        "ours_us": round(1e6 * sum(used.values()) / sent, 2),
        "idle_us": round(1e6 * sum(idle.values()) / (plan.seconds / 2) / plan.per_s, 2),
    }
    return {**figures, **parts}


async def _used(pids: list[int], seconds: float) -> dict[int, float]:
    """Seconds of processor that each used within so many of the wall."""
    before = used_by(pids)
    await asyncio.sleep(seconds)
    return {pid: after - before[pid] for pid, after in used_by(pids).items()}


def _part(used: dict[int, float], mark: str) -> float:
    return sum(seconds for pid, seconds in used.items() if mark in command_of(pid))


# ── theirs ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _measure_bare(plan: Plan) -> float:
    """Microseconds of processor a fix."""
    server = _start("bench.ingest.bare_server")
    try:
        with _phones(int(_line(server)), plan, None) as phones:
            _sent(phones)
            time.sleep(WARM_UP_S)
            sent, used = _sent(phones), processor_s(server.pid)
            time.sleep(plan.seconds)
            sent, used = _sent(phones) - sent, processor_s(server.pid) - used
        return 1e6 * used / sent
    finally:
        server.kill()
        server.communicate()


# ── the phones ───────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _phones(port: int, plan: Plan, tokens: Path | None) -> Iterator[Popen[str]]:
    """All phones connected, and signed in where there are tokens; they send from the first ``_sent`` on."""
    arguments = ["127.0.0.1", str(port), str(plan.sockets), str(plan.per_s)]
    phones = _start("bench.ingest.load", *arguments, *([str(tokens)] if tokens else []))
    try:
        if _line(phones) != "ready":
            raise RuntimeError("the phones did not come up")
        yield phones
    finally:
        phones.kill()
        phones.communicate()


def _start(module: str, *arguments: str) -> Popen[str]:
    """A process of our own module, spoken to in lines."""
    return Popen([sys.executable, "-m", module, *arguments], stdin=PIPE, stdout=PIPE, text=True)


def _sent(phones: Popen[str]) -> int:
    """How many fixes were sent so far."""
    assert phones.stdin is not None  # noqa: S101 - made with pipes
    phones.stdin.write("\n")
    phones.stdin.flush()
    return int(_line(phones))


def _line(child: Popen[str]) -> str:
    assert child.stdout is not None  # noqa: S101 - made with pipes
    return child.stdout.readline().strip()
