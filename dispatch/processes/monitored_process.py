"""A child process that sends heartbeats, so that a hung process is noticed as well as an ended one.

The child writes one byte a second into a pipe that it inherits (:func:`heartbeat`). A process that stops sending is
killed after :data:`SILENT_AFTER_S`, or after :data:`HOPELESS_AFTER_S` if it still consumes CPU (starved by a busy
machine rather than hung).
"""

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from dispatch.clock import Clock
from dispatch.processes import child_processes as processes

HEARTBEAT_S: Final = 1.0
SILENT_AFTER_S: Final = 4.0
HOPELESS_AFTER_S: Final = 60.0
_PIPE_BYTES: Final = 4096


class HangDetector:
    """Decides whether a silent process is hung, or only starved of CPU."""

    def __init__(self) -> None:
        self._cpu_s = 0.0
        self._check_at_s = 0.0

    def reset(self) -> None:
        """To be called whenever the process sends something."""
        self._check_at_s = 0.0

    def is_hung(self, pid: int, silent_s: float) -> bool:
        """Whether a process that has been silent for ``silent_s`` wall seconds must be replaced."""
        if silent_s < SILENT_AFTER_S:
            return False
        if processes.is_stopped(pid) or silent_s >= HOPELESS_AFTER_S:
            return True
        if silent_s < self._check_at_s:
            return False
        cpu_before_s, self._cpu_s = self._cpu_s, processes.cpu_seconds(pid)
        self._check_at_s = silent_s + SILENT_AFTER_S
        return self._cpu_s <= cpu_before_s


class MonitoredProcess:
    """One Python process with its own log file. ``--alive-fd N`` is appended to ``arguments``.

    The process may be silent until its first heartbeat: a busy machine takes its time to start it.
    """

    def __init__(self, arguments: Sequence[str], log: Path, clock: Clock, *, fds: Sequence[int] = ()) -> None:
        self._clock = clock
        self._hang_detector = HangDetector()
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
        """All bytes received since the start, without the heartbeats."""
        self._last_at: float | None = None

    def failure(self) -> str:
        """Why the process must be restarted; empty if it is healthy. To be called several times a second."""
        now = self._clock.wall()
        if self._read():
            self._last_at = now
            self._hang_detector.reset()
        code = self.process.poll()
        if code is not None:
            return f"ended with {code}"
        if self._last_at is None:
            return ""
        return "silent" if self._hang_detector.is_hung(self.process.pid, now - self._last_at) else ""

    def _read(self) -> bool:
        try:
            received = os.read(self._pipe, _PIPE_BYTES)
        except BlockingIOError:
            return False
        self.received += received.replace(b".", b"")
        return bool(received)

    async def stop(self, *, within_s: float) -> None:
        await processes.terminate(self.process, within_s=within_s)
        self._close()

    def kill(self) -> None:
        processes.kill_tree(self.process.pid)
        self.process.wait()
        self._close()

    def _close(self) -> None:
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1


async def heartbeat(pipe: int) -> None:
    """In the child: send heartbeats until cancelled. ``pipe`` is the descriptor from ``--alive-fd``."""
    os.set_blocking(pipe, False)
    while True:
        send(pipe, b".")
        await asyncio.sleep(HEARTBEAT_S)


def send(pipe: int, data: bytes) -> None:
    """In the child: send ``data`` (see :attr:`MonitoredProcess.received`); dropped if the pipe is full or closed."""
    with suppress(BlockingIOError, BrokenPipeError):
        os.write(pipe, data)
