"""A vehicle host killed with everything in its hands, until all of its vehicles answer again.

Method: a system is started as ``taxi serve`` starts it, with one vehicle host. Through commands, as a gateway
sends them, ``--cars`` cars (2,000) go online and ``--trips`` of them (500) accept an offer; half of these have the
passenger on board. Then ``--in_flight`` further commands (200 free cars' drivers want a break) are sent and the host
gets SIGKILL at the same moment. From the kill on every vehicle is asked something under a command id of its own, and
each is sent again until it is answered, as gateways do: free cars' drivers go offline and those on the way to a
passenger arrive, which has to be committed; of a car with somebody on board the trip is asked for. Ray starts the
process anew; it reads the journal as it is asked.

``seconds_to_first`` and ``seconds_to_all``: wall seconds from the kill to the first and the last of these answers.
``lost``: vehicles and trips whose stream in the journal ends before the last number that was acknowledged (before the
kill or after), or which answered with another state than that; and commands in flight that did not act exactly once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec

from bench.harness.whole_system import Given, running
from dispatch.actors.core.protocol import Done, Envelope, FixRow, HostsUnavailableError, Refused, Reply
from dispatch.actors.ray.discovery import connect_by_ray
from dispatch.actors.ray.session import join_cluster, leave_cluster
from dispatch.actors.runtime.host_client import HostClient
from dispatch.clock import Clock
from dispatch.domain.commands import (
    BeginRide,
    EndShift,
    MakeOffer,
    ReportArrival,
    RequestTrip,
    ResolveScan,
    StartBreak,
    StartShift,
    TakeOffer,
    VehicleProfile,
    encode_command,
)
from dispatch.domain.entity import SYSTEM, Command, EntityKey, Principal
from dispatch.server.supervisor import Supervisor
from dispatch.store.journals.sql_journal import open_journal
from dispatch.values.place import Place

HOST = "vehicle-0"
CODE = "4711"
PLACE = Place(37.775, -122.418)
AT_ONCE = 200
FIX_AGAIN_S = 5.0
HEARD_AFTER_S = 1.0
UNDER_WAY_S = 0.003
"""Less than a commit takes, enough for the commands to be there."""
OPERATOR = Principal("dispatcher", "bench")


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options."""

    cars: int = 2_000
    trips: int = 500
    in_flight: int = 200
    cache: str = "var/cache"
    """Folder for the travel-time table."""


class Acknowledged(msgspec.Struct):
    """What was last acknowledged, by entity."""

    seq: dict[EntityKey, int]
    state: dict[EntityKey, str]

    def note(self, key: EntityKey, done: Done) -> None:
        """An answer that says: committed."""
        self.seq[key] = max(done.seq, self.seq.get(key, 0))
        self.state[key] = done.state


def run(**options: object) -> dict[str, object]:
    """Kill once; the options are the fields of :class:`Plan`."""
    plan = msgspec.convert(options, Plan)
    if plan.trips + plan.in_flight > plan.cars:
        raise ValueError("trips and commands in flight need a car each")
    with tempfile.TemporaryDirectory(prefix="taxi-restart-") as folder:
        return asyncio.run(_measure(plan, Path(folder)))


async def _measure(plan: Plan, folder: Path) -> dict[str, object]:
    # Nobody is near enough for the matcher: offers are made by this bench alone.
    given: Given = {"ray.vehicle_hosts": 1, "matching.max_pickup_s": 0.001, "city.cache_dir": plan.cache}
    async with running(folder, {**given, "log.level": "warning"}) as supervisor:
        assert supervisor.system is not None  # noqa: S101 - it runs
        join_cluster(supervisor.system)
        try:
            bench = _Bench(plan, supervisor)
            await bench.set_up()
            figures = await bench.kill()
            lost = await bench.lost()
        finally:
            leave_cluster()
    return {"cars": plan.cars, "trips": plan.trips, "in_flight": plan.in_flight, **figures, "lost": len(lost)}


class _Bench:
    """One system with its cars."""

    def __init__(self, plan: Plan, supervisor: Supervisor) -> None:
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

    # ── before ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def set_up(self) -> None:
        """Everybody online, the trips under way, everything committed."""
        await self._hosts.line(HOST).call("ping", within_s=60.0)
        fixing = asyncio.create_task(self._fix())
        try:
            await self._all(self._go_online, self._cars)
            await asyncio.sleep(HEARD_AFTER_S)
            await self._all(self._take_trip, self._on_trip)
        finally:
            fixing.cancel()

    async def _fix(self) -> None:
        """Fixes, so that nobody is stale."""
        n = 0
        while True:
            n += 1
            now = self._clock.city()
            self._hosts.fixes([FixRow(car, 0, n, now, PLACE.lat, PLACE.lng, 0.0, 0.0) for car in self._cars])
            await asyncio.sleep(FIX_AGAIN_S)

    async def _all(self, act: Callable[[str], Awaitable[None]], cars: Sequence[str]) -> None:
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(car: str) -> None:
            async with slots:
                await act(car)

        await asyncio.gather(*map(one, cars))

    async def _go_online(self, car: str) -> None:
        await self._do(_vehicle(car), StartShift(VehicleProfile(car, _driver(car).id, "Bench")), _driver(car))

    async def _take_trip(self, car: str) -> None:
        vehicle, trip = _vehicle(car), _trip(car)
        wanted = RequestTrip(passenger=car, origin="app", pickup=PLACE, code=CODE)
        made = await self._do(trip, wanted, Principal("passenger", car))
        offer = f"offer-{car}"
        offered = MakeOffer(offer=offer, trip=trip.id, trip_seq=made.seq, pickup=PLACE, pickup_s=60.0)
        await self._do(vehicle, offered, SYSTEM)
        await self._do(vehicle, TakeOffer(offer), _driver(car))
        if _on_board(car):
            await self._do(vehicle, ReportArrival(trip.id), _driver(car))
            await self._do(vehicle, BeginRide(trip.id, CODE), _driver(car))

    async def _do(self, key: EntityKey, command: Command, principal: Principal) -> Done:
        """A command that has to be accepted; its acknowledgement is noted."""
        reply = await self._ask(key, command, principal)
        if isinstance(reply, Refused):
            raise RuntimeError(f"{key} refused {command}: {reply}")  # noqa: TRY004 - no type is wrong
        self._acknowledged.note(key, reply)
        return reply

    async def _ask(self, key: EntityKey, command: Command, principal: Principal) -> Reply:
        """Send a command under one id until it is answered."""
        name = f"bench.{key}.{type(command).__name__}"
        body = encode_command(command)
        keep = not isinstance(command, ResolveScan)
        while True:
            try:
                return await self._hosts.command(Envelope(str(key), name, principal, body, digest=body, keep=keep))
            except HostsUnavailableError:
                continue

    # ── the kill ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def kill(self) -> dict[str, object]:
        """Kill the host with commands in flight, and ask everybody until all have answered."""
        incarnation, pid, _ = await self._hosts.line(HOST).call("ping")
        flying = [asyncio.ensure_future(self._have_break(car)) for car in self._in_flight]
        flown = frozenset(self._in_flight)
        await asyncio.sleep(UNDER_WAY_S)
        os.kill(pid, signal.SIGKILL)
        killed = time.perf_counter()

        async def answered(car: str) -> float:
            await self._ask_again(car)
            return time.perf_counter() - killed

        seconds = await asyncio.gather(*(answered(car) for car in self._cars if car not in flown))
        await asyncio.gather(*flying)
        reborn, *_ = await self._hosts.line(HOST).call("ping")
        if reborn == incarnation:
            raise RuntimeError("the host was not killed")
        last = max([*seconds, time.perf_counter() - killed])
        return {"seconds_to_first": round(min(seconds), 2), "seconds_to_all": round(last, 2)}

    async def _have_break(self, car: str) -> None:
        """A command on its way when the host dies: acts once, however often it is sent."""
        before = self._acknowledged.seq[_vehicle(car)]
        done = await self._do(_vehicle(car), StartBreak(), _driver(car))
        if done.seq != before + 1:
            self._wrong.append(f"{car}: a break at {before} led to {done.seq}")

    async def _ask_again(self, car: str) -> None:
        key = _vehicle(car)
        if car in self._free:
            await self._do(key, EndShift(), _driver(car))
            return
        if not _on_board(car):
            await self._do(key, ReportArrival(_trip(car).id), _driver(car))
            return
        reply = await self._ask(key, ResolveScan(), OPERATOR)
        if not isinstance(reply, Done) or reply.state != self._acknowledged.state[key]:
            self._wrong.append(f"{car} was {self._acknowledged.state[key]}, and now {reply}")

    # ── after ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def lost(self) -> list[str]:
        """What was acknowledged and is not so, held against the journal."""
        lost = list(self._wrong)
        journal = await open_journal(self._settings.journal_url, shards=self._settings.journal.shards)
        try:
            keys = sorted(self._acknowledged.seq)
            for start in range(0, len(keys), AT_ONCE):
                for history in await journal.load(keys[start : start + AT_ONCE]):
                    snapshot = history.snapshot.seq if history.snapshot is not None else 0
                    last = history.events[-1].seq if history.events else snapshot
                    if last < self._acknowledged.seq[history.key]:
                        lost.append(f"{history.key} ends at {last}")
        finally:
            await journal.close()
        return lost


def _vehicle(car: str) -> EntityKey:
    return EntityKey("vehicle", car)


def _on_board(car: str) -> bool:
    """Every second passenger is."""
    return int(car[1:]) % 2 == 1


def _trip(car: str) -> EntityKey:
    return EntityKey("trip", f"trip-{car}")


def _driver(car: str) -> Principal:
    return Principal("driver", f"D{car}", car)
