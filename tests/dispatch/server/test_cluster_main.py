"""What belongs to no trip and no payment is told to people all the same."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from dispatch.actors.ray.cluster import Cluster, placement_of
from dispatch.actors.rpc.client import RpcUnavailableError
from dispatch.actors.runtime.cluster_config import ClusterConfig
from dispatch.actors.runtime.entity_host import EntityHost
from dispatch.config.loader import load_settings
from dispatch.domain.entity import DomainNotice
from dispatch.server.cluster_main import raise_alarm

ALARM = DomainNotice("bill_open", {"day": "2026-11-21", "only_ours": 1})


class FakeLine:
    """A line to a host that is up, or not."""

    def __init__(self, *, up: bool) -> None:
        self.up = up
        self.called: list[tuple[str, tuple[object, ...]]] = []

    async def call(self, method: str, *arguments: object, **_options: object) -> Any:
        if not self.up:
            raise RpcUnavailableError(method)
        assert method == "ping" or callable(getattr(EntityHost, method))
        self.called.append((method, arguments))


def cluster(tmp_path: Path, line: FakeLine, placement: str) -> tuple[ClusterConfig, Cluster, list[str]]:
    """A system, a cluster that has this line to whoever is asked for, and the names that were asked for."""
    settings = load_settings(overrides={"server.data_dir": str(tmp_path), "ray.placement": placement})
    asked: list[str] = []

    def find(name: str) -> FakeLine:
        asked.append(name)
        return line

    system = ClusterConfig(
        ray_address="",
        journal_url="",
        redis_url="",
        placement=placement_of(settings),
        matchers=(),
        speed=1.0,
        wall_anchor=0.0,
        city_anchor=0.0,
        data_dir=str(tmp_path),
    )
    return system, cast("Cluster", SimpleNamespace(hosts=SimpleNamespace(actor=find))), asked


@pytest.mark.parametrize("placement", ["sharded", "dedicated"])
async def test_an_alarm_goes_to_a_payment_host(tmp_path: Path, placement: str) -> None:
    """The host is awake before it is told, and tells it as its own."""
    line = FakeLine(up=True)
    system, actors, asked = cluster(tmp_path, line, placement)

    await raise_alarm(system, actors, ALARM)

    assert line.called == [("ping", ()), ("report_notices", (msgspec.msgpack.encode([ALARM]),))]
    assert len(asked) == 1
    assert asked[0].startswith("payment")


async def test_an_alarm_that_cannot_be_raised(tmp_path: Path) -> None:
    """Whoever raises it hears of that, and tries again."""
    system, actors, _ = cluster(tmp_path, FakeLine(up=False), "sharded")

    with pytest.raises(RpcUnavailableError):
        await raise_alarm(system, actors, ALARM)
