"""Capacity of a system with two gateways on this machine: sockets, GPS fixes and requests a second, and the first
limit.

Method: a system is started as ``taxi serve`` starts it (SQLite in a temporary folder, ``--gateways`` 2). All load
comes over real sockets from separate processes on the same machine, and is *open loop*: every fix, request and ping
has its fixed time, whether earlier ones were answered or not, and waits are measured from that time.

* **Sockets**: ``--connections`` (20,000) passengers sign in and stay connected from ``--holders`` (4) processes for
  ``--hold`` seconds (10); then each sends a ``ping``, 1,000 a second in total. ``socket_kb`` is the growth of the
  gateways' resident memory per socket; ``socket_pings_answered`` shows that all sockets still work.
* **Quiet system**: ``--cars`` (2,000) cars on shift send a fix every ten seconds. Rides of 300 more cars, of a class of
  their own, are requested at ``--requests-per-s`` (10); the offers' p99 is measured over ``--quiet`` (60) seconds. Each
  request is cancelled once it was offered to a driver.
* **Fixes**: the same requests continue while the 2,000 cars send more and more, ``--fix-steps``
  (2500/5000/10000/15000/20000 a second), ``--step`` (15) seconds each, the last rate ``--last-fix-step`` seconds
  (0: as long as the others), and until the last of the step's requests was offered. ``heard_share``: fixes that the
  hosts accepted by a second after the step's end, of those sent in it. A rate is held if at least 98 % were sent and
  accepted, and offers' p99 is at most 1.5 times the quiet system's; ``fixes_held_per_s`` is the highest below the
  first that was not.
* **After**: the quiet system again, half as long. The system has recovered if ``after_ratio`` is near 1.
* **Requests**: the cars quiet, ``--request-steps`` (10/20/40/80/160) requests a second. A rate is held if every
  request was offered and their p99 is at most 2.5 s.

``NAME_PART_cores`` is the number of processors each part used in a step; ``load`` is the load itself, which takes
them from the system. ``NAME_gives_first`` is the part that is saturated. ``ratio`` is offers' p99 at the highest held
rate of fixes, over the quiet one.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import msgspec
from typer import Option

from bench.harness import whole_system
from bench.harness.cpu_time import CpuMeter, memory_mb
from bench.harness.figures import Figures, prefixed, print_progress, ratio
from bench.harness.plan import BenchPlan, Cars
from bench.harness.worker_process import Answer, WorkerProcess, start_worker
from bench.load.offers import FIX_EVERY_S, PASSENGER_PREFIX, VEHICLE_CLASS
from bench.load.steps import FixStep, RequestStep, highest, saturated_part
from dispatch.server.supervisor import Supervisor

QUIET_FIX_EVERY_S: Final = 10.0
OFFERED_CARS: Final = 300
PASSENGERS: Final = 600
PINGS_PER_S: Final = 1_000.0
SETTLE_S: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class LoadPlan(BenchPlan):
    """The options."""

    gateways: Annotated[int, Option(min=1, help="Gateway processes.")] = 2
    connections: Annotated[int, Option(help="Idle sockets; 0 leaves this part out.")] = 20_000
    holders: Annotated[int, Option(min=1, help="Processes that hold the idle sockets.")] = 4
    hold: Annotated[float, Option(help="Seconds from opening the idle sockets to the pings.")] = 10.0
    cars: Cars = 2_000
    requests_per_s: Annotated[float, Option(help="Ride requests per second beside the fixes.")] = 10.0
    quiet: Annotated[float, Option(help="Seconds of the quiet system.")] = 60.0
    step: Annotated[float, Option(help="Seconds of each step.")] = 15.0
    last_fix_step: Annotated[float, Option(help="Seconds of the last step of fixes; 0: as the others.")] = 0.0
    fix_steps: Annotated[str, Option(help="Fixes per second of each step.")] = "2500/5000/10000/15000/20000"
    request_steps: Annotated[str, Option(help="Requests per second of each step.")] = "10/20/40/80/160"


def run(plan: LoadPlan) -> Figures:
    return whole_system.in_temporary_folder("load", lambda folder: _measure(plan, folder))


async def _measure(plan: LoadPlan, folder: Path) -> Figures:
    values: whole_system.SettingValues = {
        "server.gateways": plan.gateways,
        "limits.messages_per_s": 100.0,
        "log.level": "warning",
    }
    async with whole_system.running_system(folder, values) as supervisor:
        figures: Figures = {"gateways": plan.gateways}
        if plan.connections:
            figures |= print_progress(await _sockets(plan, supervisor))
        async with _traffic(plan, supervisor) as traffic:
            figures |= await _fixes(plan, traffic)
            figures |= await _requests(plan, traffic)
    return figures


async def _sockets(plan: LoadPlan, supervisor: Supervisor) -> Figures:
    tokens = whole_system.passenger_tokens(supervisor.settings, "held-p", plan.connections)
    url = whole_system.socket_url(supervisor)
    async with AsyncExitStack() as stack:
        holders = [await start_worker(stack, "bench.load.sockets") for _ in range(plan.holders)]
        before_mb = memory_mb("gateway")
        began = time.perf_counter()
        opened = await asyncio.gather(
            *(
                each.call("open", url=url, tokens=tokens[number :: plan.holders], at_once=50)
                for number, each in enumerate(holders)
            )
        )
        seconds = time.perf_counter() - began
        await asyncio.sleep(plan.hold)
        after_mb = memory_mb("gateway")
        held = sum(answer["open"] for answer in await asyncio.gather(*(each.call("count") for each in holders)))
        pings = await asyncio.gather(*(each.call("ping", per_s=PINGS_PER_S / plan.holders) for each in holders))
    return {
        "sockets_held": held,
        "sockets_refused": sum(answer["refused"] for answer in opened),
        "sockets_opened_per_s": round(held / seconds),
        "socket_kb": round(1024 * (after_mb - before_mb) / max(1, held), 1),
        "gateway_mb_before": round(before_mb),
        "gateway_mb_with_sockets": round(after_mb),
        "socket_pings_answered": sum(answer["answered"] for answer in pings),
        "socket_ping_p50_ms": max(answer["p50_ms"] or 0.0 for answer in pings),
        "socket_ping_p99_ms": _worst([answer["p99_ms"] for answer in pings]),
    }


def _worst(values: Sequence[float | None]) -> float | None:
    return None if None in values else max(value for value in values if value is not None)


class Traffic:
    """Cars that send fixes, and passengers whose rides are offered."""

    def __init__(self, supervisor: Supervisor, fleet: WorkerProcess, offers: WorkerProcess) -> None:
        self._supervisor = supervisor
        self._fleet = fleet
        self._offers = offers

    async def step(self, fixes_per_s: float, requests_per_s: float, seconds: float) -> tuple[Answer, dict[str, float]]:
        """Both for so long: waits for offers and shares of fixes; and processors in use by part."""
        accepted, sent = await whole_system.accepted_fixes(self._supervisor), (await self._fleet.call("sent"))["sent"]
        meter, began = CpuMeter(load="bench."), time.perf_counter()
        await self._fleet.call("rate", per_s=fixes_per_s)
        offering = asyncio.ensure_future(self._offers.call("step", per_s=requests_per_s, seconds=seconds))
        await asyncio.sleep(seconds)
        cores = meter.cores()
        answer = await offering
        span_s = time.perf_counter() - began
        await self._fleet.call("rate", per_s=0)
        sent = (await self._fleet.call("sent"))["sent"] - sent
        await asyncio.sleep(SETTLE_S)
        others = (span_s + SETTLE_S) * OFFERED_CARS / FIX_EVERY_S
        accepted = await whole_system.accepted_fixes(self._supervisor) - accepted - round(others)
        del cores["total"]
        return {**answer, "sent_share": sent / (fixes_per_s * span_s), "heard_share": accepted / max(1, sent)}, cores


@asynccontextmanager
async def _traffic(plan: LoadPlan, supervisor: Supervisor) -> AsyncIterator[Traffic]:
    settings = supervisor.settings
    fleet = await whole_system.register_cars(settings, plan.cars)
    offered = await whole_system.register_cars(settings, OFFERED_CARS, vehicle_class=VEHICLE_CLASS, first=plan.cars)
    async with AsyncExitStack() as stack:
        phones = await start_worker(stack, "bench.harness.fix_sender")
        offers = await start_worker(stack, "bench.load.offers")
        await phones.call("open", port=supervisor.port, tokens=list(fleet.values()))
        await offers.call(
            "open",
            url=whole_system.socket_url(supervisor),
            car_tokens=list(offered.values()),
            passenger_tokens=whole_system.passenger_tokens(settings, PASSENGER_PREFIX, PASSENGERS),
        )
        await offers.call("step", per_s=plan.requests_per_s, seconds=5.0)
        yield Traffic(supervisor, phones, offers)


async def _fixes(plan: LoadPlan, traffic: Traffic) -> Figures:
    quiet_per_s = plan.cars / QUIET_FIX_EVERY_S
    quiet, cores = await traffic.step(quiet_per_s, plan.requests_per_s, plan.quiet)
    quiet_p99_ms = quiet["p99_ms"] or float("inf")
    figures: Figures = {f"quiet_{name}": quiet[name] for name in ("p50_ms", "p99_ms", "never_offered")}
    figures |= print_progress(figures | _cores("quiet", cores))
    steps = []
    rates = _rates(plan.fix_steps)
    for number, per_s in enumerate(rates, 1):
        seconds = (plan.last_fix_step if number == len(rates) else 0.0) or plan.step
        found, cores = await traffic.step(per_s, plan.requests_per_s, seconds)
        step = FixStep(
            per_s=per_s,
            sent_share=round(found["sent_share"], 3),
            heard_share=round(min(1.0, found["heard_share"]), 3),
            offer_p50_ms=found["p50_ms"],
            offer_p99_ms=found["p99_ms"],
            never_offered=found["never_offered"],
            cores=cores,
        )
        steps.append(step)
        figures |= print_progress(_step_figures(f"fixes_{per_s:g}", step))
    after, _ = await traffic.step(quiet_per_s, plan.requests_per_s, plan.quiet / 2)
    held = highest([(step.per_s, step.held(quiet_p99_ms)) for step in steps])
    first = next((step for step in steps if not step.held(quiet_p99_ms)), steps[-1])
    best = next((step.offer_p99_ms for step in steps if step.per_s == held), None)
    return figures | {
        "after_p99_ms": after["p99_ms"],
        "after_ratio": ratio(after["p99_ms"], quiet_p99_ms),
        "fixes_held_per_s": held,
        "fixes_gives_first": _saturated(plan, first),
        "ratio": ratio(best, quiet_p99_ms),
    }


async def _requests(plan: LoadPlan, traffic: Traffic) -> Figures:
    figures: Figures = {}
    steps = []
    for per_s in _rates(plan.request_steps):
        found, cores = await traffic.step(plan.cars / QUIET_FIX_EVERY_S, per_s, plan.step)
        step = RequestStep(per_s, found["p50_ms"], found["p99_ms"], found["never_offered"], cores)
        steps.append(step)
        figures |= print_progress(_step_figures(f"requests_{per_s:g}", step))
    first = next((step for step in steps if not step.held), steps[-1])
    held = highest([(step.per_s, step.held) for step in steps])
    return figures | {"requests_held_per_s": held, "requests_gives_first": _saturated(plan, first)}


def _saturated(plan: LoadPlan, step: FixStep | RequestStep) -> str:
    return saturated_part(step.cores, {"gateway": plan.gateways, "matcher": 1}, os.cpu_count() or 1)


def _step_figures(name: str, step: FixStep | RequestStep) -> Figures:
    fields = msgspec.structs.asdict(step)
    cores = fields.pop("cores")
    del fields["per_s"]
    return prefixed(f"{name}_", fields) | _cores(name, cores)


def _cores(name: str, cores: dict[str, float]) -> Figures:
    return {f"{name}_{part}_cores": round(used, 3) for part, used in cores.items()}


def _rates(text: str) -> list[float]:
    return [float(word) for word in text.split("/")]
