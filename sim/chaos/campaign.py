"""``taxi chaos``: the demonstration's city under faults, one after the other, and the judgement on what came of it."""

from __future__ import annotations

import asyncio
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
from sim.chaos.consistency_checks import behind, two_outcomes, untold_truth
from sim.chaos.fault_injector import FaultInjector
from sim.chaos.fault_schedule import Fault, chosen, kinds, plan
from sim.chaos.journal_reader import READ_WITHIN_S, JournalFacts, read_facts, read_heads
from sim.chaos.postgres import Postgres
from sim.chaos.probe_rides import ProbeRides, register_probe
from sim.chaos.process_finder import ProcessFinder
from sim.chaos.recovery_times import RecoveryTimes
from sim.chaos.small_disk import SmallDisk
from sim.client.sms_inbox import SmsInbox
from sim.demo.demo import Demo, DemoOptions, DemoResult
from sim.metrics.delivery_log import DeliveryLog
from sim.metrics.run_metrics import Number

log = structlog.get_logger()

RECOVER_WITHIN_S: Final = 120.0
"""After that the run ends: the system has not got over the fault."""
WARM_UP_S: Final = 8.0
CALM_S: Final = 5.0
"""After the last fault, for everything that is under way to be told."""
ASK_READY_EVERY_S: Final = 0.1
ONE_ADDRESS: Final = {
    "limits.sign_ins_per_s": 200.0,
    "limits.sign_ins_burst": 2000,
    "limits.sockets_per_s": 500.0,
    "limits.sockets_burst": 2000,
}
"""All apps of a run come from one address, and all at once after a gateway's death."""
BREACHES: Final = {"gap": "events_missed", "repeat": "events_doubled", "backwards": "events_out_of_order"}

Tell = Callable[[str], None]


class ChaosOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is made of.

    ``for_s``: no new fault after so many wall seconds; 0 is no limit. ``per_hour``: requests in a city hour. ``only``:
    words that kinds of faults must hold.
    """

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
    """The options leave no fault; the text says why."""


class Campaign:
    """One run. ``run`` brings everything up and ends everything; ``figures`` and ``wrong`` are what came of it."""

    def __init__(self, options: ChaosOptions, tell: Tell) -> None:
        self._options = options
        self._tell = tell
        self._rng = Random(options.seed)
        self._recoveries = RecoveryTimes()
        self._disk = SmallDisk(options.data_dir / "small-disk")
        self._postgres = Postgres(options.data_dir / "postgres") if options.journal == "postgres" else None
        self._journal_url = ""
        self._behind: list[str] = []
        self.figures: dict[str, Number] = {}
        self.wrong: dict[str, list[str]] = {}
        """What does not fit, by the name of its figure. All empty: the run was clean."""

    async def run(self) -> None:
        """Play the whole run. Raises what a demonstration's start raises, and :class:`NothingToDoError`."""
        disk = self._postgres is None and self._disk.mount()
        if self._postgres is None and not disk:
            self._tell("no disk can be made here that may be filled (that needs root): left out")
        try:
            faults = chosen(kinds(postgres=self._postgres is not None, disk=disk), self._options.only)
            if not faults:
                raise NothingToDoError(f"no fault's kind holds {self._options.only!r}")
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
            await _enrol(self._journal_url, pin)
            probe = ProbeRides(
                demo.url, SmsInbox(demo.folder / "sms.jsonl"), demo.center, pin, f"chaos{self._options.seed}"
            )
            demo.metrics.delivery_log = DeliveryLog(demo.vehicles)
            await self._play(faults, demo, probe)
            settings = demo.settings
            result = await demo.judge()
            report = await verify_configured(settings, statement_s=READ_WITHIN_S)
            self.wrong["journal_findings"] = [f"{finding.where}: {finding.text}" for finding in report.findings]
            self._judge(demo, result, await read_facts(self._journal_url))
        finally:
            await demo.stop()

    # ── playing ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def _play(self, faults: tuple[Fault, ...], demo: Demo, probe: ProbeRides) -> None:
        stop = asyncio.Event()
        works = [asyncio.ensure_future(demo.run(stop)), asyncio.ensure_future(probe.run())]
        striking = asyncio.ensure_future(self._strike_all(faults, demo, probe))
        try:
            await asyncio.wait([*works, striking], return_when=asyncio.FIRST_COMPLETED)
            stop.set()
            await striking
            await works[0]
        finally:
            for work in (*works, striking):
                work.cancel()
            await asyncio.gather(*works, striking, return_exceptions=True)

    async def _strike_all(self, faults: tuple[Fault, ...], demo: Demo, probe: ProbeRides) -> None:
        injector = self._injector(demo)
        await asyncio.sleep(WARM_UP_S)
        await probe.ride()
        loop = asyncio.get_running_loop()
        until = loop.time() + (self._options.for_s or inf)
        async with httpx.AsyncClient(base_url=demo.url, timeout=5.0, trust_env=False) as http:
            for number, fault in enumerate(plan(self._options.seed, self._options.kills, faults), 1):
                if loop.time() > until:
                    break
                seconds = await self._one(fault, injector, probe, http)
                if seconds is None:
                    self._recoveries.lost(fault)
                    self._tell(f"{number} {fault.kind}: no ride within {RECOVER_WITHIN_S:g} s")
                    break
                self._recoveries.add(fault, seconds)
                self._tell(f"{number} {fault.kind}: a ride after {seconds:.2f} s")
        await self._look_who_is_behind(demo)

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

    async def _one(
        self, fault: Fault, injector: FaultInjector, probe: ProbeRides, http: httpx.AsyncClient
    ) -> float | None:
        """Strike, and wait until all is well. The seconds that it took; None where it took too long."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(RECOVER_WITHIN_S):
                began = loop.time()
                back = await injector.strike(fault)
                await back()
                await _ready(http)
                await probe.ride()
                seconds = loop.time() - began
                await injector.settle()
        except TimeoutError:
            return None
        return seconds

    async def _look_who_is_behind(self, demo: Demo) -> None:
        """Whose app does not know, some seconds later, what the journal knew before."""
        delivery_log = demo.metrics.delivery_log
        assert delivery_log is not None  # noqa: S101 - set before the run
        await asyncio.sleep(CALM_S)
        heads = await read_heads(self._journal_url)
        followed = set(delivery_log.connected)
        await asyncio.sleep(CALM_S)
        still = sorted(followed.intersection(delivery_log.connected))
        self._behind = behind(heads, delivery_log.stands_at, [f"vehicle:{vehicle}" for vehicle in still])

    # ── judging ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _judge(self, demo: Demo, result: DemoResult, facts: JournalFacts) -> None:
        metrics, delivery_log, verdict = demo.metrics, demo.metrics.delivery_log, result.verdict
        assert delivery_log is not None  # noqa: S101 - set before the run
        breaches = {
            name: [f"{what} x {metrics.violations[what]}"] * metrics.violations[what] for what, name in BREACHES.items()
        }
        others = [f"{what} x {count}" for what, count in metrics.violations.items() if what not in BREACHES]
        self.wrong |= {
            "missing": [*verdict.lost, *untold_truth(delivery_log.told, facts.written)],
            "double_assignments": verdict.doubled,
            "double_charges": verdict.charged_twice,
            "paid_not_charged": verdict.told_paid_not_charged,
            "offers_with_two_outcomes": two_outcomes(facts.outcomes),
            **breaches,
            "told_differently": delivery_log.differences,
            "other_breaches": others,
            "not_recovered": self._recoveries.never,
        }
        self.wrong["events_missed"] += self._behind
        acknowledged = len(metrics.acknowledged) - metrics.counts["hails"]
        self.figures = {
            "seed": self._options.seed,
            "wall_s": round(metrics.lasted_s, 1),
            "requests_acknowledged": acknowledged,
            "hails_acknowledged": metrics.counts["hails"],
            **{name: len(found) for name, found in self.wrong.items()},
            "events_told": sum(map(len, delivery_log.told.values())),
            "longest_silence_s": round(delivery_log.longest_silence_s, 1),
            "errors_told": metrics.errors.total(),
            "sockets_closed": metrics.closes.total(),
            **self._recoveries.numbers(),
            **{name: result.numbers[name] for name in ("matched", "completed", "paid", "request_to_offer_p50_ms")},
        }


async def _enrol(journal_url: str, pin: str) -> None:
    database = open_database(journal_url)
    try:
        await register_probe(SqlRegistry(database), pin)
    finally:
        await database.close()


async def _ready(http: httpx.AsyncClient) -> None:
    """Until every actor and the journal answer."""
    while True:
        with suppress(httpx.HTTPError):
            if (await http.get("/ready")).is_success:
                return
        await asyncio.sleep(ASK_READY_EVERY_S)
