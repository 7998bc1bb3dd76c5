"""From a passenger's request to the offer on a driver's socket, through the whole system.

Method: a system is started as ``taxi serve`` starts it (gateway, hosts, matcher, Valkey, Ray, SQLite in a temporary
folder), at speed 1. In ``--apps`` separate processes (3), ``--cars`` drivers' apps (2,000) send a fix a second each
over real sockets, and ``--requests-per-s`` passengers (20) a second, each on a socket, request rides at real places all
over San Francisco. Drivers accept after ``--think-s`` (1), reach the passenger after ``--pickup-s`` (20, fixed so that
2,000 cars suffice; they drive towards the place at 12 m/s or less) and ride for ``--ride-s`` (60). After ``--warm-up``
seconds (90: by then rides end as fast as they begin) the requests of ``--seconds`` (60) are measured; a request without
an offer ``--settle`` seconds (10) after the span's end counts as infinitely late (``null`` in JSON). Times are wall
milliseconds from sending the request in one app to receiving the offer in another, so both apps' event loops are
included.

``pickup_mean_s`` is the mean road travel time of the offered cars to the passenger, as the system estimated it. All
with a matching window of ``--window-s`` (2); then again with window 0, as ``window0_*``. ``ratio`` is p50 with the
window / p50 without. ``*_PART_cores`` is the number of processors each part used in the span; ``apps`` are the
simulated apps, which share the machine.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from typer import Option

from bench.harness import whole_system
from bench.harness.cpu_time import CpuMeter
from bench.harness.figures import Figures, prefixed, print_progress, ratio
from bench.harness.plan import BenchPlan, Cache, Cars, Seconds, Seed
from bench.harness.worker_process import start_worker
from bench.offer.apps import AppsReport, AppsSetup
from bench.offer.results import figures_of
from dispatch.config.loader import Settings
from dispatch.domain.entity import EntityKey
from dispatch.domain.events import OfferMade, decode_vehicle_event
from dispatch.server.supervisor import Supervisor


@dataclass(frozen=True, kw_only=True)
class OfferPlan(BenchPlan):
    """The options."""

    cars: Cars = 2_000
    requests_per_s: Annotated[float, Option(help="Ride requests per second.")] = 20.0
    think_s: Annotated[float, Option(help="Seconds until a driver accepts.")] = 1.0
    pickup_s: Annotated[float, Option(help="Seconds from accepting to the passenger.")] = 20.0
    ride_s: Annotated[float, Option(help="Seconds of a ride.")] = 60.0
    window_s: Annotated[float, Option(help="Matching window; the second run has none.")] = 2.0
    warm_up: Annotated[float, Option(help="Seconds before the measured span.")] = 90.0
    seconds: Seconds = 60.0
    settle: Annotated[float, Option(help="Seconds to wait for late offers.")] = 10.0
    seed: Seed = 1
    apps: Annotated[int, Option(min=1, help="Processes of simulated apps.")] = 3
    cache: Cache = "var/cache"

    @property
    def passengers(self) -> int:
        """More passengers than have a trip at the same time."""
        return int(1.1 * self.requests_per_s * (self.window_s + self.think_s + self.pickup_s + self.ride_s)) + 20


def run(plan: OfferPlan) -> Figures:
    with_window = whole_system.in_temporary_folder("offer", lambda folder: _measure(plan, plan.window_s, folder))
    print_progress(with_window)
    without = whole_system.in_temporary_folder("offer", lambda folder: _measure(plan, 0.0, folder))
    p50_ratio = ratio(with_window["p50_ms"], without["p50_ms"])  # type: ignore[arg-type]
    options: Figures = {"cars": plan.cars, "requests_per_s": plan.requests_per_s, "seconds": plan.seconds}
    return {**options, **with_window, **prefixed("window0_", without), "ratio": p50_ratio}


async def _measure(plan: OfferPlan, window_s: float, folder: Path) -> Figures:
    values: whole_system.SettingValues = {
        "matching.window_s": window_s,
        "city.cache_dir": plan.cache,
        "log.level": "warning",
    }
    async with whole_system.running_system(folder, values) as supervisor:
        setups = await _setups(plan, supervisor, folder)
        reports, cores = await _play(plan, setups)
        settings = supervisor.settings
    for report in reports:
        if report.errors or report.violations:
            print_progress({"errors": report.errors, "violations": report.violations})
    pickup_s = await _offered_pickup_s(settings, plan.cars, reports[0])
    return figures_of(reports) | {"pickup_mean_s": pickup_s} | cores


async def _setups(plan: OfferPlan, supervisor: Supervisor, folder: Path) -> list[AppsSetup]:
    fleet = list((await whole_system.register_cars(supervisor.settings, plan.cars)).items())
    riders = whole_system.passenger_tokens(supervisor.settings, "p", plan.passengers)
    return [
        AppsSetup(
            part=part,
            parts=plan.apps,
            url=supervisor.url,
            city=supervisor.settings.city.name,
            cache_dir=plan.cache,
            sms_file=str(folder / "sms.jsonl"),
            tokens=dict(fleet[part :: plan.apps]),
            passenger_tokens=riders[part :: plan.apps],
            requests_per_s=plan.requests_per_s / plan.apps,
            think_s=plan.think_s,
            pickup_s=plan.pickup_s,
            ride_s=plan.ride_s,
            seed=plan.seed + part,
        )
        for part in range(plan.apps)
    ]


async def _play(plan: OfferPlan, setups: list[AppsSetup]) -> tuple[list[AppsReport], Figures]:
    async with AsyncExitStack() as stack:
        apps = [await start_worker(stack, "bench.offer.apps") for _ in setups]
        opened = await asyncio.gather(
            *(each.call("open", setup=setup) for each, setup in zip(apps, setups, strict=True))
        )
        ports = [answer["port"] for answer in opened]
        await asyncio.gather(
            *(each.call("start", ports=[*ports[:part], *ports[part + 1 :]]) for part, each in enumerate(apps))
        )
        await asyncio.sleep(plan.warm_up)
        meter = CpuMeter(apps="bench.offer.apps")
        await asyncio.gather(*(each.call("measure", seconds=plan.seconds) for each in apps))
        cores = {f"{part}_cores": round(used, 3) for part, used in meter.cores().items() if part != "total"}
        await asyncio.sleep(plan.settle)
        answers = await asyncio.gather(*(each.call("report") for each in apps))
    return [msgspec.convert(answer, AppsReport, str_keys=True) for answer in answers], {**cores}


async def _offered_pickup_s(settings: Settings, cars: int, report: AppsReport) -> float:
    """Mean road travel time to the passenger of the span's offers, from the journal."""
    histories = await whole_system.read_streams(settings, [EntityKey("vehicle", f"V{n}") for n in range(cars)])
    events = [decode_vehicle_event(stored.body) for history in histories for stored in history.events]
    found = [
        event.pickup_s for event in events if isinstance(event, OfferMade) and report.began <= event.at <= report.ended
    ]
    return round(sum(found) / len(found), 1) if found else 0.0
