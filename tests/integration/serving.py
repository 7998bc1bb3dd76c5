"""A real ``taxi serve`` (or ``taxi demo``) as a child process, and the processes below it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from typer.testing import CliRunner

from dispatch.processes import child_processes as processes
from taxi_cli.main import app

READY_WITHIN_S = 180
STOP_WITHIN_S = 60
TAXI = [sys.executable, "-m", "taxi_cli"]


def taxi(*arguments: str, within_s: float = 120) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run([*TAXI, *arguments], capture_output=True, text=True, timeout=within_s, check=False)


def taxi_here(*arguments: str) -> str:
    """Run one command in this process, which spares the start of another; what it says. It must succeed."""
    with ThreadPoolExecutor(1) as apart:  # a thread without the test's event loop: commands run one of their own
        done = apart.submit(CliRunner().invoke, app, list(arguments)).result()
    assert done.exit_code == 0, f"{arguments}: {done.output}"
    return done.stdout


class Served:
    """One running server. ``settings`` are written to a file that ``--config`` names."""

    def __init__(self, folder: Path, settings: dict[str, dict[str, object]] | None = None) -> None:
        self.folder = folder
        self.config = folder / "taxi.toml"
        folder.mkdir(parents=True, exist_ok=True)
        tables = {"server": {"data_dir": str(folder / "data"), "port": 0}, **(settings or {})}
        self.config.write_text("".join(_table(name, values) for name, values in tables.items()))
        self.data_dir = folder / "data"
        self._child: subprocess.Popen[str] | None = None
        self.ws = ""

    @property
    def http(self) -> str:
        """The address of its HTTP."""
        return self.ws.replace("ws://", "http://").removesuffix("/v1/ws")

    def start(self, *arguments: str) -> None:
        """Start it and wait until it says where clients connect."""
        command = [*TAXI, "serve", "--config", str(self.config), *arguments]
        log = (self.folder / "serve.log").open("a")
        self._child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True)
        log.close()
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if "ws://" not in line:
            self._end()
        assert "ws://" in line, (self.folder / "serve.log").read_text()[-3000:]
        self.ws = line.strip().rpartition(" ")[2]

    def below(self) -> list[int]:
        """The ids of all processes that it has started."""
        return processes.descendants(self._pid())

    def stop(self) -> int:
        """SIGTERM, as systemd does; its exit code."""
        if self._child is None:
            return 0
        self._child.terminate()
        return self._end()

    def kill_everything(self) -> None:
        """``kill -9`` of the server and of everything below it, at once."""
        victims = [self._pid(), *self.below()]
        for pid in victims:
            _signal(pid, signal.SIGSTOP)
        for pid in victims:
            _signal(pid, signal.SIGKILL)
        self._end()

    def _pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    def _end(self) -> int:
        assert self._child is not None
        code = self._child.wait(STOP_WITHIN_S)
        if self._child.stdout is not None:
            self._child.stdout.close()
        self._child = None
        return code


def alive(pids: list[int]) -> list[int]:
    """Those of the processes that still run (a zombie does not)."""
    running = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            running.append(pid)
    return running


def _table(name: str, values: dict[str, object]) -> str:
    """A TOML table; JSON writes texts, numbers and truths as TOML does."""
    return f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
