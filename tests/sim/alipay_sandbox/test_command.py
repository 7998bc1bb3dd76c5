"""The sandbox as a process: prints its address, stops on a signal, and reports a port that is in use."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.integration


def started(keys: Path, port: int, *options: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "sim.alipay_sandbox", "--keys", str(keys), "--port", str(port), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_runs_until_it_is_told_to_stop(tmp_path: Path, signal_number: signal.Signals) -> None:
    """It answers at the address it prints, and SIGTERM or Ctrl-C ends it without a word."""
    with started(tmp_path, 0) as process:
        assert process.stdout
        address = process.stdout.readline().split()[-1].removesuffix("/gateway.do")
        health = httpx.get(f"{address}/sandbox/healthz", trust_env=False)
        process.send_signal(signal_number)
        _, said = process.communicate(timeout=30)

    assert health.json() == {"status": "ok"}
    assert said == ""
    assert process.returncode in (0, -signal_number)


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """One clear line, and exit status 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken, started(tmp_path, taken.getsockname()[1]) as process:
        _, said = process.communicate(timeout=30)

    assert process.returncode == 1
    assert said.startswith("cannot listen on 127.0.0.1:")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--fault", "nonsense"), "'nonsense': unknown fault 'nonsense'"),
        (("--merchant", "12"), "--merchant 12: a PID has 16 digits"),
        (("--buyers", "/nowhere"), "--buyers /nowhere"),
    ],
)
def test_options_that_make_no_sense(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    """One clear line, and exit status 2."""
    with started(tmp_path, 0, *options) as process:
        _, told = process.communicate(timeout=30)

    assert process.returncode == 2
    assert told.startswith(said)
    assert told.count("\n") == 1


def test_a_dropped_answer_is_no_answer(tmp_path: Path) -> None:
    """Over a real connection: an outage is an answer that never becomes whole."""
    with started(tmp_path, 0, "--fault", "outage:seconds=600") as process:
        assert process.stdout
        address = process.stdout.readline().split()[-1]
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(address, params={"method": "alipay.trade.query"}, trust_env=False)
        process.terminate()
        _, said = process.communicate(timeout=30)

    assert said == ""
