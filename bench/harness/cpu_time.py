"""Processor time and memory of processes, as Linux counts them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dispatch.processes.child_processes import processor_s


def command_of(pid: int) -> str:
    """The command line of a process; empty if it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def used_by(pids: Iterable[int]) -> dict[int, float]:
    """Seconds of processor by process."""
    return {pid: processor_s(pid) for pid in pids}


def memory_kb(pid: int) -> int:
    """Resident memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
