"""A child that dies, stops or is starved is noticed, each for what it is."""

from __future__ import annotations

import asyncio
import os
import select
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.clock import ManualClock
from dispatch.processes import child_processes as processes
from dispatch.processes.monitored_process import HOPELESS_AFTER_S, SILENT_AFTER_S, HangDetector, MonitoredProcess

CHILD = """
import sys, time
from dispatch.processes.monitored_process import send
pipe = int(sys.argv[-1])
send(pipe, b"up\\n")
while True:
    send(pipe, b".")
    time.sleep(0.02)
"""
ENDS = "import sys; sys.exit(3)"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def child(tmp_path: Path, clock: ManualClock) -> Iterator[MonitoredProcess]:
    made = MonitoredProcess(["-c", CHILD], tmp_path / "logs" / "child.log", clock)
    yield made
    made.kill()


async def until_it_speaks(child: MonitoredProcess) -> None:
    while not child.received:
        assert child.failure() == ""
        await asyncio.sleep(0)


async def test_a_child_that_beats_is_well(child: MonitoredProcess, clock: ManualClock) -> None:
    """However long it lives; its words are kept, its beats are not."""
    await until_it_speaks(child)
    for _ in range(3):
        clock.advance(SILENT_AFTER_S * 2)
        await asyncio.to_thread(_wait_for_beat, child)
        assert child.failure() == ""
    assert child.received == b"up\n"


def _wait_for_beat(child: MonitoredProcess) -> None:
    select.select([child._pipe], [], [])


async def test_a_stopped_child_is_silent(child: MonitoredProcess, clock: ManualClock) -> None:
    """After its time, not before."""
    await until_it_speaks(child)
    os.kill(child.process.pid, signal.SIGSTOP)
    await asyncio.to_thread(os.waitid, os.P_PID, child.process.pid, os.WSTOPPED | os.WNOWAIT)
    assert child.failure() == ""
    clock.advance(SILENT_AFTER_S - 0.1)
    assert child.failure() == ""
    clock.advance(0.2)
    assert child.failure() == "silent"


async def test_a_child_that_ended(tmp_path: Path, clock: ManualClock) -> None:
    """Its exit code is told, also where it has never said a word."""
    child = MonitoredProcess(["-c", ENDS], tmp_path / "child.log", clock)
    child.process.wait()

    assert child.failure() == "ended with 3"
    child.kill()


async def test_a_child_that_is_being_born_may_be_silent(tmp_path: Path, clock: ManualClock) -> None:
    """A busy machine takes its time to start it."""
    child = MonitoredProcess(["-c", "import time; time.sleep(60)"], tmp_path / "child.log", clock)
    clock.advance(HOPELESS_AFTER_S * 2)

    assert child.failure() == ""
    child.kill()
    assert processes.has_ended(child.process.pid)


def test_patience_with_who_still_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starved: given up only when it is hopeless. Silent without working: given up at the second look."""
    worked = iter(range(1, 1000))
    monkeypatch.setattr(processes, "cpu_seconds", lambda _: float(next(worked)))
    starved = HangDetector()
    looks = [starved.is_hung(os.getpid(), silent_s) for silent_s in range(int(HOPELESS_AFTER_S))]
    assert looks == [False] * int(HOPELESS_AFTER_S)
    assert starved.is_hung(os.getpid(), HOPELESS_AFTER_S)

    monkeypatch.setattr(processes, "cpu_seconds", lambda _: 5.0)
    hung = HangDetector()
    assert not hung.is_hung(os.getpid(), SILENT_AFTER_S)
    assert not hung.is_hung(os.getpid(), SILENT_AFTER_S + 1)
    assert hung.is_hung(os.getpid(), SILENT_AFTER_S * 2)
