"""Finds the processes of a running system by program name, or by the log file that they have open."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Final

from dispatch.actors.runtime.cluster_config import ClusterConfig
from dispatch.processes import child_processes as processes
from sim.chaos.fault_schedule import POSTGRES

PROGRAMS: Final = {"valkey": ("valkey-server", "redis-server"), "raylet": ("raylet",), "gcs": ("gcs_server",)}
PREFIXES: Final = {"vehicle host": "vehicle-", "trip host": "trip-", "payment host": "payment-"}


class ProcessFinder:
    """Targets of faults. ``postmaster`` returns the id of PostgreSQL's first process, if there is one."""

    def __init__(
        self, system: ClusterConfig, gateways: int, postmaster: Callable[[], int | None] | None = None
    ) -> None:
        self._logs = Path(system.data_dir) / "logs"
        self._names: dict[str, Sequence[str]] = {
            "gateway": [f"gateway-{number}" for number in range(gateways)],
            "matcher": system.matchers,
        }
        for target, prefix in PREFIXES.items():
            hosts = system.placement.standing_hosts()
            self._names[target] = [name for name in hosts if name.startswith(prefix)]
        self._postmaster = postmaster

    def choose(self, target: str, rng: Random) -> str:
        """One process of kind ``target``, by its name."""
        return rng.choice(list(self._names[target])) if target in self._names else target

    def find(self, name: str) -> int | None:
        """The process id, or None while no process runs."""
        if name == POSTGRES:
            return self._postmaster() if self._postmaster is not None else None
        if name in PROGRAMS:
            return next(iter(processes.find_by_name(os.getpid(), PROGRAMS[name]).values()), None)
        return self._writer_of(self._logs / f"{name}.log")

    def _writer_of(self, log: Path) -> int | None:
        """The process that has this log open: of two, the one that is not stopped, or else the later."""
        found = [pid for pid in processes.descendants(os.getpid()) if _holds(pid, log)]
        running = [pid for pid in found if not processes.is_stopped(pid)]
        return max(running or found, default=None)


def _holds(pid: int, file: Path) -> bool:
    try:
        return any(entry.readlink() == file for entry in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False
