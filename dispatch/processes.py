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


def _parent(entry: Path) -> int | None:
    try:
        stat = (entry / "stat").read_text()
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[1])


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
