"""Ray is healthy as long as its process, the raylet and the GCS run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dispatch.clock import ManualClock
from dispatch.processes import child_processes
from dispatch.processes.monitored_process import SILENT_AFTER_S
from dispatch.server import ray_process as module
from dispatch.server.cluster_main import UP
from dispatch.server.ray_process import RayNotStartedError, RayProcess


class FakeProcess:
    """A cluster process that has sent one line, or has failed."""

    received = f"{UP}\n".encode()
    reason = ""
    killed = False

    def __init__(self, *_: object) -> None:
        self.process = self
        self.pid = os.getpid()

    def failure(self) -> str:
        return self.reason

    def kill(self) -> None:
        FakeProcess.killed = True


@pytest.fixture
def states(monkeypatch: pytest.MonkeyPatch) -> dict[int, str]:
    """The states of raylet (1) and GCS (2): ``running``, ``stopped`` or ``ended``."""
    states = {1: "running", 2: "running"}
    monkeypatch.setattr(module, "MonitoredProcess", FakeProcess)
    monkeypatch.setattr(child_processes, "find_by_name", lambda *_: {"raylet": 1, "gcs_server": 2})
    monkeypatch.setattr(child_processes, "has_ended", lambda pid: states[pid] == "ended")
    monkeypatch.setattr(child_processes, "is_stopped", lambda pid: states[pid] != "running")
    monkeypatch.setattr(FakeProcess, "killed", False)
    return states


async def test_a_head_that_ends_or_stops_is_a_failure(states: dict[int, str], tmp_path: Path) -> None:
    """A stopped process gets as much time as a silent one."""
    clock = ManualClock()
    ray = RayProcess(tmp_path, clock)
    assert ray.failure() == "not started"
    await ray.start()
    assert ray.failure() == ""

    states[2] = "stopped"
    assert ray.failure() == ""
    clock.advance(SILENT_AFTER_S)
    assert ray.failure() == "gcs_server stopped"
    states[1] = "ended"
    assert ray.failure() == "raylet ended"


@pytest.mark.usefixtures("states")
@pytest.mark.parametrize(
    ("received", "reason", "text"), [(b"no port\n", "", "no port"), (b"", "ended with 1", "ended with 1")]
)
async def test_a_failed_start_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, received: bytes, reason: str, text: str
) -> None:
    """The error contains the line that the process sent, or its end, and names the log."""
    monkeypatch.setattr(FakeProcess, "received", received)
    monkeypatch.setattr(FakeProcess, "reason", reason)

    with pytest.raises(RayNotStartedError, match=rf"Ray did not start: {text} .*cluster\.log"):
        await RayProcess(tmp_path, ManualClock()).start()
    assert FakeProcess.killed
