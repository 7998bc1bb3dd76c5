"""What all simulated people share: time, streets, the metrics, and each other."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from random import Random
from typing import Protocol

from dispatch.api.client_messages import ClientCommand, ClientMessage
from dispatch.clock import Clock
from dispatch.geo.travel_time import TravelTime
from dispatch.values.units import LatLng
from sim.city.behaviour import Behaviour, Span
from sim.city.kerbside import Kerbside
from sim.client.pending_commands import OnAnswer
from sim.demand.ride_request import RequestSource
from sim.metrics.run_metrics import RunMetrics
from sim.time.scheduler import Scheduler

Spawn = Callable[[Coroutine[None, None, None]], None]
NameAt = Callable[[LatLng], str]
"""What people call a point; empty where they only point at the map."""


def nameless(_: LatLng) -> str:
    """Places have no names."""
    return ""


class ClientPort(Protocol):
    """The connection of one app, as the app uses it (see :class:`sim.client.app_client.AppClient`)."""

    @property
    def connected(self) -> bool: ...

    def next_id(self) -> str: ...

    def command(self, command: ClientCommand, on_answer: OnAnswer) -> None: ...

    def send(self, message: ClientMessage) -> bool: ...

    def expect(self, stream: str) -> None: ...

    def follow(self, stream: str) -> None: ...

    def leave(self, stream: str) -> None: ...

    def close(self) -> None: ...


class FarePayer(Protocol):
    """Alipay's app on a passenger's phone."""

    async def confirm(self, trade: str, buyer: str) -> str: ...


@dataclass(frozen=True, slots=True)
class SimCity:
    """The world that people act in. ``spawn`` starts a task that ends with the world."""

    clock: Clock
    scheduler: Scheduler
    roads: TravelTime
    demand: RequestSource
    kerbside: Kerbside
    behaviour: Behaviour
    metrics: RunMetrics
    wallet: FarePayer
    spawn: Spawn
    name_at: NameAt = nameless


def draw(rng: Random, span: Span) -> float:
    return rng.uniform(*span)
