"""Two Ray nodes on one machine: raylets of their own, as two machines would have them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from dispatch.processes import child_processes as processes

RAY = str(Path(sys.executable).parent / "ray")
STARTED_WITHIN_S = 90
QUICK_TO_NOTICE = {
    "worker_niceness": 0,
    "health_check_initial_delay_ms": 1000,
    "health_check_period_ms": 1000,
    "health_check_timeout_ms": 1000,
    "health_check_failure_threshold": 3,
}
"""A node that does not answer is given up after seconds; by default after most of a minute."""


class RayNode:
    """One node: ``ray start`` in the foreground, and all that it starts."""

    def __init__(self, folder: Path, name: str, *arguments: str) -> None:
        log = (folder / f"{name}.log").open("w")
        command = [RAY, "start", "--block", "--num-cpus=4", "--node-ip-address=127.0.0.1", "--disable-usage-stats"]
        self._child = subprocess.Popen([*command, *arguments], stdout=log, stderr=log, start_new_session=True)
        log.close()
        self._log = folder / f"{name}.log"
        self._session: Path | None = None

    @classmethod
    def head(cls, folder: Path) -> tuple[RayNode, str]:
        """The node with the GCS, and the cluster's address."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        session = tempfile.mkdtemp(prefix="ray-")  # its own: Ray notes down there which cluster runs on this machine
        told = (
            "--head",
            f"--temp-dir={session}",
            f"--port={port}",
            "--include-dashboard=false",
            f"--system-config={json.dumps(QUICK_TO_NOTICE)}",
        )
        head = cls(folder, "head", *told)
        head._session = Path(session)
        return head, f"127.0.0.1:{port}"

    @classmethod
    def joining(cls, folder: Path, address: str) -> RayNode:
        """One more node."""
        return cls(folder, "second", f"--address={address}")

    def wait(self) -> None:
        """Until it is there."""
        deadline = time.monotonic() + STARTED_WITHIN_S
        while "Ray runtime started" not in self._log.read_text():
            assert self._child.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.1)

    def all(self) -> list[int]:
        """Its processes, workers included."""
        return [self._child.pid, *processes.descendants(self._child.pid)]

    def signal(self, number: signal.Signals, pids: list[int] | None = None) -> None:
        """Send it to every process of the node, or to those that it had once."""
        for pid in pids or self.all():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self) -> None:
        """``kill -9`` of all of it; twice is no error."""
        self.signal(signal.SIGCONT)
        processes.kill_tree(self._child.pid)
        self._child.wait()
        if self._session is not None:
            shutil.rmtree(self._session, ignore_errors=True)
