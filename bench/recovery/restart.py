"""A busy vehicle host is killed, until all of its vehicles answer again.

Method: a system is started as ``taxi serve`` starts it, with one vehicle host. Through commands, as a gateway
sends them, ``--cars`` cars (2,000) go online and ``--trips`` of them (500) accept an offer; half of these have the
passenger on board. Then ``--in-flight`` further commands (200 free cars' drivers start a break) are sent and the host
gets SIGKILL at the same moment. From the kill on every vehicle gets a command or query with an id of its own, sent
again until it is answered, as gateways do: drivers of free cars go offline and drivers on the way to a passenger
arrive, both of which have to be committed; for a car with a passenger on board the trip is queried. Ray restarts the
process; it loads entities from the journal on demand.

``seconds_to_first`` and ``seconds_to_all``: wall seconds from the kill to the first and the last of these answers.
``lost``: vehicles and trips whose stream in the journal ends before the last acknowledged number (before the kill or
after), or whose answer had another state than acknowledged; and commands in flight that did not act exactly once.
"""

import asyncio
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, NamedTuple

from typer import Option

from bench.harness.concurrency import map_concurrently
from bench.harness.figures import Figures
from bench.harness.plan import BenchPlan, Cache, Cars
from bench.harness.whole_system import (
    SettingValues,
    in_temporary_folder,
    read_streams,
    running_system,
    send_until_answered,
)
from dispatch.actors.core.protocol import Done, Refused
from dispatch.actors.ray.discovery import connect_by_ray, join_cluster, leave_cluster
from dispatch.actors.runtime.host_client import HostClient
from dispatch.clock import Clock
from dispatch.domain import commands
from dispatch.domain.entity import SYSTEM, Command, EntityKey, Principal
from dispatch.domain.vehicle.position_tracker import FixRow
from dispatch.server.supervisor import Supervisor
from dispatch.values.place import Place

HOST: Final = "vehicle-0"
CODE: Final = "4711"
PLACE: Final = Place(37.775, -122.418)
CONCURRENT: Final = 200
FIX_EVERY_S: Final = 5.0
FIXES_ARRIVE_S: Final = 1.0
IN_FLIGHT_S: Final = 0.003
"""Less than a commit takes, enough for the commands to arrive."""
OPERATOR: Final = Principal("dispatcher", "bench")


@dataclass(frozen=True, kw_only=True)
class RestartPlan(BenchPlan):
    """The options."""

    cars: Cars = 2_000
    trips: Annotated[int, Option(min=0, help="Cars with a trip.")] = 500
    in_flight: Annotated[int, Option(min=0, help="Commands in flight at the kill.")] = 200
    cache: Cache = "var/cache"


class Acknowledged(NamedTuple):
    """The last acknowledged sequence number and state by entity."""

    seq: dict[EntityKey, int]
    state: dict[EntityKey, str]

    def record(self, key: EntityKey, done: Done) -> None:
        self.seq[key] = max(done.seq, self.seq.get(key, 0))
        self.state[key] = done.state


def run(plan: RestartPlan) -> Figures:
    if plan.trips + plan.in_flight > plan.cars:
        raise ValueError("trips and commands in flight need a car each")
    return in_temporary_folder("restart", lambda folder: _measure(plan, folder))


async def _measure(plan: RestartPlan, folder: Path) -> Figures:
    # No car is near enough for the matcher: this bench alone makes offers.
    values: SettingValues = {"ray.vehicle_hosts": 1, "matching.max_pickup_s": 0.001, "city.cache_dir": plan.cache}
    async with running_system(folder, {**values, "log.level": "warning"}) as supervisor:
        assert supervisor.system is not None  # noqa: S101 - it runs
        join_cluster(supervisor.system)
        try:
            fleet = KilledFleet(plan, supervisor)
            await fleet.set_up()
            figures = await fleet.kill()
            lost = await fleet.lost()
        finally:
            leave_cluster()
    return {"cars": plan.cars, "trips": plan.trips, "in_flight": plan.in_flight, **figures, "lost": len(lost)}


class KilledFleet:
    """The cars of one system, whose host is killed."""

    def __init__(self, plan: RestartPlan, supervisor: Supervisor) -> None:
        assert supervisor.system is not None  # noqa: S101 - it runs
        self._plan = plan
        self._settings = supervisor.settings
        self._clock: Clock = supervisor.system.clock()
        self._hosts = HostClient(supervisor.system, "bench", connect_by_ray())
        self._acknowledged = Acknowledged({}, {})
        self._wrong: list[str] = []
        self._cars = [f"V{n}" for n in range(plan.cars)]
        self._on_trip = self._cars[: plan.trips]
        self._in_flight = self._cars[plan.trips : plan.trips + plan.in_flight]
        self._free = frozenset(self._cars[plan.trips + plan.in_flight :])

    async def set_up(self) -> None:
        await self._hosts.actor(HOST).call("ping", within_s=60.0)
        fixing = asyncio.create_task(self._send_fixes())
        try:
            await map_concurrently(CONCURRENT, self._go_online, self._cars)
            await asyncio.sleep(FIXES_ARRIVE_S)
            await map_concurrently(CONCURRENT, self._take_trip, self._on_trip)
        finally:
            fixing.cancel()

    async def _send_fixes(self) -> None:
        n = 0
        while True:
            n += 1
            now = self._clock.city()
            self._hosts.fixes([FixRow(car, 0, n, now, PLACE.lat, PLACE.lng, 0.0, 0.0) for car in self._cars])
            await asyncio.sleep(FIX_EVERY_S)

    async def _go_online(self, car: str) -> None:
        await self._execute(
            _vehicle(car), commands.StartShift(commands.VehicleProfile(car, _driver(car).id, "Bench")), _driver(car)
        )

    async def _take_trip(self, car: str) -> None:
        vehicle, trip = _vehicle(car), _trip(car)
        wanted = commands.RequestTrip(passenger=car, origin="app", pickup=PLACE, code=CODE)
        made = await self._execute(trip, wanted, Principal("passenger", car))
        offer = f"offer-{car}"
        offered = commands.MakeOffer(offer=offer, trip=trip.id, trip_seq=made.seq, pickup=PLACE, pickup_s=60.0)
        await self._execute(vehicle, offered, SYSTEM)
        await self._execute(vehicle, commands.AcceptOffer(offer), _driver(car))
        if _on_board(car):
            await self._execute(vehicle, commands.ArriveAtPickup(trip.id), _driver(car))
            await self._execute(vehicle, commands.StartRide(trip.id, CODE), _driver(car))

    async def _execute(self, key: EntityKey, command: Command, principal: Principal) -> Done:
        reply = await send_until_answered(self._hosts, key, command, principal)
        if isinstance(reply, Refused):
            raise RuntimeError(f"{key} refused {command}: {reply}")  # noqa: TRY004 - no type is wrong
        self._acknowledged.record(key, reply)
        return reply

    async def kill(self) -> Figures:
        """Kill the host with commands in flight, and send to every vehicle until all have answered."""
        incarnation, pid, _ = await self._hosts.actor(HOST).call("ping")
        flying = [asyncio.ensure_future(self._start_break(car)) for car in self._in_flight]
        busy = frozenset(self._in_flight)
        await asyncio.sleep(IN_FLIGHT_S)
        os.kill(pid, signal.SIGKILL)
        killed = time.perf_counter()

        async def answered(car: str) -> float:
            await self._query(car)
            return time.perf_counter() - killed

        seconds = await asyncio.gather(*(answered(car) for car in self._cars if car not in busy))
        await asyncio.gather(*flying)
        restarted, *_ = await self._hosts.actor(HOST).call("ping")
        if restarted == incarnation:
            raise RuntimeError("the host was not killed")
        last = max([*seconds, time.perf_counter() - killed])
        return {"seconds_to_first": round(min(seconds), 2), "seconds_to_all": round(last, 2)}

    async def _start_break(self, car: str) -> None:
        """A command in flight when the host dies: it acts once, however often it is sent."""
        before = self._acknowledged.seq[_vehicle(car)]
        done = await self._execute(_vehicle(car), commands.StartBreak(), _driver(car))
        if done.seq != before + 1:
            self._wrong.append(f"{car}: break sent at {before}, acknowledged at {done.seq}")

    async def _query(self, car: str) -> None:
        key = _vehicle(car)
        if car in self._free:
            await self._execute(key, commands.EndShift(), _driver(car))
            return
        if not _on_board(car):
            await self._execute(key, commands.ArriveAtPickup(_trip(car).id), _driver(car))
            return
        reply = await send_until_answered(self._hosts, key, commands.ResolveScan(), OPERATOR)
        if not isinstance(reply, Done) or reply.state != self._acknowledged.state[key]:
            self._wrong.append(f"{car}: state was {self._acknowledged.state[key]}, reply is {reply}")

    async def lost(self) -> list[str]:
        """Acknowledged facts that the journal or a reply contradicts."""
        lost = list(self._wrong)
        for history in await read_streams(self._settings, sorted(self._acknowledged.seq)):
            snapshot = history.snapshot.seq if history.snapshot is not None else 0
            last = history.events[-1].seq if history.events else snapshot
            if last < self._acknowledged.seq[history.key]:
                lost.append(f"{history.key} ends at {last}")
        return lost


def _vehicle(car: str) -> EntityKey:
    return EntityKey("vehicle", car)


def _on_board(car: str) -> bool:
    return int(car[1:]) % 2 == 1


def _trip(car: str) -> EntityKey:
    return EntityKey("trip", f"trip-{car}")


def _driver(car: str) -> Principal:
    return Principal("driver", f"D{car}", car)
