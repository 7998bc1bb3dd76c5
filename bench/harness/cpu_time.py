"""CPU time and memory of the processes below this one, by part of the system; and a description of the machine."""

import platform
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import psutil
import scipy

PARTS: Final = {
    "gateway": "ws_gateway",
    "hosts": "ray::HostActor",
    "matcher": "ray::MatcherActor",
    "valkey": "valkey",
    "raylet": "raylet/raylet",
    "gcs": "gcs_server",
}
"""By part of the system: text that the command lines of its processes contain."""


class CpuMeter:
    """CPU time used since the last ``restart``: by part (in ``PARTS`` or ``more_parts``), and in ``total``."""

    def __init__(self, without: Collection[int] = (), **more_parts: str) -> None:
        self._without = without
        self._parts: Final[Mapping[str, str]] = {**PARTS, **more_parts}
        self.restart()

    def restart(self) -> None:
        self._before, self._began = self._read(), time.perf_counter()

    def seconds(self) -> dict[str, float]:
        used = {process: now - self._before.get(process, 0.0) for process, now in self._read().items()}
        commands = {process: _command_line(process) for process in used}
        by_part = {
            part: sum(seconds for process, seconds in used.items() if text in commands[process])
            for part, text in self._parts.items()
        }
        return {**by_part, "total": sum(used.values())}

    def cores(self) -> dict[str, float]:
        elapsed = time.perf_counter() - self._began
        return {part: seconds / elapsed for part, seconds in self.seconds().items()}

    def _read(self) -> dict[psutil.Process, float]:
        below = psutil.Process().children(recursive=True)
        return {process: cpu_seconds(process) for process in below if process.pid not in self._without}


def cpu_seconds(process: psutil.Process) -> float:
    """CPU seconds of a process so far; 0 if it has ended."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def memory_mb(part: str) -> float:
    """Resident memory of all processes of a part, in MiB."""
    processes = psutil.Process().children(recursive=True)
    found = sum(each.memory_info().rss for each in processes if PARTS[part] in _command_line(each))
    return round(float(found) / 2**20, 1)


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def machine_info() -> dict[str, object]:
    """Processor, Python and numeric libraries; ``load_before`` is the load average of the last minute."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {
        "cpu": model or platform.processor(),
        "cpus": psutil.cpu_count(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "load_before": round(psutil.getloadavg()[0], 2),
    }
