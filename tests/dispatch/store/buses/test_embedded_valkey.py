"""The embedded server: it comes, it goes, and it never stays behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis

from dispatch.store.buses import embedded_valkey
from dispatch.store.buses.embedded_valkey import EmbeddedValkey, ValkeyNotStartedError, find_server

pytestmark = pytest.mark.integration

PARENT = """
import os, signal, sys
from pathlib import Path
from dispatch.store.buses.embedded_valkey import EmbeddedValkey
server = EmbeddedValkey(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
sys.stdin.read()
"""


def ping(url: str) -> bool:
    with Redis.from_url(url) as client:
        return bool(client.ping())


def wait_until_gone(pid: int) -> None:
    """Returns when the process has ended, also where we are not its parent."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    select.select([handle], [], [])
    os.close(handle)


def test_it_answers_and_stops(tmp_path: Path) -> None:
    """It answers on its socket, has a session of its own, keeps no file, and can be started again."""
    server = EmbeddedValkey(tmp_path)
    for _ in range(2):
        server.start()
        server.start()
        pid = server.pid
        assert pid is not None
        assert server.url == f"unix://{tmp_path / 'valkey.sock'}"
        assert ping(server.url)
        assert os.getsid(pid) == pid
        server.stop()
        server.stop()
        assert (server.pid, server.url) == (None, "")
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["valkey.log"]


def test_a_long_path_gets_a_port(tmp_path: Path) -> None:
    """Where the socket's path would be too long, a free port of the loopback serves."""
    with EmbeddedValkey(tmp_path / ("x" * 100)) as server:
        assert server.url.startswith("redis://127.0.0.1:")
        assert ping(server.url)


def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    """After ``kill -9`` of the process that started it, the server is gone too."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
        wait_until_gone(pid)


def test_a_server_that_ends_at_once_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error carries the server's last line, and no process is left."""
    server = EmbeddedValkey(tmp_path)
    monkeypatch.setattr(server, "_options", lambda: ["--logfile", str(tmp_path / "valkey.log"), "--dir", "/nowhere"])
    with pytest.raises(ValkeyNotStartedError, match="the server ended"):
        server.start()
    assert server.pid is None


def test_no_server_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any binary it says what to install."""
    monkeypatch.setenv("PATH", "")
    assert find_server().name == "valkey-server"
    monkeypatch.setattr(embedded_valkey, "find_spec", lambda _: None)
    with pytest.raises(ValkeyNotStartedError, match=r"taxi-dispatch\[embedded\]"):
        find_server()


def test_it_comes_back_at_the_same_address(tmp_path: Path) -> None:
    """After a death and after a stop that nobody asked for; clients need not be told anything."""
    with EmbeddedValkey(tmp_path / "valkey") as server:
        url, first = server.url, server.pid
        assert first is not None
        for number in (signal.SIGKILL, signal.SIGSTOP):
            assert server.pid is not None
            os.kill(server.pid, number)
            server.restart()
            server.wait()
            assert server.running
            assert server.url == url
            assert ping(url)
        assert server.pid != first
