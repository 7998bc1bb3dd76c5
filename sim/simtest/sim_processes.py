"""Simulated processes: the real hosts, matchers and gateways, each in a life of its own that may be paused or ended."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

import msgspec

from dispatch.actors.core.host_core import HostCore
from dispatch.actors.core.placement import kind_of
from dispatch.actors.core.position_ingest import PositionIngest, adopt
from dispatch.actors.core.protocol import Envelope, Quote, Reply
from dispatch.actors.core.push_queues import PushQueues
from dispatch.actors.ray.host_actor import HostActor
from dispatch.actors.runtime.alarm_writer import AlarmWriter
from dispatch.actors.runtime.console_publisher import ConsolePublisher
from dispatch.actors.runtime.host_client import HostClient
from dispatch.actors.runtime.host_runtime import HostRuntime
from dispatch.actors.runtime.match_feed import MatchFeed, MatchUpdate
from dispatch.actors.runtime.matcher_runtime import MatcherRuntime
from dispatch.api.fields import FareView, MoneyView
from dispatch.domain.entity import Command
from dispatch.geo.index.vehicle_index import VehicleIndex
from dispatch.matching.candidates import CityCandidates
from dispatch.matching.matcher import RegionMatcher
from dispatch.matching.settings import MatcherSettings
from dispatch.observability.metrics import Metrics
from dispatch.payment.core.gateway_calls import perform
from dispatch.store.journal import StoredCommand
from dispatch.values.place import Place
from dispatch.values.units import CityTime, LatLng
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

_decode_news = msgspec.msgpack.Decoder(MatchUpdate).decode
_encode = msgspec.msgpack.Encoder().encode

COMMIT_WINDOW_S = 0.03
"""Longer than in production, as is all that ``sim.simtest.pacing`` sets."""
METRICS = Metrics()
"""Counted by all and read by nobody: making metrics anew takes longer than a host's birth."""


class SimProcess:
    """One process under its actor's name. ``armed`` is the label at which it dies."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.number = world.incarnations = world.incarnations + 1
        self.incarnation = Incarnation(f"{name}.{self.number}")
        self.armed = ""
        self.actor: object = None

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


class SimHost(HostActor):
    """The real host of entities, on the world's journal and clock; born with its first call, as the real one is."""

    def __init__(self, process: SimProcess) -> None:
        self.process = process
        self.name = process.name
        self.incarnation = process.incarnation.name
        self._born = None
        self._tasks = []
        self._asked_at = {}
        self._due_at = {}
        self._stale = set()

    async def _bear(self) -> None:
        world, kind = self.process.world, kind_of(self.name)
        self.clock = world.clock  # type: ignore[assignment]
        self.metrics = METRICS
        journal = FaultyJournal(self.process)
        self.hosts = HostClient(
            world.system, self.process.incarnation.name, world.network.dial(self.process.incarnation.name)
        )
        self.consoles = ConsolePublisher(world.bus, self.name)
        self.alarms = AlarmWriter(world.keep_alarms)
        core = HostCore(
            kind,
            world.kinds,
            PushQueues(self.incarnation),
            passivate_after_s=world.passivate_after_s,
            adopt=adopt if kind == "vehicle" else None,
        )
        self.desk = PositionIngest(core)
        self.archive = None
        self.payments = cast("Any", SimAlipayClient(self.process)) if kind == "payment" else None
        self.feeds = [
            MatchFeed(self.name, self.hosts.line(matcher), self._all_listings, self._all_cars)
            for matcher in world.system.matchers
            if kind != "payment"
        ]
        self.shell = HostRuntime(
            core,
            journal,
            self,
            self.clock,
            commit_window_s=COMMIT_WINDOW_S,
            on_shown=self.desk.on_update if kind == "vehicle" else None,
            on_loaded=self._loaded,
            on_commit=self._committed,
        )
        shards = world.system.placement.shards_of(self.name)
        await self.shell.start(lambda until: journal.scheduled_commands(kind, shards, until=until))
        jobs = [feed.run() for feed in self.feeds] + [self._housekeep(), self.alarms.run()]
        if kind == "vehicle":
            jobs.append(self._feed_positions())
        self._tasks = [world.timeline.create_task(job) for job in jobs]

    async def call(self, envelope: Envelope) -> Reply:
        """Send a command to another entity; before and after it the process may die."""
        await self.process.at("before a call")
        reply = await super().call(envelope)
        await self.process.at("after a call")
        return reply

    async def call_gateway(self, due: StoredCommand) -> Command:
        """Do the outgoing work of a payment, as the payment desk does it."""
        await self.process.at("before Alipay")
        line = cast("SimAlipayClient", self.payments)
        told = await perform(line, due.name, due.command)
        await self.process.at("after Alipay")
        return msgspec.structs.replace(told, heard_at=self.clock.wall())


class SimMatcher:
    """The matcher's shell, called as its Ray actor is."""

    def __init__(self, process: SimProcess) -> None:
        self.process = process
        self.shell: MatcherRuntime | None = None

    async def _ready(self) -> MatcherRuntime:
        if self.shell is None:
            self.shell = self._made()
            self.process.spawn(self.shell.run())
        return self.shell

    def _made(self) -> MatcherRuntime:
        world = self.process.world
        candidates = CityCandidates(VehicleIndex(), world.travel_time)
        hosts = HostClient(
            world.system, self.process.incarnation.name, world.network.dial(self.process.incarnation.name)
        )
        settings = MatcherSettings(stale_after_s=world.rules.stale_after_s, hold_s=40.0)

        def send(envelope: Envelope) -> asyncio.Future[Reply]:
            return self.process.spawn(hosts.command(envelope))

        return MatcherRuntime(
            RegionMatcher(candidates, settings),
            candidates,
            world.travel_time,
            world.clock,
            send,
            window_s=world.window_s,
            max_pickup_s=1800.0,
        )

    async def update(self, body: bytes) -> str:
        """News of a host; the incarnation."""
        (await self._ready()).hear(_decode_news(body))
        return self.process.incarnation.name

    async def quote(self, lat: float, lng: float, to_lat: float, to_lng: float, at: float) -> bytes:
        """The encoded quote for a ride."""
        shell = await self._ready()
        return _encode(shell.quote(LatLng(lat, lng), LatLng(to_lat, to_lng), CityTime(at)))


class SimGateway:
    """The real gateway with its sessions, without HTTP: sockets are wires, and Alipay's notifications come as bytes."""

    def __init__(self, process: SimProcess) -> None:
        self.process = process
        self.wires: list[SimSocket] = []
        process.spawn(self._bear())

    async def _bear(self) -> None:
        world, name = self.process.world, self.process.incarnation.name
        hosts = HostClient(world.system, name, world.network.dial(name))
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
