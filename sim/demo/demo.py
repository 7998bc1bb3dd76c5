"""``taxi demo``: a whole system and a simulated city on one machine, for a fixed time or until Ctrl-C."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random, SystemRandom
from secrets import token_hex
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
import structlog

from dispatch.actors.runtime.cluster_config import ClusterConfig
from dispatch.config.loader import Settings, load_settings
from dispatch.geo.city import City, load_city
from dispatch.geo.road_travel_time import RoadGraph
from dispatch.server.supervisor import Supervisor
from dispatch.store.database import open_database
from dispatch.store.journals.sql_journal import open_journal
from dispatch.store.queries.registry import SqlRegistry
from dispatch.values.units import LatLng
from sim.city.config import CarAccount, DemandOptions, WorldConfig, write_fleet
from sim.city.run import new_metrics, run_world
from sim.demand.sampled_demand import demand_file
from sim.demo.demo_accounts import draw, register_accounts, register_fleet
from sim.demo.run_checks import RunVerdict, check_run, sandbox_orders
from sim.demo.sandbox_process import SandboxProcess
from sim.metrics.run_metrics import Number, RunMetrics

log = structlog.get_logger()

DEFAULT_HOUR: Final = 18.0
FRIDAY: Final = 4


class DemoOptions(msgspec.Struct, frozen=True, kw_only=True):
    """``for_s``: wall seconds; 0: no limit. ``per_hour``: requests per city hour, in place of the city's rate."""

    for_s: float = 0.0
    cars: int = 300
    speed: float = 10.0
    seed: int = 1
    city: str = "san_francisco"
    trips: Path | None = None
    day: date | None = None
    hour: float | None = None
    per_hour: float | None = None
    port: int = 8080
    config: Path | None = None
    data_dir: Path | None = None
    overrides: dict[str, str | float | int | bool] = {}


class DemoResult(msgspec.Struct, frozen=True):
    """The figures of a demonstration, and the violations that the checks found."""

    numbers: dict[str, Number]
    verdict: RunVerdict


class Demo:
    """One demonstration: ``start``, ``run``, ``check``, ``stop``. ``stop`` is always safe."""

    def __init__(self, options: DemoOptions) -> None:
        self.options = options
        self.metrics: RunMetrics = new_metrics()
        self._keep = options.data_dir is not None
        self.folder = options.data_dir or Path(tempfile.mkdtemp(prefix="taxi-demo-"))
        self._sandbox = SandboxProcess(self.folder / "alipay")
        self._supervisor: Supervisor | None = None
        self._world: WorldConfig | None = None
        self._city: City | None = None
        self.accounts = draw(SystemRandom())
        self.figures: dict[str, Number] | None = None
        """Set by :meth:`check`."""

    @property
    def _running(self) -> Supervisor:
        assert self._supervisor is not None  # noqa: S101 - started
        return self._supervisor

    @property
    def settings(self) -> Settings:
        return self._running.settings

    @property
    def system(self) -> ClusterConfig:
        assert self._running.system is not None  # noqa: S101 - started
        return self._running.system

    @property
    def port(self) -> int:
        return self._running.port

    @property
    def vehicles(self) -> list[str]:
        return [account.vehicle for account in self._world.fleet] if self._world is not None else []

    @property
    def center(self) -> LatLng:
        assert self._city is not None  # noqa: S101 - started
        return self._city.center

    @property
    def url(self) -> str:
        return self._supervisor.url if self._supervisor is not None else ""

    @property
    def pay_url(self) -> str:
        return f"{self.url}/pay/{self._world.fleet[0].vehicle}" if self._world is not None else ""

    async def start(self) -> None:
        """Start sandbox, system and fleet. After an error everything is stopped again."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        options = self.options
        overrides = self._overrides()
        settings = load_settings(options.config, overrides)
        self._city = load_city(settings.city.name)
        roads = await asyncio.to_thread(self._city.travel_time, settings.city.cache_dir)
        await self._sandbox.start()
        overrides = {**overrides, **self._sandbox.settings()}
        settings = load_settings(options.config, overrides)
        anchor = self._city_time(self._city)
        self._supervisor = Supervisor(settings, config=options.config, overrides=overrides, city_anchor=anchor)
        await self._supervisor.start()
        fleet = await self._register(settings)
        self.metrics = new_metrics()
        self._world = self._world_config(settings, roads, fleet)

    def _overrides(self) -> dict[str, str | float | int | bool]:
        options = self.options
        return {
            "server.port": options.port,
            "server.data_dir": str(self.folder),
            "clock.speed": options.speed,
            "city.name": options.city,
            **options.overrides,
        }

    def _city_time(self, city: City) -> float:
        """Unix seconds of the chosen day and hour; by default the last Friday evening."""
        zone = ZoneInfo(city.time_zone)
        today = datetime.now(zone).date()
        day = self.options.day or today - timedelta(days=(today.weekday() - FRIDAY) % 7)
        hour = DEFAULT_HOUR if self.options.hour is None else self.options.hour
        midnight = datetime.combine(day, time(), zone)
        return (midnight + timedelta(hours=hour)).timestamp()

    async def _register(self, settings: Settings) -> tuple[CarAccount, ...]:
        database = open_database(settings.journal_url)
        try:
            registry = SqlRegistry(database)
            accounts = await register_fleet(registry, self.options.cars, Random(self.options.seed))
            await register_accounts(registry, self.accounts)
        finally:
            await database.close()
        write_fleet(self.folder / "fleet.csv", accounts)
        return accounts

    def _world_config(self, settings: Settings, roads: RoadGraph, fleet: tuple[CarAccount, ...]) -> WorldConfig:
        assert self._city is not None  # noqa: S101 - started
        options = self.options
        demand = DemandOptions(
            aggregates=demand_file(settings.city.name),
            trips=options.trips,
            day=options.day if options.trips is not None else None,
            hour=options.hour or 0.0,
            per_hour=options.per_hour,
        )
        return WorldConfig(
            ws_url=self.url.replace("http", "ws", 1) + "/v1/ws",
            http_url=self.url,
            sandbox_url=self._sandbox.url,
            fleet=fleet,
            sms_file=self.folder / "sms.jsonl",
            roads=roads,
            time_zone=self._city.time_zone,
            demand=demand,
            run=f"demo{token_hex(4)}",
            seed=options.seed,
            name_at=self._city.places().name_at,
        )

    def title(self) -> str:
        assert self._city is not None  # noqa: S101 - started
        now = datetime.fromtimestamp(self.metrics.clock.city(), ZoneInfo(self._city.time_zone))
        return f"{self._city.title}  {now:%A %H:%M}  ({self.options.speed:g} x, {self.options.cars} cars)"

    async def run(self, stop: asyncio.Event) -> None:
        assert self._world is not None  # noqa: S101 - started
        options = self.options
        loop = asyncio.get_running_loop()
        if options.for_s:
            loop.call_later(options.for_s, stop.set)
        await run_world(self._world, self.metrics, stop)

    async def check(self) -> DemoResult:
        """Stop the system, then compare the clients' metrics with the journal and the sandbox's accounts."""
        orders = await sandbox_orders(self._sandbox.url)
        settings = self.settings
        await self._stop_system()
        journal = await open_journal(settings.journal_url, shards=settings.journal.shards)
        try:
            verdict = await check_run(self.metrics, journal, orders)
        finally:
            await journal.close()
        self.figures = self._numbers(verdict)
        return DemoResult(self.figures, verdict)

    def _numbers(self, verdict: RunVerdict) -> dict[str, Number]:
        numbers: dict[str, Number] = {**self.metrics.numbers()}
        numbers["double_assignments"] = len(verdict.doubled)
        numbers["lost"] = len(verdict.lost) + len(verdict.paid_not_charged)
        numbers["charged_twice"] = len(verdict.charged_twice)
        return numbers

    async def _stop_system(self) -> None:
        if self._supervisor is not None:
            await self._supervisor.stop()
            self._supervisor = None

    async def stop(self) -> None:
        await self._stop_system()
        await self._sandbox.stop()
        if not self._keep:
            shutil.rmtree(self.folder, ignore_errors=True)
