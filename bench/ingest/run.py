"""CPU time of a GPS fix, from the socket to the matcher's index, against a server that only receives it.

Method: a whole system is started as ``taxi serve`` starts it (gateway, vehicle, trip and payment hosts, matcher,
Valkey, Ray; SQLite in a temporary folder). ``--sockets`` phones (2,000) in a process of their own sign in, go online
and send one fix per message, ``--per-socket`` (5) a second each. After a warm-up, the CPU time of *every* process of
the system (not of the phones, nor of the bench) is read at both ends of ``--seconds`` (20), Ray's idle work included,
and divided by the fixes sent in between. ``heard_share`` is the share of all fixes that the vehicle hosts had accepted
shortly after (their own count, at ``/metrics``). Hosts send positions to the matcher twice a second, so its work is in
the window; no console watches the map. Then the bare server: ``websockets`` on uvloop, no compression, the same phones,
frames, sockets and rate. Read the ratio.

``ours_us`` and ``bare_us`` are microseconds of CPU time per fix; ``ours_PART_us`` its parts; ``idle_us`` the CPU time
of the same processes with all phones connected and silent, per fix at this rate (included in ``ours_us``).
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import psutil
from typer import Option

from bench.harness.cpu_time import PARTS, CpuMeter, cpu_seconds
from bench.harness.figures import Figures
from bench.harness.plan import BenchPlan, Seconds
from bench.harness.whole_system import SettingValues, accepted_fixes, in_temporary_folder, register_cars, running_system
from bench.harness.worker_process import WorkerProcess, start_worker

WARM_UP_S: Final = 5.0


@dataclass(frozen=True, kw_only=True)
class IngestPlan(BenchPlan):
    """The options."""

    sockets: Annotated[int, Option(min=1, help="Phones, each with a socket.")] = 2_000
    per_socket: Annotated[float, Option(help="Fixes per second from each phone.")] = 5.0
    seconds: Seconds = 20.0

    @property
    def per_s(self) -> float:
        return self.sockets * self.per_socket


def run(plan: IngestPlan) -> Figures:
    ours = in_temporary_folder("ingest", lambda folder: _measure_ours(plan, folder))
    bare_us = asyncio.run(_measure_bare(plan))
    options: Figures = {"sockets": plan.sockets, "fixes_per_s": plan.per_s, "seconds": plan.seconds}
    return {**options, **ours, "bare_us": round(bare_us, 2), "ratio": round(ours["ours_us"] / bare_us, 3)}


async def _measure_ours(plan: IngestPlan, folder: Path) -> dict[str, float]:
    limits: SettingValues = {"limits.messages_per_s": 2 * plan.per_socket + 50}
    async with running_system(folder, limits) as supervisor, AsyncExitStack() as stack:
        tokens = await register_cars(supervisor.settings, plan.sockets)
        phones = await start_worker(stack, "bench.harness.fix_sender")
        await phones.call("open", port=supervisor.port, tokens=list(tokens.values()))
        meter = CpuMeter(without=[phones.pid])
        await asyncio.sleep(plan.seconds / 2)
        idle_s = meter.seconds()["total"]
        accepted = await accepted_fixes(supervisor)
        sent_before = await _begin_sending(phones, plan)
        meter.restart()
        await asyncio.sleep(plan.seconds)
        used = meter.seconds()
        total = (await phones.call("sent"))["sent"]
        accepted = await accepted_fixes(supervisor) - accepted
    sent = total - sent_before
    return {
        "fixes": sent,
        "heard_share": round(min(1.0, accepted / total), 4),
        "ours_us": round(1e6 * used["total"] / sent, 2),
        "idle_us": round(1e6 * idle_s / (plan.seconds / 2) / plan.per_s, 2),
        **{f"ours_{part}_us": round(1e6 * used[part] / sent, 2) for part in PARTS},
    }


async def _measure_bare(plan: IngestPlan) -> float:
    async with AsyncExitStack() as stack:
        server = await start_worker(stack, "bench.ingest.bare_server")
        phones = await start_worker(stack, "bench.harness.fix_sender")
        port = (await server.call("listen"))["port"]
        await phones.call("open", port=port, tokens=[""] * plan.sockets)
        sent, process = await _begin_sending(phones, plan), psutil.Process(server.pid)
        used = cpu_seconds(process)
        await asyncio.sleep(plan.seconds)
        used, sent = cpu_seconds(process) - used, int((await phones.call("sent"))["sent"]) - sent
    return 1e6 * used / sent


async def _begin_sending(phones: WorkerProcess, plan: IngestPlan) -> int:
    await phones.call("rate", per_s=plan.per_s)
    await asyncio.sleep(WARM_UP_S)
    return int((await phones.call("sent"))["sent"])
