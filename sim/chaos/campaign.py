"""``taxi chaos``: a demonstration under one fault after another, and checks of the run. Also ``taxi demo --kill``."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from math import inf
from pathlib import Path
from random import Random, SystemRandom
from typing import Final, Literal

import httpx
import msgspec
import structlog

from dispatch.integrity.factory import verify_configured
from dispatch.store.database import open_database
from dispatch.store.queries.registry import SqlRegistry
from sim.chaos.consistency_checks import contradictory_outcomes, lagging_streams, missing_from_journal
from sim.chaos.fault_injector import FaultInjector
from sim.chaos.fault_schedule import ACTORS, Fault, chosen, kinds, plan
from sim.chaos.journal_reader import READ_WITHIN_S, JournalFacts, read_facts, read_heads
from sim.chaos.journal_stores import Postgres, SmallDisk
from sim.chaos.probe_rides import ProbeRides, register_probe
from sim.chaos.process_finder import ProcessFinder
from sim.client.sign_in import SmsInbox
from sim.demo.demo import Demo, DemoOptions, DemoResult
from sim.metrics.delivery_log import DeliveryLog
from sim.metrics.percentiles import percentile
from sim.metrics.run_metrics import Number

log = structlog.get_logger()

RECOVERY_TIMEOUT_S: Final = 120.0
"""Limit for the recovery from a fault; the run then ends."""
WARM_UP_S: Final = 8.0
SETTLE_S: Final = 5.0
"""Time after the last fault until all pending messages are delivered."""
READY_CHECK_S: Final = 0.1
ONE_ADDRESS: Final = {
    "limits.sign_ins_per_s": 200.0,
    "limits.sign_ins_burst": 2000,
    "limits.sockets_per_s": 500.0,
    "limits.sockets_burst": 2000,
}
"""All apps of a run have one address, and reconnect at once after a gateway's end."""
VIOLATION_FIGURES: Final = {"gap": "events_missed", "repeat": "events_doubled", "backwards": "events_out_of_order"}
FAULT_INTERVAL_S: Final = 8.0
"""Longer than a pause."""
DEMO_FAULTS: Final = tuple(Fault(action, target) for action in ("kill", "pause") for target in ACTORS)

Report = Callable[[str], None]


class RecoveryTimes:
    """Wall seconds from each fault to the next complete probe ride."""

    def __init__(self) -> None:
        self._seconds: defaultdict[str, list[float]] = defaultdict(list)
        self.injected: Counter[str] = Counter()
        self.never: list[str] = []
        """Faults after which no ride was possible again in time."""

    def add(self, fault: Fault, seconds: float) -> None:
        self.injected[fault.action] += 1
        self._seconds[fault.kind].append(seconds)

    def lost(self, fault: Fault) -> None:
        self.injected[fault.action] += 1
        self.never.append(fault.kind)

    def numbers(self) -> dict[str, Number]:
        """Flat figures: faults by kind, and p50 and max of each kind's recovery."""
        numbers: dict[str, Number] = {"faults": self.injected.total(), "kills": self.injected["kill"]}
        numbers["pauses"] = self.injected["pause"]
        every = [second for seconds in self._seconds.values() for second in seconds]
        numbers |= _span("recovery", every)
        for kind, seconds in sorted(self._seconds.items()):
            name = kind.replace(" ", "_")
            numbers[name] = len(seconds)
            numbers |= _span(f"recovery_{name}", seconds)
        return numbers


def _span(name: str, seconds: list[float]) -> dict[str, Number]:
    p50 = percentile(seconds, 0.5)
    return {
        f"{name}_p50_s": None if p50 is None else round(p50, 2),
        f"{name}_max_s": round(max(seconds), 2) if seconds else None,
    }


class ChaosOptions(msgspec.Struct, frozen=True, kw_only=True):
    """``for_s``: no new fault after this many wall seconds; 0 is no limit. ``per_hour``: requests per city hour.
    ``only``: words that a fault's kind must contain."""

    kills: int = 60
    for_s: float = 0.0
    seed: int = 1
    cars: int = 100
    speed: float = 20.0
    per_hour: float = 1200.0
    journal: Literal["sqlite", "postgres"] = "sqlite"
    only: str = ""
    data_dir: Path
    config: Path | None = None


class NothingToDoError(Exception):
    """The options exclude every fault; the text names the reason."""


class Campaign:
    """One run. ``run`` starts and stops everything; ``figures`` and ``wrong`` contain the results."""

    def __init__(self, options: ChaosOptions, report: Report) -> None:
        self._options = options
        self._report = report
        self._rng = Random(options.seed)
        self._recoveries = RecoveryTimes()
        self._disk = SmallDisk(options.data_dir / "small-disk")
        self._postgres = Postgres(options.data_dir / "postgres") if options.journal == "postgres" else None
        self._journal_url = ""
        self._lagging: list[str] = []
        self.figures: dict[str, Number] = {}
        self.wrong: dict[str, list[str]] = {}
        """Violations by the name of their figure. All empty: the run is correct."""

    async def run(self) -> None:
        """Raises the errors of :meth:`Demo.start`, and :class:`NothingToDoError`."""
        disk = self._postgres is None and self._disk.mount()
        if self._postgres is None and not disk:
            self._report("disk fault skipped: mounting a small disk needs root")
        try:
            faults = chosen(kinds(postgres=self._postgres is not None, disk=disk), self._options.only)
            if not faults:
                raise NothingToDoError(f"no fault matches {self._options.only!r}")
            await self._with_journal(faults)
        finally:
            self._disk.unmount()

    async def _with_journal(self, faults: tuple[Fault, ...]) -> None:
        url = f"sqlite:///{self._disk.folder / 'journal.sqlite'}" if Path.is_mount(self._disk.folder) else ""
        try:
            if self._postgres is not None:
                await self._postgres.start()
                url = self._postgres.url
            await self._with_demo(faults, Demo(self._demo_options(url)))
        finally:
            if self._postgres is not None:
                await self._postgres.stop()

    def _demo_options(self, journal_url: str) -> DemoOptions:
        options = self._options
        return DemoOptions(
            cars=options.cars,
            speed=options.speed,
            seed=options.seed,
            per_hour=options.per_hour,
            port=0,
            config=options.config,
            data_dir=options.data_dir,
            overrides={**ONE_ADDRESS, **({"journal.url": journal_url} if journal_url else {})},
        )

    async def _with_demo(self, faults: tuple[Fault, ...], demo: Demo) -> None:
        try:
            await demo.start()
            self._journal_url = demo.settings.journal_url
            pin = f"{SystemRandom().randrange(10_000):04d}"
            await _register(self._journal_url, pin)
            probe = ProbeRides(
                demo.url, SmsInbox(demo.folder / "sms.jsonl"), demo.center, pin, f"chaos{self._options.seed}"
            )
            demo.metrics.delivery_log = DeliveryLog(demo.vehicles)
            await self._run_faults(faults, demo, probe)
            settings = demo.settings
            result = await demo.check()
            report = await verify_configured(settings, statement_s=READ_WITHIN_S)
            self.wrong["journal_findings"] = [f"{finding.where}: {finding.text}" for finding in report.findings]
            self._collect_results(demo, result, await read_facts(self._journal_url))
        finally:
            await demo.stop()

    async def _run_faults(self, faults: tuple[Fault, ...], demo: Demo, probe: ProbeRides) -> None:
        stop = asyncio.Event()
        tasks = [asyncio.ensure_future(demo.run(stop)), asyncio.ensure_future(probe.run())]
        injecting = asyncio.ensure_future(self._inject_all(faults, demo, probe))
        try:
            await asyncio.wait([*tasks, injecting], return_when=asyncio.FIRST_COMPLETED)
            stop.set()
            await injecting
            await tasks[0]
        finally:
            for task in (*tasks, injecting):
                task.cancel()
            await asyncio.gather(*tasks, injecting, return_exceptions=True)

    async def _inject_all(self, faults: tuple[Fault, ...], demo: Demo, probe: ProbeRides) -> None:
        injector = self._injector(demo)
        await asyncio.sleep(WARM_UP_S)
        await probe.ride()
        loop = asyncio.get_running_loop()
        until = loop.time() + (self._options.for_s or inf)
        async with httpx.AsyncClient(base_url=demo.url, timeout=5.0, trust_env=False) as http:
            for number, fault in enumerate(plan(self._options.seed, self._options.kills, faults), 1):
                if loop.time() > until:
                    break
                seconds = await self._inject(fault, injector, probe, http)
                if seconds is None:
                    self._recoveries.lost(fault)
                    self._report(f"{number} {fault.kind}: no ride within {RECOVERY_TIMEOUT_S:g} s")
                    break
                self._recoveries.add(fault, seconds)
                self._report(f"{number} {fault.kind}: a ride after {seconds:.2f} s")
        await self._find_lagging_apps(demo)

    def _injector(self, demo: Demo) -> FaultInjector:
        system, settings = demo.system, demo.settings
        postgres = self._postgres
        targets = ProcessFinder(system, settings.server.gateways, postgres.pid if postgres is not None else None)
        return FaultInjector(
            targets,
            self._rng,
            port=demo.port,
            redis_url=system.redis_url,
            disk=self._disk,
            revive=postgres.revive if postgres is not None else None,
        )

    async def _inject(
        self, fault: Fault, injector: FaultInjector, probe: ProbeRides, http: httpx.AsyncClient
    ) -> float | None:
        """Inject a fault and wait for recovery. Returns wall seconds, or None after a timeout."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(RECOVERY_TIMEOUT_S):
                began = loop.time()
                recovered = await injector.inject(fault)
                await recovered()
                await _ready(http)
                await probe.ride()
                seconds = loop.time() - began
                await injector.settle()
        except TimeoutError:
            return None
        return seconds

    async def _find_lagging_apps(self, demo: Demo) -> None:
        """Find apps that still lack, some seconds later, events that the journal had before."""
        delivery_log = demo.metrics.delivery_log
        assert delivery_log is not None  # noqa: S101 - set before the run
        await asyncio.sleep(SETTLE_S)
        heads = await read_heads(self._journal_url)
        followed = set(delivery_log.connected)
        await asyncio.sleep(SETTLE_S)
        still = sorted(followed.intersection(delivery_log.connected))
        self._lagging = lagging_streams(heads, delivery_log.last_seen, [f"vehicle:{vehicle}" for vehicle in still])

    def _collect_results(self, demo: Demo, result: DemoResult, facts: JournalFacts) -> None:
        metrics, delivery_log, verdict = demo.metrics, demo.metrics.delivery_log, result.verdict
        assert delivery_log is not None  # noqa: S101 - set before the run
        counts = metrics.violations
        violations = {name: [f"{kind} x {counts[kind]}"] * counts[kind] for kind, name in VIOLATION_FIGURES.items()}
        others = [f"{kind} x {count}" for kind, count in counts.items() if kind not in VIOLATION_FIGURES]
        self.wrong |= {
            "missing": [*verdict.lost, *missing_from_journal(delivery_log.delivered, facts.written)],
            "double_assignments": verdict.doubled,
            "double_charges": verdict.charged_twice,
            "paid_not_charged": verdict.paid_not_charged,
            "offers_with_two_outcomes": contradictory_outcomes(facts.outcomes),
            **violations,
            "told_differently": delivery_log.differences,
            "other_breaches": others,
            "not_recovered": self._recoveries.never,
        }
        self.wrong["events_missed"] += self._lagging
        acknowledged = len(metrics.acknowledged) - metrics.counts["hails"]
        self.figures = {
            "seed": self._options.seed,
            "wall_s": round(metrics.lasted_s, 1),
            "requests_acknowledged": acknowledged,
            "hails_acknowledged": metrics.counts["hails"],
            **{name: len(found) for name, found in self.wrong.items()},
            "events_told": sum(map(len, delivery_log.delivered.values())),
            "longest_silence_s": round(delivery_log.longest_silence_s, 1),
            "errors_told": metrics.errors.total(),
            "sockets_closed": metrics.closes.total(),
            **self._recoveries.numbers(),
            **{name: result.numbers[name] for name in ("matched", "completed", "paid", "request_to_offer_p50_ms")},
        }


async def _register(journal_url: str, pin: str) -> None:
    database = open_database(journal_url)
    try:
        await register_probe(SqlRegistry(database), pin)
    finally:
        await database.close()


async def _ready(http: httpx.AsyncClient) -> None:
    while True:
        with suppress(httpx.HTTPError):
            if (await http.get("/ready")).is_success:
                return
        await asyncio.sleep(READY_CHECK_S)


class DemoFaults:
    """Kills and pauses of hosts and matchers at a steady pace (``taxi demo --kill``), in the order of the seed.

    Unlike ``taxi chaos`` it waits for no recovery, so a fault may meet a system that still recovers from the last one.
    """

    def __init__(self) -> None:
        self._injected: list[Fault] = []

    async def run(self, demo: Demo) -> None:
        """Run until cancelled. The demonstration must have started."""
        seed, system = demo.options.seed, demo.system
        targets = ProcessFinder(system, demo.settings.server.gateways)
        injector = FaultInjector(targets, Random(seed), port=demo.port, redis_url=system.redis_url)
        for fault in plan(seed, sys.maxsize, DEMO_FAULTS):
            await asyncio.sleep(FAULT_INTERVAL_S)
            await injector.inject(fault)
            self._injected.append(fault)
            await injector.settle()

    def numbers(self) -> dict[str, int]:
        return {"kills": self._count("kill"), "pauses": self._count("pause")}

    def _count(self, action: str) -> int:
        return sum(fault.action == action for fault in self._injected)
