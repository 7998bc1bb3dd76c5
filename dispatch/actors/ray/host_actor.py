"""The Ray actor that hosts many entities of one kind: the process around a :class:`HostRuntime`.

Success of a call means what the shell's docstrings say. Failure means nothing is known: the caller sends the same
command id again. ``max_restarts=-1``: Ray starts a dead host again; ``max_task_retries=0``: it never repeats a call.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final

import msgspec
import structlog

from dispatch.actors.core.entity_types import StreamUpdate, entity_kinds
from dispatch.actors.core.host_core import HostCore
from dispatch.actors.core.placement import Placement, kind_of
from dispatch.actors.core.position_ingest import PositionIngest, adopt, matcher_position
from dispatch.actors.core.protocol import Done, Envelope, FixRow, MatcherPosition, Reply, SubscribeRequest
from dispatch.actors.core.push_queues import PushQueues
from dispatch.actors.core.work_items import ListingChange
from dispatch.actors.ray.discovery import FindActor, connect_by_ray, own_host
from dispatch.actors.ray.session import this_node
from dispatch.actors.rpc.transport import Address, RpcServer
from dispatch.actors.runtime.alarm_writer import AlarmWriter
from dispatch.actors.runtime.cluster_config import ClusterConfig
from dispatch.actors.runtime.console_publisher import ConsolePublisher
from dispatch.actors.runtime.host_client import HostClient
from dispatch.actors.runtime.host_runtime import HostRuntime
from dispatch.actors.runtime.lazy_bus import LazyBus
from dispatch.actors.runtime.map_publisher import MapPublisher
from dispatch.actors.runtime.match_feed import MatchFeed
from dispatch.actors.runtime.track_writer import TrackWriter
from dispatch.api.alarms import alarm_of
from dispatch.api.fields import TripView
from dispatch.domain.entity import Command, DomainNotice, Entity, EntityKey
from dispatch.domain.match_pool import MatchEntry
from dispatch.domain.rules import Rules
from dispatch.domain.trip.trip_state import ENDED
from dispatch.domain.vehicle.track_recorder import TrackRecorder, TrackRules
from dispatch.domain.vehicle.vehicle import Vehicle
from dispatch.observability.logging import Format, Level, log_to_file
from dispatch.observability.metrics import Metrics
from dispatch.payment.core.payment import PaymentRules
from dispatch.processes.gc_freeze import freeze_startup_objects
from dispatch.store.journal import Batch, Committed, Conflict, Journal, StoredCommand
from dispatch.store.journals.sql_journal import open_journal
from dispatch.store.queries.alarms import SqlAlarms

if TYPE_CHECKING:
    from dispatch.actors.runtime.payment_worker import PaymentWorker

log = structlog.get_logger()

HOUSEKEEPING_S: Final = 5.0
FEED_POSITIONS_S: Final = 0.5
"""City seconds between two looks at where the free cars are: a few metres."""
FEED_AT_LEAST_S: Final = 0.1
"""The same in wall seconds, for a city whose clock runs fast."""
PAYMENT_ENDS: Final = frozenset({"payment_paid", "payment_failed", "payment_unknown"})
NO_ALARM: Final = frozenset({"payment_refunded", "payment_paid", "payment_failed"})
STALE_ON_TRIP: Final = "car_stale_on_trip"

_encode = msgspec.msgpack.Encoder().encode
_decode_envelopes = msgspec.msgpack.Decoder(list[Envelope]).decode
_decode_fixes = msgspec.msgpack.Decoder(list[FixRow]).decode
_decode_signals = msgspec.msgpack.Decoder(list[DomainNotice]).decode
_decode_attachment = msgspec.msgpack.Decoder(SubscribeRequest).decode


class HostSetup(msgspec.Struct, frozen=True):
    """What a host is told at birth, and again at each rebirth."""

    name: str
    system: ClusterConfig
    rules: Rules
    payment_rules: PaymentRules
    track: TrackRules
    passivate_after_s: float
    commit_window_s: float
    log_level: Level
    log_format: Format


class HostActor:
    """One host. Made a Ray actor by ``dispatch.actors.ray.cluster``; every method runs on the actor's asyncio loop."""

    def __init__(self, setup: bytes, finder: FindActor) -> None:
        self.setup = msgspec.msgpack.decode(setup, type=HostSetup)
        self.name = self.setup.name
        self._finder = finder
        log_to_file(self.name, Path(self.setup.system.data_dir), self.setup.log_level, self.setup.log_format)
        self.incarnation = token_hex(6)
        self._born: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._asked_at: dict[str, float] = {}
        self._due_at: dict[str, float] = {}
        self._stale: set[str] = set()
        calls = (self.submit, self.fixes, self.subscribe, self.unsubscribe, self.poll, self.ping)
        rare = (self.alarms_told, self.metrics_text, self.drain)
        self._direct = RpcServer({call.__name__: call for call in (*calls, *rare)})

    async def address(self) -> Address:
        """Where this host listens. The one call that takes its way over Ray."""
        await self._ready()
        return self._address

    async def _ready(self) -> None:
        """Births happen on the loop, with the first call; every call waits for it."""
        if self._born is None or (self._born.done() and self._born.exception() is not None):
            self._born = asyncio.get_running_loop().create_task(self._bear())
        await asyncio.shield(self._born)

    async def _bear(self) -> None:
        setup, system = self.setup, self.setup.system
        self.clock = system.clock()
        self.metrics = Metrics()
        kind = kind_of(self.name)
        kinds = entity_kinds(setup.rules, setup.payment_rules)
        journal = await open_journal(system.journal_url, shards=system.placement.shards, clock=self.clock)
        self.hosts = HostClient(system, self.name, connect_by_ray(self._finder))
        self.bus = LazyBus(system.redis_url)
        self.consoles = ConsolePublisher(self.bus, system.placement.console_of(self.name))
        self.alarms = AlarmWriter(SqlAlarms(journal.database).record_alarms)
        core = HostCore(
            kind,
            kinds,
            PushQueues(self.incarnation),
            passivate_after_s=setup.passivate_after_s,
            adopt=adopt if kind == "vehicle" else None,
        )
        recorder = TrackRecorder(setup.track) if setup.track.keep_s > 0 else None
        self.desk = PositionIngest(core, recorder)
        self.archive = (
            TrackWriter(recorder, setup.track, system.journal_url, self.clock)
            if recorder is not None and kind == "vehicle"
            else None
        )
        self.payments = await _open_payment_desk(system) if kind == "payment" else None
        self.feeds = [
            MatchFeed(self.name, self.hosts.line(matcher), self._all_listings, self._all_cars)
            for matcher in system.matchers
            if kind != "payment"
        ]
        self.shell = HostRuntime(
            core,
            journal,
            self,
            self.clock,
            commit_window_s=setup.commit_window_s,
            on_shown=self.desk.on_update if kind == "vehicle" else None,
            on_loaded=self._loaded,
            on_commit=self._committed,
        )
        dues = await self.shell.start(partial(_dues, journal, system.placement, self.name))
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(feed.run()) for feed in self.feeds]
        self._tasks += [loop.create_task(job) for job in (self._housekeep(), self.consoles.run(), self.alarms.run())]
        if kind == "vehicle":
            told_as = system.placement.console_of(self.name)
            frames = MapPublisher(self.bus, self.clock, self.name, told_as, self.desk.take_moved)
            self._tasks += [loop.create_task(frames.run()), loop.create_task(self._feed_positions())]
        if self.archive is not None:
            self._tasks.append(loop.create_task(self.archive.run()))
        freeze_startup_objects()
        self._address = await self._direct.open(own_host())
        log.info("host is up", host=self.name, incarnation=self.incarnation, dues=dues)

    # ── called by others ──────────────────────────────────────────────────────────────────────────────────────────

    async def submit(self, body: bytes) -> bytes:
        """Commands; the encoded replies, in their order."""
        await self._ready()
        began = self.clock.wall()
        replies: list[Reply] = await self.shell.submit(_decode_envelopes(body))
        kind = kind_of(self.name)
        for reply in replies:
            self.metrics.commands.labels(kind, "accepted" if isinstance(reply, Done) else "refused").inc()
            self.metrics.command_seconds.labels(kind).observe(self.clock.wall() - began)
        return _encode(replies)

    async def fixes(self, body: bytes) -> None:
        """A batch of GPS fixes. Not answered: apps learn by ``heard``."""
        await self._ready()
        self.desk.ingest(_decode_fixes(body), self.clock.city())
        self.shell.drive()
        self.shell.notify()

    async def subscribe(self, gateway: str, body: bytes) -> bytes:
        """Follow a stream; the encoded answer."""
        await self._ready()
        return _encode(await self.shell.subscribe(gateway, _decode_attachment(body)))

    async def unsubscribe(self, gateway: str, key: str, audience: Any) -> None:  # noqa: ANN401 - a literal over the wire
        """No longer follow a stream."""
        await self._ready()
        self.shell.unsubscribe(gateway, EntityKey.parse(key), audience)

    async def poll(self, gateway: str, incarnation: str, cursor: int, wait_s: float) -> bytes:
        """What a gateway has not got yet."""
        await self._ready()
        return _encode(await self.shell.poll(gateway, incarnation, cursor, wait_s))

    async def ping(self) -> tuple[str, int, str]:
        """The incarnation, the process id, and the node of Ray's that it is a process of."""
        await self._ready()
        return self.incarnation, os.getpid(), this_node()

    async def alarms_told(self, body: bytes) -> None:
        """Encoded notices of somebody who has no consoles."""
        await self._ready()
        self.notices(_decode_signals(body))

    async def metrics_text(self) -> bytes:
        """This host's metrics in Prometheus' text format."""
        await self._ready()
        self._count_fixes()
        return self.metrics.expose()

    async def drain(self) -> None:
        """Write what is decided, then stop."""
        await self._ready()
        self._direct.close()
        for task in self._tasks:
            task.cancel()
        await self.alarms.flush()
        await self.shell.stop()
        if self.archive is not None:
            await self.archive.stop()
        await self.bus.close()

    # ── what the shell reaches through this host (Outside) ───────────────────────────────────────────────────────

    async def call(self, envelope: Envelope) -> Reply:
        """Send a command to another entity."""
        return await self.hosts.command(envelope)

    async def call_gateway(self, due: StoredCommand) -> Command:
        """Do the outgoing work of a payment."""
        if self.payments is None:
            raise RuntimeError(f"{self.name} hosts no payments")
        return await self.payments.perform(due)

    def listings(self, changes: Sequence[ListingChange]) -> None:
        """Tell the matchers."""
        for key, listing, reason in changes:
            for feed in self.feeds:
                feed.list(key, listing, reason)

    def notices(self, notices: Sequence[DomainNotice]) -> None:
        """Log an alarm, count it, keep it, and tell the consoles."""
        for signal in notices:
            if signal.name in PAYMENT_ENDS:
                self.metrics.payments.labels(signal.name.removeprefix("payment_")).inc()
            if signal.name in NO_ALARM:
                log.info(signal.name, **signal.fields)
                continue
            log.warning(signal.name, **signal.fields)
            self.metrics.alarms.labels(signal.name).inc()
            alarm = alarm_of(signal, self.clock.city())
            self.alarms.add(alarm)
            self.consoles.alarm(alarm)

    def shown(self, shown: Sequence[tuple[EntityKey, StreamUpdate]]) -> None:
        """Tell the consoles which trips have changed; count offers."""
        for key, one in shown:
            if isinstance(one.view, TripView):
                self.consoles.trip(one.view)
                self._time_trip(key.id, one.event)
            if one.event.startswith("offer_") and one.event != "offer_made" and key.kind == "vehicle":
                self.metrics.offers.labels(one.event.removeprefix("offer_")).inc()

    def _time_trip(self, trip: str, event: str) -> None:
        """From request to first offer, and from a fare that is due to its payment, in wall seconds."""
        now = self.clock.wall()
        if event in ("trip_requested", "matching_began"):
            self._asked_at[trip] = now
        elif event == "ride_ended":
            self._due_at[trip] = now
        elif event == "trip_offered" and trip in self._asked_at:
            self.metrics.request_to_offer_seconds.observe(now - self._asked_at.pop(trip))
        elif event == "fare_paid" and trip in self._due_at:
            self.metrics.payment_seconds.observe(now - self._due_at.pop(trip))
        elif event in ("trip_cancelled", "trip_unserved"):
            self._asked_at.pop(trip, None)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _loaded(self) -> None:
        self.desk.vehicles_loaded(self.clock.city())

    def _committed(self, batch: Batch, result: Committed | Conflict | None, seconds: float) -> None:
        self.metrics.commit_events.observe(sum(len(append.events) for append in batch.appends))
        self.metrics.commit_seconds.observe(seconds)
        if isinstance(result, Conflict):
            self.metrics.journal_conflicts.labels(kind_of(self.name)).inc()

    def _all_listings(self) -> list[tuple[EntityKey, MatchEntry]]:
        entries = self.shell.core.entries
        return [(key, entry.listed) for key, entry in entries.items() if entry.listed is not None]

    def _all_cars(self) -> list[MatcherPosition]:
        free = [v for v in self._vehicles() if v.match_entry() is not None and v.tracker.gps.anchored]
        return [matcher_position(v) for v in free]

    def _vehicles(self) -> list[Vehicle]:
        entries = self.shell.core.entries.values()
        return [entry.entity for entry in entries if isinstance(entry.entity, Vehicle)]

    async def _feed_positions(self) -> None:
        while True:
            await asyncio.sleep(max(FEED_POSITIONS_S / self.clock.speed, FEED_AT_LEAST_S))
            moved = self.desk.take_free_moved()
            if moved:
                for feed in self.feeds:
                    feed.moved(moved)

    async def _housekeep(self) -> None:
        while True:
            await asyncio.sleep(HOUSEKEEPING_S)
            core = self.shell.core
            core.queues.expire(self.clock.wall())
            core.passivate(_may_sleep)
            self._count_fixes()
            self._count_trips()
            self._look_for_stale()

    def _count_fixes(self) -> None:
        for verdict, count in self.desk.take_verdicts().items():
            self.metrics.fixes.labels(verdict.value).inc(count)

    def _look_for_stale(self) -> None:
        """A car that falls silent on a trip is an alarm, once each time; its trip goes on."""
        now = self.clock.city()
        stale = {v.id: v for v in self._vehicles() if v.data.trip is not None and v.stale(now)}
        fresh = [stale[name] for name in sorted(stale) if name not in self._stale]
        self.notices([DomainNotice(STALE_ON_TRIP, {"vehicle": v.id, "trip": v.data.trip}) for v in fresh])
        self._stale = set(stale)

    def _count_trips(self) -> None:
        counts: dict[str, int] = {}
        for key, entry in self.shell.core.entries.items():
            if key.kind == "trip" and entry.entity is not None and entry.entity.state not in ENDED:
                counts[entry.entity.state] = counts.get(entry.entity.state, 0) + 1
        self.metrics.open_trips.clear()
        for state, count in counts.items():
            self.metrics.open_trips.labels(state).set(count)


async def _open_payment_desk(system: ClusterConfig) -> PaymentWorker:
    # Alipay's client brings httpx, cryptography and the settings: only payment hosts wait for them.
    from dispatch.actors.runtime.payment_worker import PaymentWorker  # noqa: PLC0415

    return PaymentWorker(system)


def _may_sleep(entity: Entity) -> bool:
    """Entities that are at rest; a free car or an open trip stays awake."""
    if isinstance(entity, Vehicle):
        return entity.state in ("offline", "out_of_service", "break")
    return entity.kind == "payment" or entity.state in ENDED or entity.seq == 0


async def _dues(journal: Journal, placement: Placement, name: str, until: float) -> Sequence[StoredCommand]:
    """What is due of the entities of the host ``name`` at a city time."""
    dedicated = placement.dedicated_to(name)
    if dedicated is None:
        return await journal.scheduled_commands(kind_of(name), placement.shards_of(name), until=until)
    (history,) = await journal.load([dedicated])
    return [due for due in history.scheduled if due.at <= until]
