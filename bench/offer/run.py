"""From a passenger's request to the offer on a driver's socket, through the whole system.

Method: a system is started as ``taxi serve`` starts it (gateway, hosts, matcher, Valkey, Ray, SQLite in a temporary
folder), at speed 1. In ``--apps`` processes of their own (3), ``--cars`` drivers' apps (2,000) send a fix a second each
over real sockets, and ``--requests_per_s`` passengers (20) a second, each on a socket, request rides all over San
Francisco at the city's real places. Drivers accept after ``--think_s`` (1), are at the passenger's after
``--pickup_s`` (20, fixed so that 2,000 cars suffice; they drive towards the place at most at 12 m/s) and ride for
``--ride_s`` (60). After
``--warm_up`` seconds (90: by then rides end as fast as they begin) the requests of ``--seconds`` (60) count; a request
that has no offer ``--settle`` seconds (10) after the span's end counts as infinitely late (``null`` in JSON). Wall
milliseconds between the app's sending the request and another app's being told the offer, so both sides' event loops
are in it.

``pickup_mean_s`` is how far away the offered cars were as the system itself reckoned: mean seconds of road travel
time. All with a matching window of ``--window_s`` (2); then again with window 0, as ``window0_*``. ``ratio`` is p50
with the window / p50 without. ``*_PART_cores`` is how many processors a part used in the span; ``apps`` are the
simulated ones, which share the machine.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from subprocess import PIPE, Popen
from typing import IO

import msgspec

from bench.harness.cpu_time import command_of, used_by
from bench.harness.whole_system import PARTS, Given, enrol, passenger_tokens, running
from bench.offer.apps import Setup, Told
from bench.offer.results import figures_of
from dispatch.config.loader import Settings
from dispatch.domain.entity import EntityKey
from dispatch.domain.events import OfferMade, decode_vehicle_event
from dispatch.processes import child_processes as processes
from dispatch.server.supervisor import Supervisor
from dispatch.store.journals.sql_journal import open_journal
from dispatch.values.ids import PassengerId

PARTS_WITH_APPS = {**PARTS, "apps": "bench.offer.apps"}
LOAD_AT_ONCE = 500
LOOK_EVERY_S = 1.0


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options. Seconds."""

    cars: int = 2_000
    requests_per_s: float = 20.0
    think_s: float = 1.0
    pickup_s: float = 20.0
    ride_s: float = 60.0
    window_s: float = 2.0
    warm_up: float = 90.0
    seconds: float = 60.0
    settle: float = 10.0
    seed: int = 1
    apps: int = 3
    cache: str = "var/cache"
    """Folder for the travel-time table."""

    @property
    def passengers(self) -> int:
        """So many have a journey under way at once, and some more."""
        return int(1.1 * self.requests_per_s * (self.window_s + self.think_s + self.pickup_s + self.ride_s)) + 20


def run(**options: object) -> dict[str, object]:
    """Both windows; the options are the fields of :class:`Plan`."""
    plan = msgspec.convert(options, Plan)
    figures: dict[str, object] = {"cars": plan.cars, "requests_per_s": plan.requests_per_s, "seconds": plan.seconds}
    medians = []
    for name, window_s in (("", plan.window_s), ("window0_", 0.0)):
        with tempfile.TemporaryDirectory(prefix="taxi-offer-") as folder:
            found = asyncio.run(_measure(plan, window_s, Path(folder)))
        print(f"window {window_s:g} s: {found}", file=sys.stderr, flush=True)
        medians.append(found["p50_ms"])
        figures |= {f"{name}{key}": value for key, value in found.items()}
    return figures | {"ratio": round(medians[0] / medians[1], 2)}


async def _measure(plan: Plan, window_s: float, folder: Path) -> dict[str, float]:
    given: Given = {"matching.window_s": window_s, "city.cache_dir": plan.cache, "log.level": "warning"}
    async with running(folder, given) as supervisor:
        setups = await _setups(plan, supervisor, folder)
        told, cores = await _play(setups, folder)
        settings = supervisor.settings
    for part in told:
        if part.errors or part.violations:
            print(f"errors {part.errors}, violations {part.violations}", file=sys.stderr, flush=True)
    pickup_s = await _offered_pickup_s(settings, plan.cars, told[0])
    return figures_of(told) | {"pickup_mean_s": pickup_s} | cores


async def _setups(plan: Plan, supervisor: Supervisor, folder: Path) -> list[Setup]:
    """Each process's share: every n-th car and passenger."""
    fleet = await enrol(supervisor.settings, plan.cars)
    riders = passenger_tokens(supervisor.settings, [PassengerId(f"p{n}") for n in range(plan.passengers)])
    return [
        Setup(
            part=part,
            parts=plan.apps,
            folder=str(folder),
            url=supervisor.url,
            city=supervisor.settings.city.name,
            cache_dir=plan.cache,
            sms_file=str(folder / "sms.jsonl"),
            tokens={account.vehicle: account.token for account in fleet[part :: plan.apps]},
            requests_per_s=plan.requests_per_s / plan.apps,
            think_s=plan.think_s,
            pickup_s=plan.pickup_s,
            ride_s=plan.ride_s,
            passenger_tokens=riders[part :: plan.apps],
            warm_up_s=plan.warm_up,
            seconds=plan.seconds,
            settle_s=plan.settle,
            seed=plan.seed + part,
        )
        for part in range(plan.apps)
    ]


async def _play(setups: list[Setup], folder: Path) -> tuple[list[Told], dict[str, float]]:
    """What the apps were told, and how many processors each part used in the span."""
    with (folder / "apps.log").open("w", encoding="utf-8") as log:
        apps = [_start(setup, folder, log) for setup in setups]
    reading = [asyncio.ensure_future(asyncio.to_thread(each.communicate)) for each in apps]
    try:
        samples: list[dict[int, float]] = []
        commands: dict[int, str] = {}
        while not all(each.done() for each in reading):
            samples.append(used_by([os.getpid(), *processes.descendants(os.getpid())]))
            commands |= {pid: command_of(pid) for pid in samples[-1]}
            await asyncio.wait(reading, timeout=LOOK_EVERY_S, return_when=asyncio.FIRST_EXCEPTION)
            if any(each.returncode for each in apps):
                raise OSError(f"the apps ended: {(folder / 'apps.log').read_text(encoding='utf-8')[-400:]}")
    finally:
        await asyncio.gather(*(processes.end(each, within_s=2) for each in apps))
    told = [msgspec.json.decode((await each)[0], type=Told) for each in reading]
    after = round(setups[0].settle_s / LOOK_EVERY_S)
    late = samples[-after - round(setups[0].seconds / LOOK_EVERY_S) : -after]
    return told, cores(late, commands)


def _start(setup: Setup, folder: Path, log: IO[str]) -> Popen[str]:
    file = folder / f"setup{setup.part}.json"
    file.write_bytes(msgspec.json.encode(setup))
    return processes.start_python(["-m", "bench.offer.apps", str(file)], stdout=PIPE, stderr=log)


def cores(samples: list[dict[int, float]], commands: dict[int, str]) -> dict[str, float]:
    """Processors that each part used between the first and the last sample, ``LOOK_EVERY_S`` apart."""
    parts = dict.fromkeys(PARTS_WITH_APPS, 0.0)
    if len(samples) < 2:
        return {}
    for pid, seconds in samples[-1].items():
        for name, mark in PARTS_WITH_APPS.items():
            if mark in commands[pid]:
                parts[name] += seconds - samples[0].get(pid, seconds)
    span_s = (len(samples) - 1) * LOOK_EVERY_S
    return {f"{name}_cores": round(seconds / span_s, 3) for name, seconds in parts.items()}


async def _offered_pickup_s(settings: Settings, cars: int, told: Told) -> float:
    """Mean road travel time to the passenger, of the offers of the span, by the journal."""
    keys = [EntityKey("vehicle", f"V{n}") for n in range(cars)]
    found: list[float] = []
    journal = await open_journal(settings.journal_url, shards=settings.journal.shards)
    try:
        for start in range(0, cars, LOAD_AT_ONCE):
            for history in await journal.load(keys[start : start + LOAD_AT_ONCE]):
                events = [decode_vehicle_event(stored.body) for stored in history.events]
                found += [
                    event.pickup_s
                    for event in events
                    if isinstance(event, OfferMade) and told.began <= event.at <= told.ended
                ]
    finally:
        await journal.close()
    return round(sum(found) / len(found), 1) if found else 0.0
