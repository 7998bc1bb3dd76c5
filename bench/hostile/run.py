"""What hostile clients cost the others: round trips and offers beside them and without, in turn, in the same run.

Method: a system is started as ``taxi serve`` starts it, with one gateway. 300 cars tell a fix every two seconds,
passengers request 4 rides a second (:mod:`bench.load.offers`), and ``--others`` (500) signed-in clients each send a
``ping`` in turn, 50 a second, every one at its fixed time (open loop). After a warm-up, ``--pairs`` (4) times:
``--seconds`` (10) of that alone, then as long with the hostile clients of :mod:`bench.hostile.clients` beside it, all
kinds at once from a process of their own: slow readers and writers, slow requests, some that never pong, half-open
ones, compressed bombs, frames of a terabyte, floods, malformed upgrades, and 1,000 silent sockets from one address.
Then one of each kind is left alone until the gateway ends it.

``ping_p99_ms_without`` and ``_with`` are medians over the pairs, ``ratio`` is the median of the pairs' ratios; likewise
``offer_*`` (to reach: at most 1.5). The attackers take processor time from the same machine: that is in it.
``gateway_mb_*`` is the gateway's memory (RSS) before, at most during, and 15 s after the last attack. ``KIND_end`` is
the close code (1006: cut without one; 4xx: the HTTP status of a refused handshake), ``KIND_s`` after how many seconds.
``ends`` counts all that were ended during the attacks.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from typing import Any, Final

import msgspec

from bench.harness.cpu_time import command_of, memory_kb
from bench.harness.whole_system import Given, enrol, passenger_tokens, running
from bench.harness.worker_process import Part, started, written
from bench.load.offers import CLASS
from dispatch.processes.child_processes import descendants
from dispatch.server.supervisor import Supervisor
from dispatch.values.ids import PassengerId

CARS: Final = 300
PASSENGERS: Final = 200
ATTACKERS: Final = 200
REQUESTS_PER_S: Final = 4.0
AFTER_S: Final = 15.0
LOOK_EVERY_S: Final = 0.5


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options. Seconds."""

    pairs: int = 4
    seconds: float = 10.0
    others: int = 500


def run(**options: object) -> dict[str, object]:
    """The options are the fields of :class:`Plan`."""
    plan = msgspec.convert(options, Plan)
    with tempfile.TemporaryDirectory(prefix="taxi-hostile-") as folder:
        return asyncio.run(_measure(plan, Path(folder)))


class Others:
    """Those who mean no harm."""

    def __init__(self, offers: Part, pinging: Part, plan: Plan) -> None:
        self._offers = offers
        self._pinging = pinging
        self._plan = plan

    async def live(self) -> dict[str, float]:
        """Their p99 over a while; what never came counts as the longest that was waited for."""
        seconds = self._plan.seconds
        offered, pinged = await asyncio.gather(
            self._offers.ask("step", per_s=REQUESTS_PER_S, seconds=seconds),
            self._pinging.ask("ping", per_s=self._plan.others / seconds),
        )
        return {
            "ping_p50_ms": pinged["p50_ms"] or 15_000.0,
            "ping_p99_ms": pinged["p99_ms"] or 15_000.0,
            "offer_p99_ms": offered["p99_ms"] or 10_000.0,
            "unanswered": pinged["asked"] - pinged["answered"],
            "never_offered": offered["never_offered"],
        }


async def _measure(plan: Plan, folder: Path) -> dict[str, object]:
    given: Given = {"log.level": "error"}
    async with running(folder, given) as supervisor, AsyncExitStack() as stack:
        others, hostile = await _people(stack, plan, supervisor, folder)
        gateway = next(pid for pid in descendants(os.getpid()) if "ws_gateway" in command_of(pid))
        await others.live()
        watch = Memory(gateway)
        without, with_them, ends = [], [], Counter[str]()
        for _ in range(plan.pairs):
            without.append(await others.live())
            attacking = asyncio.ensure_future(hostile.ask("attack", seconds=plan.seconds + 1.0))
            await asyncio.sleep(0.5)
            with_them.append(await others.live())
            ends.update((await attacking)["ends"])
            print(without[-1], with_them[-1], file=sys.stderr, flush=True)
            await asyncio.sleep(2.0)
        most = watch.most_mb
        await asyncio.sleep(AFTER_S)
        memory = {"gateway_mb_before": watch.first_mb, "gateway_mb_most": most, "gateway_mb_after": watch.now_mb()}
        watch.stop()
        figures = {"pairs": plan.pairs, "others": plan.others, **compared(without, with_them), **memory}
        return {**figures, **await hostile.ask("ends"), "ends": str(dict(sorted(ends.items())))}


def compared(without: Sequence[dict[str, float]], with_them: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Medians over the pairs, and of their ratios; ``ratio`` is that of the pings' p99."""
    figures: dict[str, Any] = {}
    for name in ("ping_p50_ms", "ping_p99_ms", "offer_p99_ms"):
        figures[f"{name}_without"] = round(median(each[name] for each in without), 1)
        figures[f"{name}_with"] = round(median(each[name] for each in with_them), 1)
        ratios = [theirs[name] / max(0.1, calm[name]) for calm, theirs in zip(without, with_them, strict=True)]
        figures[name.replace("_ms", "_ratio")] = round(median(ratios), 2)
    for name in ("unanswered", "never_offered"):
        figures[f"{name}_without"] = sum(each[name] for each in without)
        figures[f"{name}_with"] = sum(each[name] for each in with_them)
    return figures | {"ratio": figures["ping_p99_ratio"]}


async def _people(stack: AsyncExitStack, plan: Plan, supervisor: Supervisor, folder: Path) -> tuple[Others, Part]:
    settings = supervisor.settings
    cars = await enrol(settings, CARS, vehicle_class=CLASS)
    attackers = await enrol(settings, ATTACKERS, first=CARS)
    riders = passenger_tokens(settings, [PassengerId(f"offer-p{n}") for n in range(PASSENGERS)])
    pingers = passenger_tokens(settings, [PassengerId(f"ping-p{n}") for n in range(plan.others)])
    url = supervisor.url.replace("http", "ws", 1) + "/v1/ws"
    files = {
        name: written(folder / name, tokens)
        for name, tokens in {
            "cars": [account.token or "" for account in cars],
            "attackers": [account.token or "" for account in attackers],
            "riders": riders,
            "pingers": pingers,
        }.items()
    }
    offers = await started(stack, "bench.load.offers", url, files["cars"], files["riders"])
    pinging = await started(stack, "bench.load.sockets", url, files["pingers"])
    hostile = await started(stack, "bench.hostile.clients", "127.0.0.1", str(supervisor.port), files["attackers"])
    await offers.ask("begin")
    await pinging.ask("open", at_once=50)
    return Others(offers, pinging, plan), hostile


class Memory:
    """Looks at a process' memory twice a second."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.first_mb = self.most_mb = self.now_mb()
        self._looking = asyncio.create_task(self._look())

    def now_mb(self) -> float:
        """Resident memory."""
        return round(memory_kb(self._pid) / 1024, 1)

    def stop(self) -> None:
        """Look no more."""
        self._looking.cancel()

    async def _look(self) -> None:
        while True:
            self.most_mb = max(self.most_mb, self.now_mb())
            await asyncio.sleep(LOOK_EVERY_S)
