"""Simulated processes: the real hosts, matchers and gateways, each in a life of its own that may be paused or ended."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

import msgspec

from dispatch.actors.core.protocol import Envelope, Quote, Reply
from dispatch.actors.runtime.entity_host import EntityHost, HostParts, build_host
from dispatch.actors.runtime.host_client import HostClient
from dispatch.actors.runtime.lazy_start import LazyStart
from dispatch.actors.runtime.matcher_host import MatcherHost, MatcherParts, build_matcher
from dispatch.api.fields import FareView, MoneyView
from dispatch.domain.entity import Command
from dispatch.matching.settings import MatcherSettings
from dispatch.observability.metrics import Metrics
from dispatch.payment.core.gateway_calls import perform
from dispatch.store.journal import StoredCommand
from dispatch.values.place import Place
from dispatch.values.units import CityTime
from sim.simtest.alipay.client import SimAlipayClient
from sim.simtest.faulty_journal import FaultyJournal
from sim.simtest.network import SimSocket
from sim.simtest.virtual_loop import Incarnation, RunState
from ws_gateway.auth.revocations import Revocations
from ws_gateway.http.alipay_webhook import AlipayWebhook
from ws_gateway.hub.announcements import AlarmAnnouncer
from ws_gateway.hub.hub import Hub
from ws_gateway.hub.phone_masking import PhoneMasker
from ws_gateway.hub.request_resolver import RequestResolver
from ws_gateway.session.identity import Identity, SessionRules
from ws_gateway.settings import GatewaySettings

if TYPE_CHECKING:
    from sim.simtest.simulation import World

COMMIT_WINDOW_S = 0.03
"""Longer than in production, as is all that ``sim.simtest.pacing`` sets."""
FEED_GATHER_S = 0.5
METRICS = Metrics()
"""Shared by all processes: creating metrics takes longer than starting a host."""


class SimProcess:
    """One process under its actor's name. ``armed`` is the label at which it dies."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.number = world.incarnations = world.incarnations + 1
        self.incarnation = Incarnation(f"{name}.{self.number}")
        self.armed = ""
        self.actor: Any = None

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something as this process."""
        return self.world.timeline.create_task(work, context=self.incarnation.context())

    async def at(self, label: str) -> None:
        """A labelled point: here it may die."""
        if self.armed == label:
            self.world.crash(self, label)
        if not self.incarnation.alive:
            await self.world.timeline.create_future()

    def end(self) -> None:
        """``kill -9``."""
        self.incarnation.state = RunState.DEAD


class SimCalls:
    """The outgoing calls of a host, with checkpoints before and after each."""

    def __init__(self, process: SimProcess, client: HostClient) -> None:
        self._process = process
        self._client = client
        self._alipay = SimAlipayClient(process)

    async def call(self, envelope: Envelope) -> Reply:
        await self._process.at("before a call")
        reply = await self._client.command(envelope)
        await self._process.at("after a call")
        return reply

    async def call_gateway(self, scheduled: StoredCommand) -> Command:
        await self._process.at("before Alipay")
        report = await perform(self._alipay, scheduled.name, scheduled.command)
        await self._process.at("after Alipay")
        return msgspec.structs.replace(report, heard_at=self._process.world.clock.wall())


class SimHost:
    """The production host of :func:`build_host`, on the simulated journal, network and clock."""

    def __init__(self, process: SimProcess) -> None:
        self._process = process
        self._host = LazyStart(self._start)

    async def ready(self) -> None:
        """Start the host, as the supervisor's first ping does."""
        await self._host.ready()

    async def serve(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - an RPC result
        """Execute an RPC method."""
        return await getattr(await self._host.ready(), method)(*arguments)

    async def _start(self) -> EntityHost:
        world, process = self._process.world, self._process
        incarnation = process.incarnation.name
        client = HostClient(world.system, incarnation, world.network.connect_from(incarnation))
        host = build_host(
            HostParts(
                name=process.name,
                incarnation=incarnation,
                placement=world.system.placement,
                kinds=world.kinds,
                clock=world.clock,
                journal=FaultyJournal(process),
                metrics=METRICS,
                bus=world.bus,
                record_alarms=world.keep_alarms,
                calls=SimCalls(process, client),
                matchers=[client.actor(matcher) for matcher in world.system.matchers],
                passivate_after_s=world.passivate_after_s,
                commit_window_s=COMMIT_WINDOW_S,
                feed_gather_s=FEED_GATHER_S,
            )
        )
        await host.start()
        return host


class SimMatcher:
    """The production matcher of :func:`build_matcher`, on the simulated network and clock."""

    def __init__(self, process: SimProcess) -> None:
        self._process = process
        self._matcher: MatcherHost | None = None

    async def serve(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - an RPC result
        """Execute an RPC method. The first one starts the matcher."""
        if self._matcher is None:
            self._matcher = self._built()
            self._matcher.start()
        return await getattr(self._matcher, method)(*arguments)

    def _built(self) -> MatcherHost:
        world, incarnation = self._process.world, self._process.incarnation.name
        client = HostClient(world.system, incarnation, world.network.connect_from(incarnation))
        return build_matcher(
            MatcherParts(
                name=self._process.name,
                incarnation=incarnation,
                clock=world.clock,
                metrics=METRICS,
                travel_time=world.travel_time,
                settings=MatcherSettings(stale_after_s=world.rules.stale_after_s, hold_s=40.0),
                send=client.command,
                window_s=world.window_s,
                max_pickup_s=1800.0,
            )
        )


class SimGateway:
    """The real gateway with its sessions, without HTTP: sockets are wires, and Alipay's notifications come as bytes."""

    def __init__(self, process: SimProcess) -> None:
        self.process = process
        self.wires: list[SimSocket] = []
        process.spawn(self._start())

    async def _start(self) -> None:
        world, name = self.process.world, self.process.incarnation.name
        hosts = HostClient(world.system, name, world.network.connect_from(name))
        phones = PhoneMasker(cast("Any", world.registry), world.clock, world.new_id)
        resolver = RequestResolver(
            hosts,
            cast("Any", world.registry),
            cast("Any", None),
            zone=ZoneInfo("UTC"),
            word=cast("Any", None),
            roads=cast("Any", None),
            phones=phones,
            announcer=AlarmAnnouncer(cast("Any", None), cast("Any", None), cast("Any", world.bus)),
        )
        self.gateway = Hub(
            hosts=hosts,
            bus=world.bus.joined(self.process.incarnation),
            resolver=resolver,
            clock=world.clock,
            settings=GatewaySettings(detach_after_s=2.0, revocations_s=60.0),
            rules=SessionRules(secret=b"the secret of ride codes", price=_price),
            phones=phones,
            revocations=Revocations(world.registry, verified, world.clock),
            new_id=world.new_id,
            metrics=METRICS,
        )
        self.notices = AlipayWebhook(world.alipay_ear, hosts)
        hosts.start()
        self.gateway.start()

    def dialled(self, wire: SimSocket) -> None:
        """A phone has connected."""
        self.wires.append(wire)
        self.process.spawn(self.gateway.serve("taxi.v1.msgpack", wire.receive, wire.send))

    def break_down(self) -> None:
        """The process is gone, and with it every socket."""
        for wire in self.wires:
            wire.break_down()


def _price(_: Place, quote: Quote, __: CityTime) -> FareView:
    return FareView(total=MoneyView(minor=round(quote.meters / 10), currency="USD"), lines=[])


def verified(token: str, wall: float) -> Identity:
    """Tokens of the form ``driver/D1/V1``; they last as long as the world."""
    role, subject, vehicle = token.split("/")
    return Identity(
        role=cast("Any", role), subject=subject, vehicle=vehicle or None, expires_at=cast("Any", wall + 1e9)
    )
