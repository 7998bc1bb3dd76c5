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
    """Nobody knows what places are called."""
    return ""


class ClientPort(Protocol):
    """The connection of one app, as the app uses it (see :class:`sim.client.app_client.AppClient`)."""

    @property
    def connected(self) -> bool:
        """Whether the server has welcomed it."""
        ...

    def next_id(self) -> str:
        """An id for a command."""
        ...

    def command(self, command: ClientCommand, on_answer: OnAnswer) -> None:
        """Send a command until it is answered."""
        ...

    def send(self, message: ClientMessage) -> bool:
        """Send a message, if that is possible now."""
        ...

    def expect(self, stream: str) -> None:
        """The server lets us follow this stream by itself."""
        ...

    def follow(self, stream: str) -> None:
        """Ask to follow a stream."""
        ...

    def leave(self, stream: str) -> None:
        """Follow it no longer."""
        ...

    def close(self) -> None:
        """End the connection for good."""
        ...


class FarePayer(Protocol):
    """Alipay's app on a passenger's phone."""

    async def confirm(self, trade: str, buyer: str) -> str:
        """Confirm the payment of a trade; the ``resultCode`` that the phone gets."""
        ...


@dataclass(frozen=True, slots=True)
class SimCity:
    """The world that people act in. ``spawn`` starts a task that ends with the world."""

    clock: Clock
    scheduler: Scheduler
    roads: TravelTime
    demand: RequestSource
    street: Kerbside
    habits: Behaviour
    metrics: RunMetrics
    wallet: FarePayer
    spawn: Spawn
    name_at: NameAt = nameless


def draw(rng: Random, span: Span) -> float:
    """An even draw from a span."""
    return rng.uniform(*span)
