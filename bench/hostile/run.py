"""Effect of hostile clients on the others: round trips and offers with and without them, in turn, in the same run.

Method: a system is started as ``taxi serve`` starts it, with one gateway. 300 cars send a fix every two seconds,
passengers request 4 rides a second (:mod:`bench.load.offers`), and ``--others`` (500) signed-in clients each send a
``ping`` in turn, 50 a second, every one at its fixed time (open loop). After a warm-up, ``--pairs`` (4) times:
``--seconds`` (10) of that alone, then as long with the hostile clients of :mod:`bench.hostile.clients`, all kinds at
once from a separate process: slow readers and writers, slow requests, clients that never pong, half-open ones,
compressed bombs, frames of a terabyte, floods, malformed upgrades, and 1,000 silent sockets from one address. Then the
gateway is left to end one client of each kind.

``ping_p99_ms_without`` and ``_with`` are medians over the pairs, ``ratio`` is the median of the pairs' ratios;
likewise ``offer_*`` (target: at most 1.5). The attackers' CPU time comes from the same machine and is included.
``gateway_mb_*`` is the gateway's resident memory before, at most during, and 15 s after the last attack. ``KIND_end``
is the close code (1006: cut without one; 4xx: the HTTP status of a refused handshake), ``KIND_s`` the seconds until
then. ``ends`` counts all ends during the attacks.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Final

from typer import Option

from bench.harness.cpu_time import memory_mb
from bench.harness.figures import Figures, print_progress
from bench.harness.plan import BenchPlan, Seconds
from bench.harness.whole_system import in_temporary_folder, passenger_tokens, register_cars, running_system, socket_url
from bench.harness.worker_process import WorkerProcess, start_worker
from bench.load.offers import PASSENGER_PREFIX, VEHICLE_CLASS
from dispatch.server.supervisor import Supervisor

CARS: Final = 300
PASSENGERS: Final = 200
ATTACKERS: Final = 200
REQUESTS_PER_S: Final = 4.0
RECOVERY_S: Final = 15.0
SAMPLE_EVERY_S: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class HostilePlan(BenchPlan):
    """The options."""

    pairs: Annotated[int, Option(min=1, help="Pairs of spans without and with hostile clients.")] = 4
    seconds: Seconds = 10.0
    others: Annotated[int, Option(min=1, help="Harmless clients that send pings.")] = 500


def run(plan: HostilePlan) -> Figures:
    return in_temporary_folder("hostile", lambda folder: _measure(plan, folder))


class HarmlessClients:
    """Clients that stay within the protocol."""

    def __init__(self, offers: WorkerProcess, pinging: WorkerProcess, plan: HostilePlan) -> None:
        self._offers = offers
        self._pinging = pinging
        self._plan = plan

    async def measure(self) -> dict[str, float]:
        """Percentiles over ``--seconds``; None of a percentile becomes the longest wait."""
        seconds = self._plan.seconds
        offered, pinged = await asyncio.gather(
            self._offers.call("step", per_s=REQUESTS_PER_S, seconds=seconds),
            self._pinging.call("ping", per_s=self._plan.others / seconds),
        )
        return {
            "ping_p50_ms": pinged["p50_ms"] or 15_000.0,
            "ping_p99_ms": pinged["p99_ms"] or 15_000.0,
            "offer_p99_ms": offered["p99_ms"] or 10_000.0,
            "unanswered": pinged["asked"] - pinged["answered"],
            "never_offered": offered["never_offered"],
        }


async def _measure(plan: HostilePlan, folder: Path) -> Figures:
    async with running_system(folder, {"log.level": "error"}) as supervisor, AsyncExitStack() as stack:
        others, hostile = await _clients(stack, plan, supervisor)
        await others.measure()
        samples = [memory_mb("gateway")]
        sampling = asyncio.create_task(_sample_memory(samples))
        without, with_hostile, ends = [], [], Counter[str]()
        for _ in range(plan.pairs):
            without.append(await others.measure())
            attacking = asyncio.ensure_future(hostile.call("attack", seconds=plan.seconds + 1.0))
            await asyncio.sleep(0.5)
            with_hostile.append(await others.measure())
            ends.update((await attacking)["ends"])
            print_progress({"without": without[-1], "with": with_hostile[-1]})
            await asyncio.sleep(2.0)
        sampling.cancel()
        await asyncio.sleep(RECOVERY_S)
        return {
            "pairs": plan.pairs,
            "others": plan.others,
            **compared(without, with_hostile),
            "gateway_mb_before": samples[0],
            "gateway_mb_most": max(samples),
            "gateway_mb_after": memory_mb("gateway"),
            **await hostile.call("ends"),
            "ends": str(dict(sorted(ends.items()))),
        }


async def _sample_memory(samples: list[float]) -> None:
    while True:
        samples.append(memory_mb("gateway"))
        await asyncio.sleep(SAMPLE_EVERY_S)


def compared(without: Sequence[dict[str, float]], with_hostile: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Medians over the pairs, and of the pairs' ratios; ``ratio`` is that of the pings' p99."""
    figures: dict[str, Any] = {}
    for name in ("ping_p50_ms", "ping_p99_ms", "offer_p99_ms"):
        figures[f"{name}_without"] = round(median(each[name] for each in without), 1)
        figures[f"{name}_with"] = round(median(each[name] for each in with_hostile), 1)
        ratios = [after[name] / max(0.1, before[name]) for before, after in zip(without, with_hostile, strict=True)]
        figures[name.replace("_ms", "_ratio")] = round(median(ratios), 2)
    for name in ("unanswered", "never_offered"):
        figures[f"{name}_without"] = sum(each[name] for each in without)
        figures[f"{name}_with"] = sum(each[name] for each in with_hostile)
    return figures | {"ratio": figures["ping_p99_ratio"]}


async def _clients(
    stack: AsyncExitStack, plan: HostilePlan, supervisor: Supervisor
) -> tuple[HarmlessClients, WorkerProcess]:
    settings, url = supervisor.settings, socket_url(supervisor)
    cars = await register_cars(settings, CARS, vehicle_class=VEHICLE_CLASS)
    attackers = await register_cars(settings, ATTACKERS, first=CARS)
    offers = await start_worker(stack, "bench.load.offers")
    pinging = await start_worker(stack, "bench.load.sockets")
    hostile = await start_worker(stack, "bench.hostile.clients")
    riders = passenger_tokens(settings, PASSENGER_PREFIX, PASSENGERS)
    await offers.call("open", url=url, car_tokens=list(cars.values()), passenger_tokens=riders)
    await pinging.call("open", url=url, tokens=passenger_tokens(settings, "ping-p", plan.others), at_once=50)
    await hostile.call("open", port=supervisor.port, tokens=list(attackers.values()))
    return HarmlessClients(offers, pinging, plan), hostile
