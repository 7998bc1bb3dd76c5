"""Kills and pauses a system's hosts while it runs, as ``taxi demo --kill`` asks."""

from __future__ import annotations

import asyncio
import os
import signal
from random import Random
from typing import Final

import structlog

from dispatch.actors.client import RayHosts
from dispatch.actors.line import LineDownError

log = structlog.get_logger()

PAUSE_S: Final = 6.0
"""Longer than the watchdog waits, so that a paused host finds its entities with another owner when it wakes."""


class Killer:
    """Every ``every_s`` wall seconds one standing actor gets SIGKILL, or SIGSTOP and later SIGCONT, in seeded order."""

    def __init__(self, hosts: RayHosts, names: list[str], rng: Random, *, every_s: float) -> None:
        self._hosts = hosts
        self._names = names
        self._rng = rng
        self._every_s = every_s
        self.kills = 0
        self.pauses = 0

    async def run(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(self._every_s)
            name = self._rng.choice(self._names)
            pause = self._rng.random() < 0.3
            try:
                _, pid = await self._hosts.line(name).call("ping")
            except LineDownError:
                continue
            await self._strike(name, pid, pause=pause)

    async def _strike(self, name: str, pid: int, *, pause: bool) -> None:
        log.info("killer", actor=name, pid=pid, how="pause" if pause else "kill")
        try:
            os.kill(pid, signal.SIGSTOP if pause else signal.SIGKILL)
        except ProcessLookupError:
            return
        if not pause:
            self.kills += 1
            return
        self.pauses += 1
        await asyncio.sleep(PAUSE_S)
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            log.info("paused actor was replaced", actor=name, pid=pid)
