"""Injects faults into a running system, and ends those that are temporary."""

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
from sim.chaos.journal_stores import SmallDisk
from sim.chaos.process_finder import ProcessFinder

log = structlog.get_logger()

PAUSE_S: Final = 6.0
"""Longer than the watchdogs' limit: a resumed process finds its entities with another owner."""
FULL_S: Final = 6.0
STARVED_S: Final = 6.0
CUT_SHARE: Final = 0.5
POLL_S: Final = 0.05


class FaultInjector:
    """Faults of one system. ``port``: the port of its clients; ``disk``: the journal's disk, if it may be filled;
    ``revive``: restarts PostgreSQL, as systemd would."""

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
        self._resuming: asyncio.Future[None] | None = None

    async def inject(self, fault: Fault) -> Callable[[], Awaitable[None]]:
        """Inject a fault. The returned function waits until the target runs again, healthy or not."""
        if fault == SOCKETS:
            cut(self._port, self._rng)
            return _no_wait
        if fault == DISK:
            return await self._fill()
        if fault == MEMORY:
            return await self._starve()
        name = self._targets.choose(fault.target, self._rng)
        pid = await self._wait_for(name)
        log.info("fault injected", fault=fault.kind, name=name, pid=pid)
        os.kill(pid, signal.SIGSTOP if fault.action == "pause" else signal.SIGKILL)
        if fault.action == "pause":
            self._resuming = asyncio.ensure_future(_resume(pid))
            return lambda: self._after_pause(name)
        return lambda: self._after_kill(name, pid)

    async def _wait_for(self, name: str) -> int:
        await _wait_until(lambda: self._targets.find(name) is not None)
        return self._targets.find(name) or await self._wait_for(name)

    async def _after_kill(self, name: str, pid: int) -> None:
        if name == POSTGRES:
            await _wait_until(lambda: processes.has_ended(pid))
            if self._revive is not None:
                await self._revive()
        await _wait_until(lambda: self._targets.find(name) not in (None, pid))

    async def _after_pause(self, name: str) -> None:
        """Wait for a running process: a replacement, or the paused one after SIGCONT."""
        await _wait_until(lambda: self._runs(name))

    def _runs(self, name: str) -> bool:
        pid = self._targets.find(name)
        return pid is not None and not processes.is_stopped(pid)

    async def settle(self) -> None:
        """Wait until no process is paused. Call it before the next fault."""
        resuming, self._resuming = self._resuming, None
        if resuming is not None:
            await resuming

    async def _fill(self) -> Callable[[], Awaitable[None]]:
        assert self._disk is not None  # noqa: S101 - else this fault is not in the plan
        await asyncio.to_thread(self._disk.fill)
        await asyncio.sleep(FULL_S)
        self._disk.empty()
        return _no_wait

    async def _starve(self) -> Callable[[], Awaitable[None]]:
        redis = Redis.from_url(self._redis_url, socket_timeout=2.0)
        try:
            await _set_memory(redis, "1")
            await asyncio.sleep(STARVED_S)
            await _set_memory(redis, "0")
        finally:
            await redis.aclose()
        return _no_wait


async def _set_memory(redis: Redis, limit: str) -> None:
    """Without eviction Valkey refuses writes. A replaced Valkey has no limit any more."""
    with suppress(RedisError, OSError):
        await redis.config_set("maxmemory-policy", "noeviction")
        await redis.config_set("maxmemory", limit)


async def _resume(pid: int) -> None:
    await asyncio.sleep(PAUSE_S)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


async def _wait_until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - processes send no event
        await asyncio.sleep(POLL_S)


async def _no_wait() -> None:
    """There is no process to wait for."""


def cut(port: int, rng: Random) -> int:
    """Shut down a share of this process's connections to ``port``; returns their number."""
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
