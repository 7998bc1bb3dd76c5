"""CPU time and memory of child processes, by part."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.harness.cpu_time import CpuMeter, machine_info, memory_mb

BUSY = "import time\nwhile time.process_time() < 0.3: pass\nprint('done', flush=True)\ninput()"


@contextmanager
def child(name: str) -> Iterator[subprocess.Popen[str]]:
    """A process with ``name`` on its command line that has just used 0.3 s."""
    words = [sys.executable, "-c", BUSY, name]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "done\n"
            yield process
        finally:
            process.kill()


def test_cpu_time_counts_for_the_part_on_the_command_line() -> None:
    """That of other processes is in the total alone; that before a restart does not count."""
    meter = CpuMeter(apps="bench-test-apps")
    with child("ray::HostActor"), child("bench-test-apps"), child("unknown"):
        used = meter.seconds()
        meter.restart()
        later = meter.seconds()
    assert used["hosts"] == pytest.approx(0.3, abs=0.15)
    assert used["apps"] == pytest.approx(0.3, abs=0.15)
    assert used["gateway"] == 0.0
    assert used["total"] >= used["hosts"] + used["apps"] + 0.2
    assert later["total"] < 0.1


def test_processes_can_be_left_out() -> None:
    """Those of the load, for example."""
    with child("ray::HostActor") as process:
        meter = CpuMeter(without=[process.pid])
        assert "hosts" in meter.cores()
        assert meter.seconds()["hosts"] == 0.0


def test_memory_of_a_part() -> None:
    """Resident memory of all its processes; 0 without any."""
    with child("ray::MatcherActor"):
        assert memory_mb("matcher") > 1.0
    assert memory_mb("matcher") == 0.0


def test_the_machine_is_named() -> None:
    """Processor, Python and the load before."""
    info = machine_info()
    assert {"cpu", "cpus", "python", "load_before"} <= info.keys()
    assert isinstance(info["cpus"], int)
    assert info["cpus"] >= 1
