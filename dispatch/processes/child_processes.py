"""Child processes that never outlive the system.

Each child runs in its own session, so a terminal's Ctrl-C reaches only this process, which stops the children in order.
A child is killed by the kernel when its parent ends. After :func:`adopt_orphans`, grandchildren whose parent has ended
become children of this process, so :func:`kill_descendants` finds every process started on its account. Linux only
(``prctl``).
"""

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from subprocess import Popen, TimeoutExpired
from typing import IO, Final

import psutil

PR_SET_PDEATHSIG: Final = 1
PR_SET_CHILD_SUBREAPER: Final = 36
ENDED: Final = (psutil.STATUS_DEAD, psutil.STATUS_ZOMBIE)
NOT_RUNNING: Final = (*ENDED, psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)
_PAUSE_S: Final = 0.02

_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of every orphan among our descendants."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1)


def start_python(
    arguments: Sequence[str],
    *,
    stdout: IO[str] | int | None = None,
    stderr: IO[str] | int | None = None,
    fds: Sequence[int] = (),
) -> Popen[str]:
    """Start this Python with ``arguments`` as a child that dies with this process. It inherits ``fds``."""
    return Popen(  # noqa: S603 - our own interpreter and modules
        [sys.executable, *arguments],
        stdout=stdout,
        stderr=stderr,
        pass_fds=tuple(fds),
        start_new_session=True,
        preexec_fn=_die_with_parent,  # noqa: PLW1509 - prctl alone runs between fork and exec
        text=True,
    )


async def terminate(child: Popen[str], *, within_s: float) -> int:
    """Send SIGTERM, and SIGKILL after ``within_s`` wall seconds. Returns the exit code."""
    if child.poll() is None:
        child.terminate()
    try:
        return await asyncio.to_thread(child.wait, within_s)
    except TimeoutExpired:
        child.kill()
        return await asyncio.to_thread(child.wait)


def descendants(of: int) -> list[int]:
    try:
        return [child.pid for child in psutil.Process(of).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def find_by_name(of: int, names: Sequence[str]) -> dict[str, int]:
    """Running processes below ``of`` by the name of their program, for each of ``names`` that has one."""
    found: dict[str, int] = {}
    for pid in descendants(of):
        with suppress(psutil.NoSuchProcess):
            name = psutil.Process(pid).name()
            if name in names and not has_ended(pid):
                found.setdefault(name, pid)
    return found


def _status(pid: int) -> str:
    try:
        return str(psutil.Process(pid).status())
    except psutil.NoSuchProcess:
        return str(psutil.STATUS_DEAD)


def has_ended(pid: int) -> bool:
    return _status(pid) in ENDED


def is_stopped(pid: int) -> bool:
    """Whether a process was stopped (SIGSTOP) or has ended."""
    return _status(pid) in NOT_RUNNING


def cpu_seconds(pid: int) -> float:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def kill_tree(top: int, *, within_s: float = 5.0) -> None:
    """Kill ``top`` and everything below it, and wait until all have ended. ``top`` stays for its owner to reap."""
    pids = [top, *descendants(top)]
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline and (left := [pid for pid in pids if not has_ended(pid)]):
        _kill(left)
        time.sleep(_PAUSE_S)
    for pid in pids[1:]:
        with suppress(ChildProcessError):  # an orphan that was not adopted by us
            os.waitpid(pid, os.WNOHANG)


def kill_descendants(*, within_s: float = 5.0) -> list[int]:
    """Kill every process below this one, and wait until all have ended. Returns the ids of the killed processes."""
    killed: list[int] = []
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        _reap()
        left = descendants(os.getpid())
        if not left:
            break
        killed += [pid for pid in _kill(left) if pid not in killed]
        time.sleep(_PAUSE_S)
    return killed


def _kill(pids: Sequence[int]) -> list[int]:
    """Those of ``pids`` that the signal reached."""
    reached = []
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            reached.append(pid)
    return reached


def _reap() -> None:
    """Collect the exit codes of ended children, adopted orphans included."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
