"""What a system of two gateways holds on this machine: sockets, GPS fixes a second, requests a second; and what gives
first.

Method: a system is started as ``taxi serve`` starts it (SQLite in a temporary folder, ``--gateways`` 2). All load
comes over real sockets from processes of its own on the same machine, and is *open loop*: every fix, request and ping
has its fixed time, whether earlier ones were answered or not, and what it waits for is counted from that time on.

* **Sockets**: ``--connections`` (20,000) passengers sign in and are held by ``--holders`` (4) processes for ``--hold``
  seconds (10); then each asks a ``ping``, 1,000 a second in all. ``socket_kb`` is what the gateways' memory (RSS) grew
  by, a socket; ``socket_pings_answered`` says that all of them still live.
* **Quiet system**: ``--cars`` (2,000) cars on shift tell a fix every ten seconds. 300 more, of a class of their own,
  are requested at ``--requests_per_s`` (10); of ``--quiet`` (60) seconds of it the offers' p99 is taken. Each request
  is cancelled once a driver was told.
* **Fixes**: the same requests go on while the 2,000 cars tell more and more, ``--fix_steps``
  (2500/5000/10000/15000/20000 a second), ``--step`` (15) seconds each, the last rate ``--last_fix_step`` seconds
  (0: as long as the others), and until the last of the step's requests was offered. ``heard_share``: fixes that the
  hosts took as good by a second after the step's end, of those sent in it. A rate is held where at least 98 % were
  sent and heard, and offers' p99 is at most 1.5 times the quiet system's; ``fixes_held_per_s`` is the highest below
  the first that was not.
* **After**: the quiet system again, half as long. It has recovered where ``after_ratio`` is near 1.
* **Requests**: the cars quiet, ``--request_steps`` (10/20/40/80/160) requests a second. A rate is held where every one
  was offered and their p99 is at most 2.5 s.

``NAME_PART_cores`` is what each part used of the machine's processors in a step; ``load`` is the load itself, which
takes them from the system. ``ratio`` is offers' p99 at the highest rate of fixes that was held, over the quiet one.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.harness.cpu_time import command_of, memory_kb, used_by
from bench.harness.whole_system import PARTS, Given, enrol, heard_fixes, passenger_tokens, running
from bench.harness.worker_process import Part, started, written
from bench.load.offers import CLASS, FIX_EVERY_S
from bench.load.steps import FixStep, RequestStep, gives_first, highest
from dispatch.processes.child_processes import descendants
from dispatch.server.supervisor import Supervisor
from dispatch.values.ids import PassengerId

PARTS_WITH_LOAD: Final = {**PARTS, "load": "bench.load."}
QUIET_FIX_EVERY_S: Final = 10.0
OFFERED_CARS: Final = 300
PASSENGERS: Final = 600
PINGS_PER_S: Final = 1_000.0
SETTLE_S: Final = 1.0


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options."""

    gateways: int = 2
    connections: int = 20_000
    holders: int = 4
    hold: float = 10.0
    cars: int = 2_000
    requests_per_s: float = 10.0
    quiet: float = 60.0
    step: float = 15.0
    last_fix_step: float = 0.0
    fix_steps: str = "2500/5000/10000/15000/20000"
    request_steps: str = "10/20/40/80/160"


def run(**options: object) -> dict[str, object]:
    """The options are the fields of :class:`Plan`; ``--connections 0`` leaves the sockets out."""
    plan = msgspec.convert({name: _text(name, value) for name, value in options.items()}, Plan)
    with tempfile.TemporaryDirectory(prefix="taxi-load-") as folder:
        return asyncio.run(_measure(plan, Path(folder)))


def _text(name: str, value: object) -> object:
    return str(value) if name.endswith("_steps") else value


async def _measure(plan: Plan, folder: Path) -> dict[str, object]:
    given: Given = {
        "server.gateways": plan.gateways,
        "limits.messages_per_s": 100.0,
        "log.level": "warning",
    }
    async with running(folder, given) as supervisor:
        figures: dict[str, object] = {"gateways": plan.gateways}
        if plan.connections:
            figures |= _say(await _sockets(plan, supervisor, folder))
        async with _traffic(plan, supervisor, folder) as traffic:
            figures |= await _fixes(plan, traffic)
            figures |= await _requests(plan, traffic)
    return figures


def _say(figures: dict[str, object]) -> dict[str, object]:
    """Tell whoever waits what was found so far."""
    print(figures, file=sys.stderr, flush=True)
    return figures


# ── sockets ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def _sockets(plan: Plan, supervisor: Supervisor, folder: Path) -> dict[str, object]:
    tokens = passenger_tokens(supervisor.settings, [PassengerId(f"held-p{n}") for n in range(plan.connections)])
    url = supervisor.url.replace("http", "ws", 1) + "/v1/ws"
    async with AsyncExitStack() as stack:
        holders = []
        for number in range(plan.holders):
            file = written(folder / f"held-{number}", tokens[number :: plan.holders])
            holders.append(await started(stack, "bench.load.sockets", url, file))
        before = {pid: memory_kb(pid) for pid in _gateways()}
        began = time.perf_counter()
        opened = await asyncio.gather(*(each.ask("open", at_once=50) for each in holders))
        seconds = time.perf_counter() - began
        await asyncio.sleep(plan.hold)
        after = {pid: memory_kb(pid) for pid in before}
        held = sum(answer["open"] for answer in await asyncio.gather(*(each.ask("count") for each in holders)))
        pings = await asyncio.gather(*(each.ask("ping", per_s=PINGS_PER_S / plan.holders) for each in holders))
    grown_kb = sum(after[pid] - before[pid] for pid in before)
    return {
        "sockets_held": held,
        "sockets_refused": sum(answer["refused"] for answer in opened),
        "sockets_opened_per_s": round(held / seconds),
        "socket_kb": round(grown_kb / max(1, held), 1),
        "gateway_mb_before": round(sum(before.values()) / 1024),
        "gateway_mb_with_sockets": round(sum(after.values()) / 1024),
        "socket_pings_answered": sum(answer["answered"] for answer in pings),
        "socket_ping_p50_ms": max(answer["p50_ms"] or 0.0 for answer in pings),
        "socket_ping_p99_ms": _worst([answer["p99_ms"] for answer in pings]),
    }


def _worst(values: Sequence[float | None]) -> float | None:
    return None if None in values else max(value for value in values if value is not None)


def _gateways() -> list[int]:
    return [pid for pid in descendants(os.getpid()) if PARTS["gateway"] in command_of(pid)]


# ── fixes and requests ───────────────────────────────────────────────────────────────────────────────────────────


class Traffic:
    """Cars that tell fixes, and passengers whose rides are offered."""

    def __init__(self, url: str, fleet: Part, offers: Part) -> None:
        self._url = url
        self._fleet = fleet
        self._offers = offers

    async def step(
        self, fixes_per_s: float, requests_per_s: float, seconds: float
    ) -> tuple[dict[str, Any], dict[str, float]]:
        """Both for so long: how requests were offered, how fixes were heard; and processors by part."""
        before, sent = await heard_fixes(self._url), (await self._fleet.ask("sent"))["sent"]
        used, began = _used(), time.perf_counter()
        await self._fleet.ask("rate", per_s=fixes_per_s)
        offering = asyncio.ensure_future(self._offers.ask("step", per_s=requests_per_s, seconds=seconds))
        await asyncio.sleep(seconds)
        span_s = time.perf_counter() - began
        cores = {part: (now - used[part]) / span_s for part, now in _used().items()}
        answer = await offering
        span_s = time.perf_counter() - began
        await self._fleet.ask("rate", per_s=0)
        sent = (await self._fleet.ask("sent"))["sent"] - sent
        await asyncio.sleep(SETTLE_S)
        others = (span_s + SETTLE_S) * OFFERED_CARS / FIX_EVERY_S
        heard = await heard_fixes(self._url) - before - others
        return {**answer, "sent_share": sent / (fixes_per_s * span_s), "heard_share": heard / max(1, sent)}, cores


@asynccontextmanager
async def _traffic(plan: Plan, supervisor: Supervisor, folder: Path) -> AsyncIterator[Traffic]:
    settings = supervisor.settings
    fleet = await enrol(settings, plan.cars)
    offered = await enrol(settings, OFFERED_CARS, vehicle_class=CLASS, first=plan.cars)
    passengers = passenger_tokens(settings, [PassengerId(f"offer-p{n}") for n in range(PASSENGERS)])
    files = [
        written(folder / name, tokens)
        for name, tokens in (
            ("fleet", [account.token or "" for account in fleet]),
            ("offered", [account.token or "" for account in offered]),
            ("passengers", passengers),
        )
    ]
    url = supervisor.url.replace("http", "ws", 1) + "/v1/ws"
    async with AsyncExitStack() as stack:
        phones = await started(stack, "bench.load.fixes", "127.0.0.1", str(supervisor.port), files[0], "0")
        offers = await started(stack, "bench.load.offers", url, *files[1:])
        await phones.ask("begin")
        await offers.ask("begin")
        await offers.ask("step", per_s=plan.requests_per_s, seconds=5.0)
        yield Traffic(supervisor.url, phones, offers)


async def _fixes(plan: Plan, traffic: Traffic) -> dict[str, object]:
    calm = plan.cars / QUIET_FIX_EVERY_S
    quiet, cores = await traffic.step(calm, plan.requests_per_s, plan.quiet)
    quiet_p99 = quiet["p99_ms"] or float("inf")
    figures: dict[str, object] = {f"quiet_{name}": quiet[name] for name in ("p50_ms", "p99_ms", "never_offered")}
    figures |= _say(figures | _cores("quiet", cores))
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
        figures |= _say(_told(f"fixes_{per_s:g}", step))
    after, _ = await traffic.step(calm, plan.requests_per_s, plan.quiet / 2)
    held = highest([(step.per_s, step.held(quiet_p99)) for step in steps])
    first = next((step for step in steps if not step.held(quiet_p99)), steps[-1])
    best = next((step for step in steps if step.per_s == held), None)
    return figures | {
        "after_p99_ms": after["p99_ms"],
        "after_ratio": _ratio(after["p99_ms"], quiet_p99),
        "fixes_held_per_s": held,
        "fixes_gives_first": gives_first(first.cores, _threads(plan), os.cpu_count() or 1),
        "ratio": _ratio(best.offer_p99_ms, quiet_p99) if best is not None else None,
    }


async def _requests(plan: Plan, traffic: Traffic) -> dict[str, object]:
    figures: dict[str, object] = {}
    steps = []
    for per_s in _rates(plan.request_steps):
        found, cores = await traffic.step(plan.cars / QUIET_FIX_EVERY_S, per_s, plan.step)
        step = RequestStep(per_s, found["p50_ms"], found["p99_ms"], found["never_offered"], cores)
        steps.append(step)
        figures |= _say(_told(f"requests_{per_s:g}", step))
    first = next((step for step in steps if not step.held), steps[-1])
    return figures | {
        "requests_held_per_s": highest([(step.per_s, step.held) for step in steps]),
        "requests_gives_first": gives_first(first.cores, _threads(plan), os.cpu_count() or 1),
    }


def _told(name: str, step: FixStep | RequestStep) -> dict[str, object]:
    """A step, flat."""
    fields = msgspec.structs.asdict(step)
    cores: Mapping[str, float] = fields.pop("cores")
    fields.pop("per_s")
    return {f"{name}_{field}": value for field, value in fields.items()} | _cores(name, cores)


def _cores(name: str, cores: Mapping[str, float]) -> dict[str, object]:
    return {f"{name}_{part}_cores": round(used, 3) for part, used in cores.items()}


def _threads(plan: Plan) -> dict[str, int]:
    """Single threads that do a part's work, where it has but some."""
    return {"gateway": plan.gateways, "matcher": 1}


def _ratio(value: float | None, quiet: float) -> float | None:
    return None if value is None else round(value / quiet, 2)


def _rates(text: str) -> list[float]:
    return [float(word) for word in text.split("/")]


def _used() -> dict[str, float]:
    """Seconds of processor by part, of this process' children."""
    used = used_by(descendants(os.getpid()))
    return {part: sum(used[pid] for pid in used if mark in command_of(pid)) for part, mark in PARTS_WITH_LOAD.items()}
