"""A child process that says again and again that it is alive: a silent one is noticed as well as a dead one.

The child writes a byte a second into a pipe that it inherits (:func:`heartbeat`). Who is silent is given up after
:data:`SILENT_AFTER_S`; who is silent but still works, because a busy machine starves it, after
:data:`HOPELESS_AFTER_S`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from dispatch.clock import Clock
from dispatch.processes import child_processes as processes

BEAT_S: Final = 1.0
SILENT_AFTER_S: Final = 4.0
HOPELESS_AFTER_S: Final = 60.0
_PIPE_BYTES: Final = 4096


class HangDetector:
    """How long to wait for a silent process."""

    def __init__(self) -> None:
        self._worked = 0.0
        self._look_at_s = 0.0

    def answered(self) -> None:
        """It is not silent."""
        self._look_at_s = 0.0

    def over(self, pid: int, silent_s: float) -> bool:
        """Whether a process that has been silent for so many wall seconds is to be given up."""
        if silent_s < SILENT_AFTER_S:
            return False
        if processes.is_stopped(pid) or silent_s >= HOPELESS_AFTER_S:
            return True
        if silent_s < self._look_at_s:
            return False
        worked_before, self._worked = self._worked, processes.processor_s(pid)
        self._look_at_s = silent_s + SILENT_AFTER_S
        return self._worked <= worked_before


class MonitoredProcess:
    """One Python process with a log of its own. ``arguments`` get ``--alive-fd N`` added."""

    def __init__(self, arguments: Sequence[str], log: Path, clock: Clock, *, fds: Sequence[int] = ()) -> None:
        self._clock = clock
        self._patience = HangDetector()
        self._pipe, theirs = os.pipe()
        os.set_blocking(self._pipe, False)
        os.set_blocking(theirs, False)
        log.parent.mkdir(parents=True, exist_ok=True)
        try:
            with log.open("a", encoding="utf-8") as stream:
                self.process = processes.start_python(
                    [*arguments, "--alive-fd", str(theirs)], stdout=stream, stderr=stream, fds=[*fds, theirs]
                )
        except BaseException:
            os.close(self._pipe)
            raise
        finally:
            os.close(theirs)
        self.received = b""
        """What it has received since it was started, but for the beats."""
        self._last: float | None = None
        """When it was heard last. Until its first word it may be silent: a busy machine takes its time to start it."""

    def failure(self) -> str:
        """Why it has to be started again; empty while all is well. To be asked several times a second."""
        now = self._clock.wall()
        if self._read():
            self._last = now
            self._patience.answered()
        code = self.process.poll()
        if code is not None:
            return f"ended with {code}"
        if self._last is None:
            return ""
        return "silent" if self._patience.over(self.process.pid, now - self._last) else ""

    def _read(self) -> bool:
        try:
            received = os.read(self._pipe, _PIPE_BYTES)
        except BlockingIOError:
            return False
        self.received += received.replace(b".", b"")
        return bool(received)

    async def end(self, *, within_s: float) -> None:
        """Ask it to stop, insist after ``within_s``."""
        await processes.end(self.process, within_s=within_s)
        self._close()

    def kill(self) -> None:
        """End it, and everything below it, at once."""
        processes.end_tree(self.process.pid)
        self.process.wait()
        self._close()

    def _close(self) -> None:
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1


async def heartbeat(pipe: int) -> None:
    """In the child: say that we are alive, for ever. ``pipe`` is what ``--alive-fd`` gave."""
    os.set_blocking(pipe, False)
    while True:
        say(pipe, b".")
        await asyncio.sleep(BEAT_S)


def say(pipe: int, what: bytes) -> None:
    """In the child: say something else."""
    with suppress(BlockingIOError, BrokenPipeError):
        os.write(pipe, what)
