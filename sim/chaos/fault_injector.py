"""Does to a running system what a fault says, and undoes it where it ends by itself."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dispatch.processes import child_processes as processes
from sim.chaos.fault_schedule import DISK, MEMORY, POSTGRES, SOCKETS, Fault
from sim.chaos.process_finder import ProcessFinder
from sim.chaos.small_disk import SmallDisk

log = structlog.get_logger()

PAUSE_S: Final = 6.0
"""Longer than the watchdogs wait, so that who wakes up finds its entities with another owner."""
FULL_S: Final = 6.0
STARVED_S: Final = 6.0
CUT_SHARE: Final = 0.5
LOOK_EVERY_S: Final = 0.05


class FaultInjector:
    """Strikes one system. ``port``: where its clients connect to; ``disk``: the journal's, if it may be filled;
    ``revive``: starts PostgreSQL, as systemd would."""

    def __init__(
        self,
        targets: ProcessFinder,
        rng: Random,
        *,
        port: int,
        redis_url: str,
        disk: SmallDisk | None = None,
        revive: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._targets = targets
        self._rng = rng
        self._port = port
        self._redis_url = redis_url
        self._disk = disk
        self._revive = revive
        self._waking: asyncio.Future[None] | None = None

    async def strike(self, fault: Fault) -> Callable[[], Awaitable[None]]:
        """Do it. What is returned waits until whoever was struck is there again, well or not."""
        if fault == SOCKETS:
            cut(self._port, self._rng)
            return _at_once
        if fault == DISK:
            return await self._fill()
        if fault == MEMORY:
            return await self._starve()
        name = self._targets.choose(fault.whom, self._rng)
        pid = await self._found(name)
        log.info("strike", fault=fault.kind, name=name, pid=pid)
        os.kill(pid, signal.SIGSTOP if fault.how == "pause" else signal.SIGKILL)
        if fault.how == "pause":
            self._waking = asyncio.ensure_future(_wake(pid))
            return lambda: self._after_pause(name)
        return lambda: self._after_kill(name, pid)

    async def _found(self, name: str) -> int:
        await _until(lambda: self._targets.find(name) is not None)
        return self._targets.find(name) or await self._found(name)

    async def _after_kill(self, name: str, pid: int) -> None:
        if name == POSTGRES:
            await _until(lambda: processes.has_ended(pid))
            if self._revive is not None:
                await self._revive()
        await _until(lambda: self._targets.find(name) not in (None, pid))

    async def _after_pause(self, name: str) -> None:
        """There is a process that runs: a new one, or the paused one that woke up."""
        await _until(lambda: self._runs(name))

    def _runs(self, name: str) -> bool:
        pid = self._targets.find(name)
        return pid is not None and not processes.is_stopped(pid)

    async def settle(self) -> None:
        """Until nobody is paused any more: to be called before the next strike."""
        waking, self._waking = self._waking, None
        if waking is not None:
            await waking

    # ── what has no process ──────────────────────────────────────────────────────────────────────────────────────

    async def _fill(self) -> Callable[[], Awaitable[None]]:
        assert self._disk is not None  # noqa: S101 - else this fault is not in the plan
        await asyncio.to_thread(self._disk.fill)
        await asyncio.sleep(FULL_S)
        self._disk.empty()
        return _at_once

    async def _starve(self) -> Callable[[], Awaitable[None]]:
        redis = Redis.from_url(self._redis_url, socket_timeout=2.0)
        try:
            await _set_memory(redis, "1")
            await asyncio.sleep(STARVED_S)
            await _set_memory(redis, "0")
        finally:
            await redis.aclose()
        return _at_once


async def _set_memory(redis: Redis, limit: str) -> None:
    """Nothing is thrown out for what is new: writes are refused. A Valkey that was replaced has no limit any more."""
    with suppress(RedisError, OSError):
        await redis.config_set("maxmemory-policy", "noeviction")
        await redis.config_set("maxmemory", limit)


async def _wake(pid: int) -> None:
    await asyncio.sleep(PAUSE_S)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


async def _until(seen: Callable[[], bool]) -> None:
    while not seen():  # noqa: ASYNC110 - no process tells us
        await asyncio.sleep(LOOK_EVERY_S)


async def _at_once() -> None:
    """Nobody has to come back."""


def cut(port: int, rng: Random) -> int:
    """Cut a share of this process's own connections to ``port``, without a word; how many."""
    found = 0
    for entry in sorted(Path("/proc/self/fd").iterdir()):
        try:
            with socket.socket(fileno=os.dup(int(entry.name))) as copy:
                if copy.getpeername()[1] == port and rng.random() < CUT_SHARE:
                    copy.shutdown(socket.SHUT_RDWR)
                    found += 1
        except (OSError, IndexError, TypeError):
            continue
    return found
