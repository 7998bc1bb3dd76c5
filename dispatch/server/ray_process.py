"""The supervisor's end of the cluster process (``server.cluster_main``): started, monitored and restarted as a whole.

A raylet or GCS that has ended cannot be replaced within a running cluster, so a restart creates all actors anew; they
restore committed state from the journal.
"""

import asyncio
from pathlib import Path
from typing import Final

from dispatch.clock import Clock
from dispatch.processes import child_processes as processes
from dispatch.processes.monitored_process import SILENT_AFTER_S, MonitoredProcess
from dispatch.server.cluster_main import UP

CHECK_EVERY_S: Final = 0.1
START_WITHIN_S: Final = 240.0
STOP_WITHIN_S: Final = 30.0
HEAD: Final = ("raylet", "gcs_server")


class RayNotStartedError(Exception):
    """Ray or its actors did not start; the text gives the reason."""


class RayProcess:
    """Ray and all actors of the system in ``data_dir``, whose configuration must have been written there."""

    def __init__(self, data_dir: Path, clock: Clock) -> None:
        self._data_dir = data_dir
        self._clock = clock
        self._child: MonitoredProcess | None = None
        self._head: dict[str, int] = {}
        self._ran_at: dict[str, float] = {}

    async def start(self) -> None:
        """Wait until every actor answers. Raises :class:`RayNotStartedError` and leaves nothing running."""
        log = self._data_dir / "logs" / "cluster.log"
        arguments = ["-m", "dispatch.server.cluster_main", "--data-dir", str(self._data_dir)]
        child = self._child = MonitoredProcess(arguments, log, self._clock)
        try:
            async with asyncio.timeout(START_WITHIN_S):
                received = await self._first_line(child)
        except TimeoutError:
            received = f"no answer within {START_WITHIN_S:g} s"
        except BaseException:
            self.kill()
            raise
        if received != UP:
            self.kill()
            raise RayNotStartedError(f"Ray did not start: {received} (see {log})")
        self._head = processes.find_by_name(child.process.pid, HEAD)
        self._ran_at = dict.fromkeys(self._head, self._clock.wall())

    async def _first_line(self, child: MonitoredProcess) -> str:
        while True:
            failure = child.failure()
            if child.received.endswith(b"\n") or failure:
                return child.received.decode(errors="replace").strip() or failure
            await asyncio.sleep(CHECK_EVERY_S)

    def failure(self) -> str:
        """Why Ray must be restarted; empty if it is healthy. To be called several times a second."""
        if self._child is None:
            return "not started"
        if failure := self._child.failure():
            return f"Ray's process {failure}"
        now = self._clock.wall()
        for name, pid in self._head.items():
            if processes.has_ended(pid):
                return f"{name} ended"
            if not processes.is_stopped(pid):
                self._ran_at[name] = now
            elif now - self._ran_at[name] >= SILENT_AFTER_S:
                return f"{name} stopped"
        return ""

    def kill(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None

    async def stop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            await child.stop(within_s=STOP_WITHIN_S)
