"""The environment that all simulated people share: time, streets, metrics and the kerbside."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from random import Random

from dispatch.clock import Clock
from dispatch.geo.travel_time import TravelTime
from dispatch.values.units import LatLng
from sim.city.behaviour import Behaviour, Span
from sim.city.kerbside import Kerbside
from sim.demand.ride_request import RequestSource
from sim.metrics.run_metrics import RunMetrics
from sim.time.scheduler import Scheduler

Spawn = Callable[[Coroutine[None, None, None]], None]
ConfirmPayment = Callable[[str, str], Awaitable[str]]
"""Confirms a trade (number, buyer) in the Alipay app; returns the ``resultCode`` of JSAPI's ``tradePay``."""
NameAt = Callable[[LatLng], str]
"""The name of a point; blank if it has none."""


def nameless(_: LatLng) -> str:
    """Places have no names."""
    return ""


@dataclass(frozen=True, slots=True)
class SimCity:
    """The environment. ``spawn`` starts a task that ends with the simulation."""

    clock: Clock
    scheduler: Scheduler
    roads: TravelTime
    demand: RequestSource
    kerbside: Kerbside
    behaviour: Behaviour
    metrics: RunMetrics
    confirm_payment: ConfirmPayment
    spawn: Spawn
    name_at: NameAt = nameless


def draw(rng: Random, span: Span) -> float:
    return rng.uniform(*span)
