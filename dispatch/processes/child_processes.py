"""Child processes that never stay behind.

Each child runs in a session of its own (a terminal's Ctrl-C reaches only us, and we stop the others in order), and
dies with its parent. Whoever calls :func:`adopt_orphans` also inherits grandchildren whose parent has died, so that
:func:`end_descendants` finds every process that was started on our account. Linux only, by ``prctl``.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import Popen, TimeoutExpired
from typing import IO, Final

PR_SET_PDEATHSIG: Final = 1
PR_SET_CHILD_SUBREAPER: Final = 36

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
    """Start this Python with ``arguments`` as a child that dies with us."""
    return Popen(  # noqa: S603 - our own interpreter and modules
        [sys.executable, *arguments],
        stdout=stdout,
        stderr=stderr,
        pass_fds=tuple(fds),
        start_new_session=True,
        preexec_fn=_die_with_parent,  # noqa: PLW1509 - prctl alone runs between fork and exec
        text=True,
    )


async def end(child: Popen[str], *, within_s: float) -> int:
    """Ask a child to stop, insist after ``within_s``; its exit code."""
    if child.poll() is None:
        child.terminate()
    try:
        return await asyncio.to_thread(child.wait, within_s)
    except TimeoutExpired:
        child.kill()
        return await asyncio.to_thread(child.wait)


def descendants(of: int) -> list[int]:
    """The ids of all processes below ``of``, deepest last."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            parent = _parent(entry)
            if parent is not None:
                children.setdefault(parent, []).append(int(entry.name))
    found: list[int] = []
    level = [of]
    while level:
        level = [child for parent in level for child in children.get(parent, ())]
        found.extend(level)
    return found


def named(of: int, names: Sequence[str]) -> dict[str, int]:
    """Which of the processes below ``of`` run a program with one of these names; the first of each."""
    found: dict[str, int] = {}
    for pid in descendants(of):
        try:
            name = (Path("/proc") / str(pid) / "comm").read_text().strip()
        except OSError:
            continue
        if name in names and not is_gone(pid):
            found.setdefault(name, pid)
    return found


def is_gone(pid: int) -> bool:
    """Whether a process has ended."""
    fields = _stat(Path(f"/proc/{pid}"))
    return fields is None or fields[0] in ("Z", "X")


def is_stopped(pid: int) -> bool:
    """Whether a process was stopped (SIGSTOP) or has ended: it will not answer by itself."""
    fields = _stat(Path(f"/proc/{pid}"))
    return fields is None or fields[0] in ("T", "t", "Z", "X")


def processor_s(pid: int) -> float:
    """Processor seconds that a process has used; 0 for one that is gone."""
    fields = _stat(Path(f"/proc/{pid}"))
    return 0.0 if fields is None else (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _parent(entry: Path) -> int | None:
    fields = _stat(entry)
    return None if fields is None else int(fields[1])


def _stat(entry: Path) -> list[str] | None:
    """The fields of ``/proc/PID/stat`` after the name: state, parent, …; None for a process that is gone."""
    try:
        stat = (entry / "stat").read_text()
    except OSError:
        return None
    return stat.rpartition(")")[2].split()


def end_tree(top: int, *, within_s: float = 5.0) -> None:
    """Kill ``top`` and everything below it, and wait until they are gone. ``top``'s exit code is left to its owner."""
    pids = [top, *descendants(top)]
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        left = [pid for pid in pids if not is_gone(pid)]
        if not left:
            break
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    for pid in pids[1:]:
        with suppress(ChildProcessError):  # an orphan that was not adopted by us
            os.waitpid(pid, os.WNOHANG)


def end_descendants(*, within_s: float = 5.0) -> list[int]:
    """Kill everything that is left below us; the ids of what had to be killed."""
    killed: list[int] = []
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        _reap()
        left = descendants(os.getpid())
        if not left:
            break
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            if pid not in killed:
                killed.append(pid)
        time.sleep(0.02)
    return killed


def _reap() -> None:
    """Take the exit codes of orphans that we inherited."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
