"""One simulated world: all processes, people and faults of a seed, on one timeline.

It runs in two parts. First ``rough_s`` wall seconds with faults; then they stop, everything that is down comes back,
and the world runs on until it is quiet. What it leaves (the journal, AlipayModel's truth, the logs of all phones, the
record of all commits) is judged by ``sim.simtest.invariants``.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from random import Random
from typing import Any, Final

import msgspec

from dispatch.actors.core.entity_types import entity_kinds
from dispatch.actors.core.placement import Placement
from dispatch.actors.runtime.cluster_config import ClusterConfig
from dispatch.api.server_messages import Alarm
from dispatch.config.tariffs import read_tariff
from dispatch.domain.fare.gps_meter import MeterRules
from dispatch.domain.rules import Rules
from dispatch.domain.trip.trip_state import ENDED, SEEKING
from dispatch.geo.straight_line import StraightLine
from dispatch.payment.core.rules import Account, PaymentRules
from dispatch.store.journals.memory_journal import MemoryJournal, MemoryTables
from sim.simtest.alipay.client import SELLER, NotificationReader, NotificationSender
from sim.simtest.alipay.model import AlipayModel
from sim.simtest.apps.app import SimApp
from sim.simtest.apps.driver import DriverApp
from sim.simtest.apps.passenger import Buyers, DispatcherApp, PassengerApp
from sim.simtest.commit_log import CommitLog
from sim.simtest.fault_model import LABELS, FaultModel, Rates
from sim.simtest.network import NOBODY, Network, SimSocket
from sim.simtest.registry_and_bus import SimBus, SimRegistry
from sim.simtest.sim_processes import SimGateway, SimHost, SimMatcher, SimProcess
from sim.simtest.virtual_loop import RunState, Timeline, WorldClock

START: Final = 1_700_000_000.0
SPEED: Final = 10.0
CENTRE: Final = (37.78, -122.41)
SHARDS: Final = 16
MATCHER: Final = "matcher-0"
GATEWAYS: Final = ("gateway-0", "gateway-1")
PLACEMENT: Final = Placement("sharded", SHARDS, {"vehicle": 2, "trip": 1, "payment": 1})
LEAST_CRASHES: Final = 5
NEVER: Final = 1e8
TARIFF: Final = read_tariff("san_francisco")


class WorldSystem(ClusterConfig, frozen=True):
    """The system's addresses, with the world's clock in the place of the machine's."""

    world_clock: Any = None

    def clock(self) -> Any:  # noqa: ANN401 - a clock, which no struct can hold
        """The world's clock."""
        return self.world_clock


class SimulationPlan(msgspec.Struct, frozen=True):
    """How large a world is. Seconds are wall seconds, ``begins_within_s`` city seconds."""

    rides: int = 50
    """So many come to their destination at least: what chance has left out is booked by the dispatcher in the end."""
    passengers: int = 43
    drivers: int = 15
    fault_phase_s: float = 90.0
    begins_within_s: float = 720.0
    quiet_within_s: float = 420.0
    rates: Rates = Rates()


class World:
    """See the module."""

    def __init__(self, seed: int, plan: SimulationPlan | None = None, *, trace: bool = False) -> None:
        self.seed = seed
        self.plan = plan or SimulationPlan()
        self.trace: list[str] | None = [] if trace else None
        self._digest = blake2b(digest_size=16)
        self.people = Random(f"people {seed}")
        self.timeline = Timeline()  # type: ignore[abstract]
        self.clock = WorldClock(self.timeline, speed=SPEED, start=START)
        self.faults = FaultModel(Random(f"weather {seed}"), self.plan.rates)
        self.network = Network(self.timeline, self.faults, self.note)
        self.rules = Rules(
            tariff=TARIFF,
            meter=MeterRules(waiting_kmh=18.0),
            offer_countdown_s=30.0,
            stale_after_s=45.0,
            give_up_s=400.0,
            reservation_lead_s=300.0,
            no_show_after_s=60.0,
        )
        account = Account(seller_id=SELLER, notify_url="http://taxi.example/alipay/notify")
        self.kinds = entity_kinds(
            self.rules,
            PaymentRules(
                account=account, expires_min=1, speed=SPEED, query_every_s=2.0, query_for_s=12.0,
                growing_s=(10.0, 20.0), answer_within_s=6.0,
            ),
        )  # fmt: skip
        self.passivate_after_s = 120.0
        self.window_s = 10.0
        self.travel_time = StraightLine(kmh=25.0, detour=1.3)
        self.tables = MemoryTables()
        self.journal = MemoryJournal(shards=SHARDS, tables=self.tables)
        self.commit_log = CommitLog(self)
        self.system = WorldSystem("", "", "", PLACEMENT, (MATCHER,), SPEED, START, START, "", world_clock=self.clock)
        self.registry = SimRegistry()
        self.bus = SimBus()
        self.alipay_away = False
        self.alipay_ear = NotificationReader()
        self.alipay_post = NotificationSender(self)
        self.alipay = AlipayModel(self.clock.wall, self.alipay_post.moved)
        self.buyers = Buyers(self)
        self.incarnations = self.crashes = self.requests = self._ids = 0
        self.pickups: dict[str, tuple[float, float]] = {}
        self.codes: dict[str, str] = {}
        self.alarms: list[Alarm] = []
        self.apps: list[SimApp] = []
        self.stale_owners: list[SimProcess] = []
        self.quiet = False
        self._labels: list[str] = []
        """Where hosts are still to crash, before the round begins anew."""

    # ── what everybody uses ──────────────────────────────────────────────────────────────────────────────────────

    def note(self, text: str) -> None:
        """A line of the trace."""
        line = f"{self.timeline.time():.6f} {text}\n"
        self._digest.update(line.encode())
        if self.trace is not None:
            self.trace.append(line)

    @property
    def digest(self) -> str:
        """A digest of the whole trace."""
        return self._digest.hexdigest()

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that belongs to no process: a person, AlipayModel, a fault."""
        self.timeline.create_task(work, context=NOBODY.copy())

    def new_id(self) -> str:
        """A session's id."""
        self._ids += 1
        return f"s{self._ids}"

    def rows(self, table: str) -> Mapping[str, Mapping[str, Any]]:
        """The rows of a table of the journal."""
        return self.tables.rows.get(table, {})

    def place(self) -> tuple[float, float]:
        """Somewhere in town: degrees."""
        return CENTRE[0] + self.people.uniform(-0.012, 0.012), CENTRE[1] + self.people.uniform(-0.012, 0.012)

    def phone_offset(self) -> float:
        """How wrong a phone's clock is, in seconds."""
        if self.people.random() < 0.5:
            return 0.0
        self.faults.count("phone: clock is off")
        return self.people.uniform(-600.0, 600.0)

    def pickup_of(self, trip: str) -> tuple[float, float]:
        """Where a trip begins."""
        return self.pickups.get(trip, CENTRE)

    async def keep_alarms(self, alarms: Sequence[Alarm]) -> None:
        """Where hosts keep their alarms."""
        self.alarms.extend(alarms)

    def ridden(self, trip: str, driver: DriverApp) -> None:
        """A ride is over: its driver may collect."""
        passenger = any(isinstance(app, PassengerApp) and app.trip == trip for app in self.apps)
        if not passenger or self.people.random() < 0.35:
            by = self.people.choice(("cash", "code", "scan", "scan"))
            self.do(driver.collect(trip, by))

    def left_alone(self, trip: str) -> bool:
        """Whether no passenger's app will pay this trip."""
        return not any(isinstance(app, PassengerApp) and app.trip == trip for app in self.apps)

    # ── processes ────────────────────────────────────────────────────────────────────────────────────────────────

    def start_process(self, name: str) -> SimProcess:
        """A process begins under an actor's name; who held it before is no longer called."""
        process = SimProcess(self, name)
        kinds = {"gateway": SimGateway, "matcher": SimMatcher}
        process.actor = kinds.get(name.partition("-")[0], SimHost)(process)
        self.network.actors[name] = process
        if isinstance(process.actor, SimHost):
            process.spawn(process.actor.ready())
        self.note(f"start {process.incarnation.name}")
        return process

    def crash(self, process: SimProcess, label: str) -> None:
        """``kill -9``; born again a moment later, unless another holds its name."""
        process.armed = ""
        process.end()
        self.crashes += 1
        self.faults.count(f"crash: {label}")
        self.note(f"crash {process.incarnation.name} {label}")
        if isinstance(process.actor, SimGateway):
            process.actor.break_down()
        if self.network.actors.get(process.name) is process:
            self.timeline.call_later(self.faults.rng.uniform(0.2, 0.9), self._again, process, context=NOBODY)

    def _again(self, dead: SimProcess) -> None:
        if self.network.actors.get(dead.name) is dead:
            self.start_process(dead.name)  # type: ignore[unused-ignore]

    def host_names(self) -> list[str]:
        """All actors that hold entities."""
        return PLACEMENT.standing_hosts()

    def running(self, names: Sequence[str]) -> list[SimProcess]:
        """Those of them that run now."""
        found = [self.network.actors.get(name) for name in names]
        return [p for p in found if isinstance(p, SimProcess) and p.incarnation.state is RunState.RUNS]

    def gateway_for_a_stranger(self) -> SimProcess | None:
        """A gateway that takes new connections."""
        running = self.running(GATEWAYS)
        return self.people.choice(running) if running else None

    def dial(self, gateway: SimProcess, app: SimApp) -> SimSocket:
        """A new socket."""
        wire = SimSocket(self.timeline, self.faults, app.hear, lambda: app.lost(wire))
        actor = gateway.actor
        assert isinstance(actor, SimGateway)  # noqa: S101 - gateways are what phones dial
        if not hasattr(actor, "gateway"):
            wire.gone = True
            return wire
        actor.dialled(wire)
        self.do(self._fray(wire))
        return wire

    async def _fray(self, wire: SimSocket) -> None:
        """Sockets end: cut for both sides, or silently."""
        every_s = self.faults.rates.socket_cut_every_s
        await asyncio.sleep(self.faults.pause_until_next(every_s))
        if wire.gone or self.faults.quiescent:
            return
        if self.faults.occurs("half_open", "socket: half open"):
            wire.fall_silent()
            await asyncio.sleep(20.0)
            wire.break_down()
        else:
            self.faults.count("socket: cut")
            wire.break_down()

    # ── faults that come by themselves ───────────────────────────────────────────────────────────────────────────

    def _let_loose(self) -> None:
        rates = self.faults.rates
        for every_s, strike in (
            (rates.crash_every_s, self._crash_a_host),
            (rates.gateway_crash_every_s, partial(self._crash_one_of, GATEWAYS, "gateway")),
            (rates.matcher_crash_every_s, partial(self._crash_one_of, (MATCHER,), "matcher")),
            (rates.pause_every_s, self._pause),
            (rates.stale_every_s, self._pause_and_replace),
            (rates.link_cut_every_s, self._cut_a_link),
            (rates.alipay_away_every_s, self._away),
        ):
            self.do(self._now_and_then(every_s, strike))

    async def _now_and_then(self, every_s: float, strike: Any) -> None:  # noqa: ANN401 - one of the coroutines below
        while True:
            await asyncio.sleep(min(self.faults.pause_until_next(every_s), 2.5 * every_s))
            if self.faults.quiescent:
                return
            await strike()

    async def _crash_a_host(self) -> None:
        rng = self.faults.rng
        self._labels = self._labels or rng.sample((*LABELS, "at rest"), len(LABELS) + 1)
        label = self._labels.pop()
        names = [n for n in self.host_names() if n.startswith("payment") or not label.endswith("Alipay")]
        names = [n for n in names if n.startswith("payment")] if label.endswith("Alipay") else names
        running = self.running(names)
        if not running:
            return
        victim = rng.choice(running)
        if label == "at rest":
            self.crash(victim, label)
            return
        victim.armed = label
        await asyncio.sleep(12.0)
        if victim.armed and victim.incarnation.alive:
            victim.armed = ""

    async def _crash_one_of(self, names: Sequence[str], label: str) -> None:
        running = self.running(names)
        if running:
            self.crash(self.faults.rng.choice(running), label)

    async def _pause(self) -> None:
        running = self.running([*self.host_names(), *GATEWAYS, MATCHER])
        if not running:
            return
        process = self.faults.rng.choice(running)
        self.faults.count("pause: short")
        await self._sleeps(process, self.faults.rng.uniform(0.3, 4.0))

    async def _sleeps(self, process: SimProcess, seconds: float) -> None:
        process.incarnation.state = RunState.PAUSED
        self.note(f"pause {process.incarnation.name}")
        await asyncio.sleep(seconds)
        if process.incarnation.state is RunState.PAUSED:
            self.note(f"resume {process.incarnation.name}")
            self.timeline.wake(process.incarnation)

    async def _pause_and_replace(self) -> None:
        """A host is stopped, another takes its place; then it wakes, and believes that it is still the owner."""
        rng = self.faults.rng
        running = self.running(self.host_names())
        if not running:
            return
        stale = rng.choice(running)
        stale.armed = ""
        self.do(self._sleeps(stale, rng.uniform(0.6, 5.0)))
        await asyncio.sleep(0.3)
        if self.network.actors.get(stale.name) is not stale:
            return
        self.faults.count("pause: wakes as stale owner")
        self.stale_owners.append(stale)
        self.start_process(stale.name)
        await asyncio.sleep(rng.uniform(6.0, 15.0))
        stale.end()
        self.note(f"end {stale.incarnation.name}")

    async def _cut_a_link(self) -> None:
        rng = self.faults.rng
        one, other = rng.sample(self.running([*self.host_names(), *GATEWAYS, MATCHER]) or [None, None], 2)
        if one is None or other is None:
            return
        self.network.cut(one.incarnation.name, other.name)
        await asyncio.sleep(rng.uniform(0.5, 5.0))
        self.network.mend_one(one.incarnation.name, other.name)

    async def _away(self) -> None:
        self.alipay_away = True
        self.faults.count("alipay: away")
        await asyncio.sleep(self.faults.rng.uniform(3.0, 20.0))
        self.alipay_away = False

    # ── the run ──────────────────────────────────────────────────────────────────────────────────────────────────

    def run(self) -> None:
        """From the first driver to the last timer."""
        try:
            self._begin()
            self.timeline.run(self.plan.fault_phase_s)
            self._crash_the_rest()
            self._clear_up()
            self.timeline.run(self.timeline.time() + 20.0)
            until = self.timeline.time() + self.plan.quiet_within_s
            while not self._is_quiet() and self.timeline.time() < until:
                self.timeline.run(self.timeline.time() + 5.0)
            self.quiet = self._is_quiet()
            self.timeline.run(self.timeline.time() + 6.0)
        finally:
            self.commit_log.close()

    def _begin(self) -> None:
        for name in (*self.host_names(), MATCHER, *GATEWAYS):
            self.start_process(name)
        for number in range(self.plan.drivers):
            DriverApp(self, f"V{number:02d}")
        for number in range(self.plan.passengers):
            PassengerApp(self, number, self.people.uniform(20.0, self.plan.begins_within_s))
        DispatcherApp(self)
        self._let_loose()

    def _crash_the_rest(self) -> None:
        """What chance has left out of the crashes that a world is to have."""
        while self.plan.rates.crash_every_s < NEVER and self.crashes < LEAST_CRASHES:
            running = self.running(self.host_names())
            if running:
                self.crash(self.faults.rng.choice(running), "at rest")
            self.timeline.run(self.timeline.time() + 3.0)

    def _clear_up(self) -> None:
        """The faults are over: who is stopped wakes, who was replaced ends, every way is open."""
        self.note("quiescent")
        self.faults.end_faults()
        self.network.mend()
        self.alipay_away = False
        for zombie in self.stale_owners:
            zombie.end()
        for app in self.apps:
            if not isinstance(app, PassengerApp) or app.content:
                app.open()
        for process in list(self.network.actors.values()):
            assert isinstance(process, SimProcess)  # noqa: S101 - nothing else is born here
            process.armed = ""
            if process.incarnation.state is RunState.PAUSED:
                self.timeline.wake(process.incarnation)

    def _is_quiet(self) -> bool:
        """Whether everybody rode, every trip ended, and no timer or call waits but those of the far future."""
        content = all(app.content for app in self.apps if isinstance(app, PassengerApp))
        ended = all(row["state"] in ENDED for row in self.rows("trip").values())
        return content and ended and self.finished >= self.plan.rides and not list(self.overdue())

    def wants_rides(self) -> bool:
        """Whether fewer rides are over or to come than a world is to have."""
        rows = self.rows("trip").values()
        return sum(row["finished_at"] is not None or row["state"] not in ENDED for row in rows) < self.plan.rides

    def someone_waits(self) -> bool:
        """Whether any trip wants a car, or will."""
        return any(row["state"] in SEEKING for row in self.rows("trip").values())

    def overdue(self, slack_s: float = 60.0) -> Iterator[str]:
        """Dues whose time came ``slack_s`` city seconds ago or more."""
        for owner, dues in self.tables.dues.items():
            for name, due in dues.items():
                if due.at < self.clock.city() - slack_s:
                    yield f"{owner} {name}"

    @property
    def rides(self) -> int:
        """Trips that were asked for or hailed."""
        return len(self.rows("trip"))

    @property
    def finished(self) -> int:
        """Rides that came to their destination."""
        return sum(row["finished_at"] is not None for row in self.rows("trip").values())

    @property
    def city_hours(self) -> float:
        """Hours on the city's clock."""
        return math.floor(self.timeline.time() * SPEED) / 3600.0

    def close(self) -> None:
        """Let everything go."""
        self.timeline.close_down()
