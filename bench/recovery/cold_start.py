"""A cold start: everything was off, and 10,000 cars and 3,000 open trips are in the journal.

Method: the cores themselves make the journal: every one of ``--cars`` cars (10,000) is online and has ``--history``
events (20) behind it; ``--trips`` open trips (3,000) are spread over reserved, matching, offered, assigned, arrived and
in progress. Then the hosts are stopped, and new ones are started over the journal with nothing in memory, one host of
each kind in this process, through the same cores and shells as in production. The operating system's cache of the
journal's pages stays warm; starting a process and importing its modules is not in it (``bench restart`` has that).

1. ``seconds_to_armed``: what is due is read, and its entities are loaded: offers, reservations, searches under way.
2. ``seconds_to_listed``: every car's app sends its next fix, as it does every few seconds anyway; each car is loaded,
   and each free one is known to the matcher. No driver is asked anything: ``commands_from_drivers`` is 0, and
   ``free_listed`` equals ``free``. Before its fix the matcher could not use a car: it does not know where it is.
3. ``seconds_to_all``: every vehicle and every open trip has answered an app that attaches to it (with 1 and 2).

``statements``: SQL statements in each part. ``lost``: streams that answer with another number than before the stop.
City time stands nearly still meanwhile, so that no timer fires.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import Engine
from sqlalchemy import event as hooks

from bench.recovery.hosts import AT_ONCE, Hosts
from dispatch.actors.core.protocol import FixRow
from dispatch.clock import CityClock
from dispatch.domain.commands import (
    BeginRide,
    MakeOffer,
    ReportArrival,
    RequestTrip,
    StartBreak,
    StartShift,
    TakeOffer,
    VehicleProfile,
)
from dispatch.domain.entity import SYSTEM, Command, EntityKey, Principal
from dispatch.store.migrations import upgrade
from dispatch.values.place import Place

CODE: Final = "4711"
LAT: Final = 37.775
LNG: Final = -122.418
PLACE: Final = Place(LAT, LNG)
MIX: Final = ("reserved", "matching", "offered", "assigned", "arrived", "in_progress")
"""Open trips stand in these by turns; from ``offered`` on they have a car."""
SLOW: Final = 0.001
"""City seconds in a wall second."""

Step = tuple[EntityKey, Command, Principal]


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options."""

    cars: int = 10_000
    trips: int = 3_000
    history: int = 20
    url: str = ""
    """An empty PostgreSQL database; without one, SQLite in a folder that goes."""


class Trip(msgspec.Struct, frozen=True):
    """An open trip, where it stands, and its car."""

    key: EntityKey
    stands: str
    car: EntityKey


def run(**options: object) -> dict[str, object]:
    """Make, stop, start; the options are the fields of :class:`Plan`."""
    plan = msgspec.convert(options, Plan)
    if plan.trips > plan.cars:
        raise ValueError("each trip needs a car")
    with tempfile.TemporaryDirectory(prefix="taxi-cold-") as folder:
        url = plan.url or f"sqlite:///{Path(folder) / 'journal.sqlite'}"
        upgrade(url)
        return asyncio.run(_measure(plan, url))


async def _measure(plan: Plan, url: str) -> dict[str, object]:
    clock = CityClock(speed=SLOW, wall_anchor=time.time(), city_anchor=1.2e9)
    cars = [EntityKey("vehicle", f"V{n}") for n in range(plan.cars)]
    trips = [Trip(EntityKey("trip", f"T{n}"), MIX[n % len(MIX)], cars[n]) for n in range(plan.trips)]
    keys = [*cars, *(trip.key for trip in trips)]
    began = time.perf_counter()
    hosts = Hosts(clock)
    await hosts.start(url)
    await _make(hosts, plan, cars, trips, clock)
    before, free = await hosts.seen(keys), len(hosts.free)
    await hosts.stop()
    made_s = time.perf_counter() - began
    figures = await _start_cold(clock, url, cars, before, free)
    return {"cars": plan.cars, "trips": plan.trips, "seconds_to_make": round(made_s, 2), **figures}


async def _start_cold(
    clock: CityClock, url: str, cars: Sequence[EntityKey], before: dict[EntityKey, int], free: int
) -> dict[str, object]:
    hosts, figures = Hosts(clock), dict[str, object]()
    with _statements() as count:
        began = time.perf_counter()
        dues = await hosts.start(url)
        await hosts.rest()
        figures |= _figures("armed", began, count) | {"dues": dues}
        figures |= {"cars_armed": hosts.awake("vehicle"), "trips_armed": hosts.awake("trip")}
        _fix_all(hosts, cars, 2, clock.city())
        await hosts.rest()
        figures |= _figures("listed", began, count) | {"free": free, "free_listed": len(hosts.free)}
        after = await hosts.seen(list(before))
        figures |= _figures("all", began, count)
    await hosts.stop()
    lost = sum(after[key] < seq for key, seq in before.items())
    return {**figures, "commands_from_drivers": 0, "lost": lost}


def _figures(name: str, began: float, count: list[int]) -> dict[str, object]:
    """Wall seconds since ``began``, and all statements so far."""
    return {f"seconds_to_{name}": round(time.perf_counter() - began, 3), f"statements_to_{name}": count[0]}


@contextmanager
def _statements() -> Iterator[list[int]]:
    """Counts every statement of this process."""
    count = [0]

    def tell(*_: Any) -> None:  # noqa: ANN401 - a hook
        count[0] += 1

    hooks.listen(Engine, "before_cursor_execute", tell)
    try:
        yield count
    finally:
        hooks.remove(Engine, "before_cursor_execute", tell)


# ── the journal is made ──────────────────────────────────────────────────────────────────────────────────────────


def _driver(car: EntityKey) -> Principal:
    return Principal("driver", f"D{car.id}", car.id)


def _shift(car: EntityKey) -> Step:
    return car, StartShift(VehicleProfile(f"8{car.id}", f"D{car.id}", "Ada")), _driver(car)


async def _make(hosts: Hosts, plan: Plan, cars: Sequence[EntityKey], trips: Sequence[Trip], clock: CityClock) -> None:
    await hosts.do([_shift(car) for car in cars])
    for _ in range(plan.history // 2):
        await hosts.do([(car, StartBreak(), _driver(car)) for car in cars])
        await hosts.do([_shift(car) for car in cars])
    _fix_all(hosts, cars, 1, clock.city())
    await hosts.do([_request(trip, clock.city()) for trip in trips])
    for first, steps in _STEPS:
        wanted = [trip for trip in trips if MIX.index(trip.stands) >= MIX.index(first)]
        for step in steps:
            await hosts.do([step(trip) for trip in wanted])
            await hosts.rest()


def _fix_all(hosts: Hosts, cars: Sequence[EntityKey], n: int, at: float) -> None:
    """The next fix of every car, in batches as a gateway sends them."""
    for start in range(0, len(cars), AT_ONCE):
        hosts.fixes([FixRow(car.id, 0, n, at, LAT, LNG) for car in cars[start : start + AT_ONCE]])


def _request(trip: Trip, now: float) -> Step:
    pickup_at = now + 86_400.0 if trip.stands == "reserved" else None
    return trip.key, RequestTrip(f"P{trip.key.id}", "app", PLACE, CODE, pickup_at=pickup_at), SYSTEM


def _offer(trip: Trip) -> Step:
    return trip.car, MakeOffer(f"o{trip.key.id}", trip.key.id, 1, PLACE, 60.0), SYSTEM


def _take(trip: Trip) -> Step:
    return trip.car, TakeOffer(f"o{trip.key.id}"), _driver(trip.car)


def _arrive(trip: Trip) -> Step:
    return trip.car, ReportArrival(trip.key.id), _driver(trip.car)


def _begin(trip: Trip) -> Step:
    return trip.car, BeginRide(trip.key.id, CODE), _driver(trip.car)


_STEPS: Final = (("offered", (_offer,)), ("assigned", (_take,)), ("arrived", (_arrive,)), ("in_progress", (_begin,)))
