"""Simulated processes: the production hosts, matchers and gateways, each of which may be paused or killed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, NamedTuple, cast
from zoneinfo import ZoneInfo

import msgspec

from dispatch.actors.core.protocol import Envelope, Quote, Reply
from dispatch.actors.runtime.entity_host import EntityHost, HostParts, build_host
from dispatch.actors.runtime.host_client import HostClient
from dispatch.actors.runtime.lazy_start import LazyStart
from dispatch.actors.runtime.matcher_host import MatcherHost, build_matcher
from dispatch.actors.runtime.matcher_runtime import MatcherParts
from dispatch.api.fields import FareView, MoneyView
from dispatch.api.server_messages import Alarm
from dispatch.domain.entity import Command
from dispatch.matching.types import MatcherSettings
from dispatch.observability.metrics import Metrics
from dispatch.payment.core.gateway_calls import perform
from dispatch.store.journal import StoredCommand
from dispatch.values.place import Place
from dispatch.values.units import CityTime
from sim.simtest.alipay.client import NotificationReader, SimAlipayClient
from sim.simtest.commit_log import CommitLog
from sim.simtest.context import Checkpoint, SimContext
from sim.simtest.faulty_journal import FaultyJournal
from sim.simtest.network import SimSocket
from sim.simtest.registry_and_bus import SimBus, SimRegistry
from sim.simtest.virtual_loop import Incarnation, RunState
from ws_gateway.auth.revocations import Revocations
from ws_gateway.http.alipay_webhook import AlipayWebhook
from ws_gateway.hub.hub import Hub
from ws_gateway.hub.phone_masking import PhoneMasker
from ws_gateway.hub.request_resolver import AlarmAnnouncer, RequestResolver
from ws_gateway.session.identity import Identity, SessionRules
from ws_gateway.settings import GatewaySettings

PASSIVATE_AFTER_S = 120.0
WINDOW_S = 10.0
COMMIT_WINDOW_S = 0.03
"""Longer than in production, like everything in ``sim.simtest.run.PACE``."""
FEED_GATHER_S = 0.5
METRICS = Metrics()
"""Shared by all processes: creating metrics takes longer than starting a host."""


class ProcessEnvironment(NamedTuple):
    """The parts of the simulation that processes use."""

    context: SimContext
    registry: SimRegistry
    bus: SimBus
    commit_log: CommitLog
    alipay: SimAlipayClient
    record_alarms: Callable[[Sequence[Alarm]], Awaitable[None]]


class SimProcess:
    """One process under its actor's name. ``armed`` is the checkpoint at which it crashes."""

    def __init__(self, context: SimContext, name: str, number: int, crash: Callable[[SimProcess, str], None]) -> None:
        self.name = name
        self.incarnation = Incarnation(f"{name}.{number}")
        self.armed = ""
        self.actor: Any = None
        self._timeline = context.timeline
        self._crash = crash

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        return self._timeline.create_task(work, context=self.incarnation.context())

    async def checkpoint(self, label: str) -> None:
        if self.armed == label:
            self._crash(self, label)
        if not self.incarnation.alive:
            await self._timeline.create_future()

    def end(self) -> None:
        self.incarnation.state = RunState.DEAD


class SimCalls:
    """The outgoing calls of a host, with checkpoints before and after each."""

    def __init__(self, environment: ProcessEnvironment, client: HostClient, checkpoint: Checkpoint) -> None:
        self._clock = environment.context.clock
        self._alipay = environment.alipay
        self._client = client
        self._checkpoint = checkpoint

    async def call(self, envelope: Envelope) -> Reply:
        await self._checkpoint("before a call")
        reply = await self._client.command(envelope)
        await self._checkpoint("after a call")
        return reply

    async def call_gateway(self, scheduled: StoredCommand) -> Command:
        await self._checkpoint("before Alipay")
        report = await perform(self._alipay, scheduled.name, scheduled.command)
        await self._checkpoint("after Alipay")
        return msgspec.structs.replace(report, heard_at=self._clock.wall())


class SimHost:
    """The production host of :func:`build_host`, on the simulated journal, network and clock."""

    def __init__(self, environment: ProcessEnvironment, process: SimProcess) -> None:
        self._environment = environment
        self._process = process
        self._host = LazyStart(self._start)

    async def ready(self) -> None:
        await self._host.ready()

    async def serve(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - an RPC result
        return await getattr(await self._host.ready(), method)(*arguments)

    async def _start(self) -> EntityHost:
        environment, context, process = self._environment, self._environment.context, self._process
        incarnation = process.incarnation.name
        client = HostClient(context.system, incarnation, context.network.connect_from(incarnation))
        host = build_host(
            HostParts(
                name=process.name,
                incarnation=incarnation,
                placement=context.system.placement,
                kinds=context.kinds,
                clock=context.clock,
                journal=FaultyJournal(context, environment.commit_log, incarnation, process.checkpoint),
                metrics=METRICS,
                bus=environment.bus,
                record_alarms=environment.record_alarms,
                calls=SimCalls(environment, client, process.checkpoint),
                matchers=[client.actor(matcher) for matcher in context.system.matchers],
                passivate_after_s=PASSIVATE_AFTER_S,
                commit_window_s=COMMIT_WINDOW_S,
                feed_gather_s=FEED_GATHER_S,
            )
        )
        await host.start()
        return host


class SimMatcher:
    """The production matcher of :func:`build_matcher`, on the simulated network and clock."""

    def __init__(self, environment: ProcessEnvironment, process: SimProcess) -> None:
        self._context = environment.context
        self._process = process
        self._matcher: MatcherHost | None = None

    async def serve(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - an RPC result
        if self._matcher is None:
            self._matcher = self._built()
            self._matcher.start()
        return await getattr(self._matcher, method)(*arguments)

    def _built(self) -> MatcherHost:
        context, incarnation = self._context, self._process.incarnation.name
        client = HostClient(context.system, incarnation, context.network.connect_from(incarnation))
        return build_matcher(
            MatcherParts(
                name=self._process.name,
                incarnation=incarnation,
                clock=context.clock,
                metrics=METRICS,
                travel_time=context.travel_time,
                settings=MatcherSettings(stale_after_s=context.rules.stale_after_s, hold_s=40.0),
                send=client.command,
                window_s=WINDOW_S,
                max_pickup_s=1800.0,
            )
        )


class SimGateway:
    """The production gateway with its sessions, without HTTP: simulated sockets, and notifications as bytes."""

    def __init__(self, environment: ProcessEnvironment, process: SimProcess) -> None:
        self._environment = environment
        self.process = process
        self.wires: list[SimSocket] = []
        self.is_up = False
        process.spawn(self._start())

    async def _start(self) -> None:
        environment, context, name = self._environment, self._environment.context, self.process.incarnation.name
        hosts = HostClient(context.system, name, context.network.connect_from(name))
        phones = PhoneMasker(cast("Any", environment.registry), context.clock, context.new_id)
        resolver = RequestResolver(
            hosts,
            cast("Any", environment.registry),
            cast("Any", None),
            zone=ZoneInfo("UTC"),
            word=cast("Any", None),
            roads=cast("Any", None),
            phones=phones,
            announcer=AlarmAnnouncer(cast("Any", None), cast("Any", None), cast("Any", environment.bus)),
        )
        self.gateway = Hub(
            hosts=hosts,
            bus=environment.bus.for_gateway(self.process.incarnation),
            resolver=resolver,
            clock=context.clock,
            settings=GatewaySettings(detach_after_s=2.0, revocations_s=60.0),
            rules=SessionRules(secret=b"the secret of ride codes", price=_price),
            phones=phones,
            revocations=Revocations(environment.registry, verified, context.clock),
            new_id=context.new_id,
            metrics=METRICS,
        )
        self.webhook = AlipayWebhook(NotificationReader(), hosts)
        hosts.start()
        self.gateway.start()
        self.is_up = True

    def accept(self, wire: SimSocket) -> None:
        self.wires.append(wire)
        self.process.spawn(self.gateway.serve("taxi.v1.msgpack", wire.receive, wire.send))

    def break_down(self) -> None:
        for wire in self.wires:
            wire.break_down()


def _price(_: Place, quote: Quote, __: CityTime) -> FareView:
    return FareView(total=MoneyView(minor=round(quote.meters / 10), currency="USD"), lines=[])


def verified(token: str, wall: float) -> Identity:
    """Verify a token of the form ``driver/D1/V1``, which does not expire."""
    role, subject, vehicle = token.split("/")
    return Identity(
        role=cast("Any", role), subject=subject, vehicle=vehicle or None, expires_at=cast("Any", wall + 1e9)
    )
