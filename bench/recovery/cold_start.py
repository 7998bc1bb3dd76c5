"""A cold start over a journal of 10,000 cars and 3,000 open trips.

Method: the product's hosts write the journal: each of ``--cars`` cars (10,000) is online and has ``--history`` events
(20); ``--trips`` open trips (3,000) are spread over reserved, matching, offered, assigned, arrived and in progress.
Then the hosts are stopped, and new ones are started over the journal with nothing in memory, one host of each kind in
this process, through the same cores and shells as in production. The operating system's cache of the journal's pages
stays warm; starting a process and importing its modules is not included (see ``bench restart``).

1. ``seconds_to_armed``: the timers are read, and their entities are loaded: offers, reservations, searches.
2. ``seconds_to_listed``: every car's app sends its next fix, as it does every few seconds anyway; each car is loaded,
   and each free one is listed for the matcher. Drivers send no commands: ``commands_from_drivers`` is 0, and
   ``free_listed`` equals ``free``. The matcher needs the fix anyway, for the car's position.
3. ``seconds_to_all``: every vehicle and every open trip has answered an app that attaches to it (includes 1 and 2).

``statements``: SQL statements in each part. ``lost``: streams whose sequence number is lower than before the stop.
City time passes 1,000 times slower than wall time, so that no timer fires. ``--url`` is an empty PostgreSQL database;
without one, the journal is SQLite in a temporary folder.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

from sqlalchemy import Engine
from sqlalchemy import event as hooks
from typer import Option

from bench.harness.figures import Figures
from bench.harness.local_hosts import CONCURRENT, LocalHosts, san_francisco
from bench.harness.plan import BenchPlan, Cars
from bench.harness.whole_system import in_temporary_folder
from dispatch.clock import CityClock
from dispatch.domain import commands
from dispatch.domain.entity import SYSTEM, Command, EntityKey, Principal
from dispatch.domain.vehicle.position_tracker import FixRow
from dispatch.payment.core.rules import Account, PaymentRules
from dispatch.store.migrations import upgrade
from dispatch.values.place import Place

CODE: Final = "4711"
LAT: Final = 37.775
LNG: Final = -122.418
PLACE: Final = Place(LAT, LNG)
MIX: Final = ("reserved", "matching", "offered", "assigned", "arrived", "in_progress")
"""States of the open trips, in turn; from ``offered`` on they have a car."""
SPEED: Final = 0.001
"""City seconds per wall second."""

ENTITIES: Final = san_francisco(PaymentRules(account=Account(seller_id="S1", notify_url="http://localhost/notify")))

Step = tuple[EntityKey, Command, Principal]


@dataclass(frozen=True, kw_only=True)
class ColdStartPlan(BenchPlan):
    """The options."""

    cars: Cars = 10_000
    trips: Annotated[int, Option(min=0, help="Open trips, each with a car.")] = 3_000
    history: Annotated[int, Option(min=0, help="Events of each car.")] = 20
    url: Annotated[str, Option(help="Empty PostgreSQL database; SQLite by default.")] = ""


class OpenTrip(NamedTuple):
    """An open trip, its state, and its car."""

    key: EntityKey
    state: str
    car: EntityKey


def run(plan: ColdStartPlan) -> Figures:
    if plan.trips > plan.cars:
        raise ValueError("each trip needs a car")
    return in_temporary_folder("cold", lambda folder: _measure(plan, folder))


async def _measure(plan: ColdStartPlan, folder: Path) -> Figures:
    url = plan.url or f"sqlite:///{folder / 'journal.sqlite'}"
    upgrade(url)
    clock = CityClock(speed=SPEED, wall_anchor=time.time(), city_anchor=1.2e9)
    cars = [EntityKey("vehicle", f"V{n}") for n in range(plan.cars)]
    trips = [OpenTrip(EntityKey("trip", f"T{n}"), MIX[n % len(MIX)], cars[n]) for n in range(plan.trips)]
    keys = [*cars, *(trip.key for trip in trips)]
    began = time.perf_counter()
    hosts = LocalHosts(clock, ENTITIES)
    await hosts.start(url)
    await _write_journal(hosts, plan, cars, trips, clock)
    before, free = await hosts.subscribe(keys), len(hosts.free)
    await hosts.stop()
    made_s = time.perf_counter() - began
    figures = await _start_cold(clock, url, cars, before, free)
    return {"cars": plan.cars, "trips": plan.trips, "seconds_to_make": round(made_s, 2), **figures}


async def _start_cold(
    clock: CityClock, url: str, cars: Sequence[EntityKey], before: dict[EntityKey, int], free: int
) -> Figures:
    hosts, figures = LocalHosts(clock, ENTITIES), Figures()
    with _statements() as count:
        began = time.perf_counter()
        dues = await hosts.start(url)
        await hosts.settle()
        figures |= _figures("armed", began, count) | {"dues": dues}
        figures |= {"cars_armed": hosts.loaded("vehicle"), "trips_armed": hosts.loaded("trip")}
        _fix_all(hosts, cars, 2, clock.city())
        await hosts.settle()
        figures |= _figures("listed", began, count) | {"free": free, "free_listed": len(hosts.free)}
        after = await hosts.subscribe(list(before))
        figures |= _figures("all", began, count)
    await hosts.stop()
    lost = sum(after[key] < seq for key, seq in before.items())
    return {**figures, "commands_from_drivers": 0, "lost": lost}


def _figures(name: str, began: float, count: list[int]) -> Figures:
    return {f"seconds_to_{name}": round(time.perf_counter() - began, 3), f"statements_to_{name}": count[0]}


@contextmanager
def _statements() -> Iterator[list[int]]:
    count = [0]

    def increment(*_: Any) -> None:  # noqa: ANN401 - a hook
        count[0] += 1

    hooks.listen(Engine, "before_cursor_execute", increment)
    try:
        yield count
    finally:
        hooks.remove(Engine, "before_cursor_execute", increment)


def _driver(car: EntityKey) -> Principal:
    return Principal("driver", f"D{car.id}", car.id)


def _shift(car: EntityKey) -> Step:
    return car, commands.StartShift(commands.VehicleProfile(f"8{car.id}", f"D{car.id}", "Ada")), _driver(car)


async def _write_journal(
    hosts: LocalHosts, plan: ColdStartPlan, cars: Sequence[EntityKey], trips: Sequence[OpenTrip], clock: CityClock
) -> None:
    await hosts.execute([_shift(car) for car in cars])
    for _ in range(plan.history // 2):
        await hosts.execute([(car, commands.StartBreak(), _driver(car)) for car in cars])
        await hosts.execute([_shift(car) for car in cars])
    _fix_all(hosts, cars, 1, clock.city())
    await hosts.execute([_request(trip, clock.city()) for trip in trips])
    for number, state in enumerate(MIX):
        if state not in ("reserved", "matching"):
            await hosts.execute([_step_to(state, trip) for trip in trips if MIX.index(trip.state) >= number])
            await hosts.settle()


def _fix_all(hosts: LocalHosts, cars: Sequence[EntityKey], n: int, at: float) -> None:
    for start in range(0, len(cars), CONCURRENT):
        hosts.fixes([FixRow(car.id, 0, n, at, LAT, LNG) for car in cars[start : start + CONCURRENT]])


def _request(trip: OpenTrip, now: float) -> Step:
    pickup_at = now + 86_400.0 if trip.state == "reserved" else None
    return trip.key, commands.RequestTrip(f"P{trip.key.id}", "app", PLACE, CODE, pickup_at=pickup_at), SYSTEM


def _step_to(state: str, trip: OpenTrip) -> Step:
    offer = f"o{trip.key.id}"
    match state:
        case "offered":
            return trip.car, commands.MakeOffer(offer, trip.key.id, 1, PLACE, 60.0), SYSTEM
        case "assigned":
            return trip.car, commands.AcceptOffer(offer), _driver(trip.car)
        case "arrived":
            return trip.car, commands.ArriveAtPickup(trip.key.id), _driver(trip.car)
        case _:
            return trip.car, commands.StartRide(trip.key.id, CODE), _driver(trip.car)
