"""What ends or falls silent is started again, in an order in which it can work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from dispatch.actors.ray.cluster import placement_of
from dispatch.actors.runtime.cluster_config import ClusterConfig
from dispatch.config.loader import load_settings
from dispatch.server import supervisor as module
from dispatch.server.ray_process import RayNotStartedError, RayProcess
from dispatch.server.supervisor import Supervisor
from dispatch.store.buses.embedded_valkey import EmbeddedValkey

Log = list[str]


class FakeRay:
    """Ray that fails once, and starts again at the second try."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._troubles = ["raylet ended"]
        self._fails = 1

    def failure(self) -> str:
        return self._troubles.pop() if self._troubles else ""

    def kill(self) -> None:
        self._log.append("ray killed")

    async def start(self) -> None:
        if self._fails:
            self._fails -= 1
            self._log.append("ray does not start")
            raise RayNotStartedError("busy")
        self._log.append("ray started")


class FakeGateway:
    """A gateway with the failures in ``troubles``."""

    log: Log
    troubles: list[str]

    def __init__(self, *_: object, **__: object) -> None:
        self.log.append("gateway started")

    def failure(self) -> str:
        return self.troubles.pop() if self.troubles else ""

    def kill(self) -> None:
        self.log.append("gateway killed")


class FakeValkey:
    """A Valkey that does not answer until it is started again."""

    def __init__(self, log: Log, *, running: bool) -> None:
        self._log = log
        self.running = running
        self.asked = 0

    def answers(self) -> bool:
        self.asked += 1
        return "valkey restarted" in self._log

    def restart(self) -> None:
        self.running = True
        self._log.append("valkey restarted")

    def wait(self) -> None:
        self._log.append("valkey answers")


class FakeSocket:
    """A listening socket."""

    def fileno(self) -> int:
        return 3


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    """Nothing waits, and gateways are fakes that write here."""
    for name in ("CHECK_EVERY_S", "RETRY_S", "PING_VALKEY_EVERY_S"):
        monkeypatch.setattr(module, name, 0)
    log: Log = []
    FakeGateway.log, FakeGateway.troubles = log, []
    monkeypatch.setattr(module, "MonitoredProcess", FakeGateway)
    return log


@pytest.fixture
def made(tmp_path: Path) -> Supervisor:
    """One that listens and has a system."""
    settings = load_settings(overrides={"server.data_dir": str(tmp_path)})
    made = Supervisor(settings)
    made._socket = cast("Any", FakeSocket())
    made.system = ClusterConfig(
        ray_address="old",
        journal_url="",
        redis_url="",
        placement=placement_of(settings),
        matchers=(),
        speed=1.0,
        wall_anchor=0.0,
        city_anchor=0.0,
        data_dir=str(tmp_path),
    )
    made.system.write(tmp_path)
    return made


async def watched(work: Any, seen: Callable[[], bool]) -> None:
    """Let a watch run until something is seen."""
    task = asyncio.ensure_future(work)
    async with asyncio.timeout(20):
        while not seen():  # noqa: ASYNC110 - nothing tells us
            await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_ray_is_started_again_with_new_gateways(made: Supervisor, log: Log) -> None:
    """The old gateways go first, the new ones come when Ray is there, and it is tried until it is."""
    made._start_gateways()
    made._ray = cast("RayProcess", FakeRay(log))

    await watched(made._watch_processes(), lambda: log.count("gateway started") == 2)

    assert log == [
        "gateway started",
        "gateway killed",
        "ray killed",
        "ray does not start",
        "ray started",
        "gateway started",
    ]


async def test_a_gateway_is_started_again_alone(made: Supervisor, log: Log) -> None:
    """Nothing else is touched."""
    made._start_gateways()
    FakeGateway.troubles = ["silent"]

    await watched(made._watch_processes(), lambda: log.count("gateway started") == 2)

    assert log == ["gateway started", "gateway killed", "gateway started"]


async def test_a_dead_valkey_is_started_again(made: Supervisor, log: Log) -> None:
    """At once; then it is left alone."""
    valkey = FakeValkey(log, running=False)
    made._valkey = cast("EmbeddedValkey", valkey)

    await watched(made._watch_valkey(), lambda: valkey.asked > 3)

    assert log == ["valkey restarted", "valkey answers"]


async def test_a_silent_valkey_is_started_again(made: Supervisor, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """When it has been silent for too long, not before."""
    valkey = FakeValkey(log, running=True)
    made._valkey = cast("EmbeddedValkey", valkey)
    monkeypatch.setattr(module, "SILENT_AFTER_S", 1e9)
    await watched(made._watch_valkey(), lambda: valkey.asked > 3)
    assert log == []

    monkeypatch.setattr(module, "SILENT_AFTER_S", 0.0)
    await watched(made._watch_valkey(), lambda: len(log) == 2)

    assert log == ["valkey restarted", "valkey answers"]
