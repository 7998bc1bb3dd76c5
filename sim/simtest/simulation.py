"""Assembles one simulation from a seed, runs it and injects faults: all processes, people and faults on one timeline.

It runs in two phases. First ``fault_phase_s`` wall seconds with faults. Then the faults end, everything that is down
comes back, and the simulation runs until it is quiet. Its results (the journal, the true state of Alipay, the logs
of all apps, the log of all commits) is checked by ``sim.simtest.invariants``.
"""

import asyncio
import math
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from dispatch.api.server_messages import Alarm
from dispatch.domain.trip.trip_state import ENDED
from sim.simtest.alipay.client import NotificationSender, SimAlipayClient
from sim.simtest.alipay.model import AlipayModel, Trade
from sim.simtest.apps.app import SimApp
from sim.simtest.apps.driver import DriverApp
from sim.simtest.apps.passenger import Buyers, DispatcherApp, PassengerApp
from sim.simtest.commit_log import CommitLog
from sim.simtest.context import MATCHER, PLACEMENT, SPEED, SimContext, SimulationPlan, SocketEnd
from sim.simtest.fault_model import LABELS
from sim.simtest.network import NOBODY, SimSocket
from sim.simtest.registry_and_bus import SimBus, SimRegistry
from sim.simtest.sim_processes import ProcessEnvironment, SimGateway, SimHost, SimMatcher, SimProcess
from sim.simtest.virtual_loop import RunState

GATEWAYS: Final = ("gateway-0", "gateway-1")
LEAST_CRASHES: Final = 5
NEVER: Final = 1e8


class Simulation:
    """See the module."""

    def __init__(self, seed: int, plan: SimulationPlan | None = None, *, trace: bool = False) -> None:
        self.seed = seed
        self.plan = plan or SimulationPlan()
        self.context = context = SimContext(seed, self.plan, trace=trace)
        context.connect = self._connect
        context.has_rider = self._has_rider
        self.timeline, self.faults, self.network = context.timeline, context.faults, context.network
        self.sender = NotificationSender(context, self._deliver_notification)
        self.alipay = AlipayModel(context.clock.wall, self.sender.moved)
        self.buyers = Buyers(context, self.alipay.pay)
        self.commit_log = CommitLog(context, self.alipay, self._last_fix_at)
        self.alarms: list[Alarm] = []
        self.apps: list[SimApp] = []
        self._environment = ProcessEnvironment(
            context=context,
            registry=SimRegistry(),
            bus=SimBus(),
            commit_log=self.commit_log,
            alipay=SimAlipayClient(context, self.alipay, self._on_new_trade),
            record_alarms=self._record_alarms,
        )
        self.incarnations = self.crashes = 0
        self.stale_owners: list[SimProcess] = []
        self.quiet = False
        self._labels: list[str] = []
        """Checkpoints at which hosts are still to crash before the next round."""

    async def _record_alarms(self, alarms: Sequence[Alarm]) -> None:
        self.alarms.extend(alarms)

    def _on_new_trade(self, trade: Trade) -> None:
        self.sender.forge(trade)
        self.buyers.see(trade)

    def _has_rider(self, trip: str) -> bool:
        return any(isinstance(app, PassengerApp) and app.trip == trip for app in self.apps)

    def _last_fix_at(self, vehicle: str) -> float:
        return next(app.sent_at for app in self.apps if isinstance(app, DriverApp) and app.vehicle == vehicle)

    async def _deliver_notification(self, body: bytes) -> bool:
        gateway = self._running_gateway()
        if gateway is None:
            return False
        task = gateway.spawn(gateway.actor.webhook.receive_notification(body, ""))
        await asyncio.wait([task], timeout=5.0)
        return bool(task.done() and not task.cancelled() and task.exception() is None and task.result())

    def _running_gateway(self) -> SimProcess | None:
        running = self.running(GATEWAYS)
        return self.context.people.choice(running) if running else None

    def _connect(self, app: SocketEnd) -> SimSocket | None:
        gateway = self._running_gateway()
        if gateway is None:
            return None
        socket = SimSocket(self.timeline, self.faults, app.on_frame, lambda: app.lost(socket))
        actor = gateway.actor
        assert isinstance(actor, SimGateway)  # noqa: S101 - apps connect to gateways
        if not actor.is_up:
            socket.gone = True
            return socket
        actor.accept(socket)
        self.context.spawn(self._break_socket(socket))
        return socket

    async def _break_socket(self, socket: SimSocket) -> None:
        await asyncio.sleep(self.faults.pause_until_next(self.faults.rates.socket_cut_every_s))
        if socket.gone or self.faults.quiescent:
            return
        if self.faults.occurs("half_open", "socket: half open"):
            socket.fall_silent()
            await asyncio.sleep(20.0)
            socket.break_down()
        else:
            self.faults.count("socket: cut")
            socket.break_down()

    def start_process(self, name: str) -> SimProcess:
        """Start a process under an actor's name; its predecessor receives no more calls."""
        self.incarnations += 1
        process = SimProcess(self.context, name, self.incarnations, self.crash)
        kinds = {"gateway": SimGateway, "matcher": SimMatcher}
        process.actor = kinds.get(name.partition("-")[0], SimHost)(self._environment, process)
        self.network.actors[name] = process
        if isinstance(process.actor, SimHost):
            process.spawn(process.actor.ready())
        self.context.note(f"start {process.incarnation.name}")
        return process

    def crash(self, process: SimProcess, label: str) -> None:
        """``kill -9``; the process is restarted a moment later, unless it was replaced."""
        process.armed = ""
        process.end()
        self.crashes += 1
        self.faults.count(f"crash: {label}")
        self.context.note(f"crash {process.incarnation.name} {label}")
        if isinstance(process.actor, SimGateway):
            process.actor.break_down()
        if self.network.actors.get(process.name) is process:
            self.timeline.call_later(self.faults.rng.uniform(0.2, 0.9), self._restart, process, context=NOBODY)

    def _restart(self, dead: SimProcess) -> None:
        if self.network.actors.get(dead.name) is dead:
            self.start_process(dead.name)

    def host_names(self) -> list[str]:
        return PLACEMENT.standing_hosts()

    def running(self, names: Sequence[str]) -> list[SimProcess]:
        found = [self.network.actors.get(name) for name in names]
        return [p for p in found if isinstance(p, SimProcess) and p.incarnation.state is RunState.RUNS]

    def _schedule_faults(self) -> None:
        rates = self.faults.rates
        for every_s, inject in (
            (rates.crash_every_s, self._crash_a_host),
            (rates.gateway_crash_every_s, partial(self._crash_one_of, GATEWAYS, "gateway")),
            (rates.matcher_crash_every_s, partial(self._crash_one_of, (MATCHER,), "matcher")),
            (rates.pause_every_s, self._pause),
            (rates.stale_every_s, self._pause_and_replace),
            (rates.link_cut_every_s, self._cut_a_link),
            (rates.alipay_away_every_s, self._make_alipay_unavailable),
        ):
            self.context.spawn(self._repeat(every_s, inject))

    async def _repeat(self, every_s: float, inject: Any) -> None:  # noqa: ANN401 - one of the coroutines below
        while True:
            await asyncio.sleep(min(self.faults.pause_until_next(every_s), 2.5 * every_s))
            if self.faults.quiescent:
                return
            await inject()

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
        await self._pause_for(process, self.faults.rng.uniform(0.3, 4.0))

    async def _pause_for(self, process: SimProcess, seconds: float) -> None:
        process.incarnation.state = RunState.PAUSED
        self.context.note(f"pause {process.incarnation.name}")
        await asyncio.sleep(seconds)
        if process.incarnation.state is RunState.PAUSED:
            self.context.note(f"resume {process.incarnation.name}")
            self.timeline.wake(process.incarnation)

    async def _pause_and_replace(self) -> None:
        """A host is paused and replaced; then it resumes and acts as a stale owner."""
        rng = self.faults.rng
        running = self.running(self.host_names())
        if not running:
            return
        stale = rng.choice(running)
        stale.armed = ""
        self.context.spawn(self._pause_for(stale, rng.uniform(0.6, 5.0)))
        await asyncio.sleep(0.3)
        if self.network.actors.get(stale.name) is not stale:
            return
        self.faults.count("pause: resumes as stale owner")
        self.stale_owners.append(stale)
        self.start_process(stale.name)
        await asyncio.sleep(rng.uniform(6.0, 15.0))
        stale.end()
        self.context.note(f"end {stale.incarnation.name}")

    async def _cut_a_link(self) -> None:
        rng = self.faults.rng
        one, other = rng.sample(self.running([*self.host_names(), *GATEWAYS, MATCHER]) or [None, None], 2)
        if one is None or other is None:
            return
        self.network.cut(one.incarnation.name, other.name)
        await asyncio.sleep(rng.uniform(0.5, 5.0))
        self.network.mend_one(one.incarnation.name, other.name)

    async def _make_alipay_unavailable(self) -> None:
        self.faults.alipay_away = True
        self.faults.count("alipay: away")
        await asyncio.sleep(self.faults.rng.uniform(3.0, 20.0))
        self.faults.alipay_away = False

    def run(self) -> None:
        try:
            self._begin()
            self.timeline.run(self.plan.fault_phase_s)
            self._crash_the_rest()
            self._end_faults()
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
            self.apps.append(DriverApp(self.context, f"V{number:02d}"))
        for number in range(self.plan.passengers):
            begins_s = self.context.people.uniform(20.0, self.plan.begins_within_s)
            self.apps.append(PassengerApp(self.context, number, begins_s))
        self.apps.append(DispatcherApp(self.context))
        self._schedule_faults()

    def _crash_the_rest(self) -> None:
        while self.plan.rates.crash_every_s < NEVER and self.crashes < LEAST_CRASHES:
            running = self.running(self.host_names())
            if running:
                self.crash(self.faults.rng.choice(running), "at rest")
            self.timeline.run(self.timeline.time() + 3.0)

    def _end_faults(self) -> None:
        self.context.note("quiescent")
        self.faults.end_faults()
        self.network.mend()
        self.faults.alipay_away = False
        for zombie in self.stale_owners:
            zombie.end()
        for app in self.apps:
            if not isinstance(app, PassengerApp) or app.content:
                app.open()
        for process in list(self.network.actors.values()):
            assert isinstance(process, SimProcess)  # noqa: S101 - actors are started here only
            process.armed = ""
            if process.incarnation.state is RunState.PAUSED:
                self.timeline.wake(process.incarnation)

    def _is_quiet(self) -> bool:
        content = all(app.content for app in self.apps if isinstance(app, PassengerApp))
        ended = all(row["state"] in ENDED for row in self.context.rows("trip").values())
        return content and ended and self.finished >= self.plan.rides and not list(self.context.overdue())

    @property
    def rides(self) -> int:
        return len(self.context.rows("trip"))

    @property
    def finished(self) -> int:
        return sum(row["finished_at"] is not None for row in self.context.rows("trip").values())

    @property
    def city_hours(self) -> float:
        return math.floor(self.timeline.time() * SPEED) / 3600.0

    def close(self) -> None:
        self.timeline.close_down()
