"""Assembles a host of entities from its parts, and offers its RPC methods. Production and simulation share it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final

import msgspec
import structlog

from dispatch.actors.core.entity_types import EntityKind
from dispatch.actors.core.host_core import HostCore
from dispatch.actors.core.placement import Placement, kind_of
from dispatch.actors.core.position_ingest import PositionIngest, adopt, matcher_position
from dispatch.actors.core.protocol import Envelope, MatcherPosition, SubscribeRequest
from dispatch.actors.core.push_queues import PushQueues
from dispatch.actors.core.work_items import Effects
from dispatch.actors.rpc.client import RpcClient
from dispatch.actors.rpc.transport import Offered
from dispatch.actors.runtime.alarm_writer import AlarmWriter
from dispatch.actors.runtime.console_publisher import ConsolePublisher
from dispatch.actors.runtime.host_metrics import HostMetrics
from dispatch.actors.runtime.host_runtime import HostRuntime, OutgoingCalls
from dispatch.actors.runtime.lazy_start import Publisher
from dispatch.actors.runtime.map_publisher import MapPublisher
from dispatch.actors.runtime.match_feed import MatchFeed, MatchSource, pull_positions
from dispatch.actors.runtime.track_writer import TrackWriter
from dispatch.api.alarms import alarm_of
from dispatch.api.fields import TripView
from dispatch.api.server_messages import Alarm
from dispatch.clock import Clock
from dispatch.domain.entity import DomainNotice, Entity, EntityKey, Kind
from dispatch.domain.match_pool import MatchEntry
from dispatch.domain.trip.trip_state import ENDED
from dispatch.domain.vehicle.position_tracker import FixRow
from dispatch.domain.vehicle.track_recorder import TrackRecorder
from dispatch.domain.vehicle.vehicle import Vehicle
from dispatch.observability.metrics import Metrics
from dispatch.processes.task_set import TaskSet
from dispatch.store.journal import Journal, StoredCommand
from dispatch.values.roles import Audience

log = structlog.get_logger()

HOUSEKEEPING_S: Final = 5.0
NO_ALARM: Final = frozenset({"payment_refunded", "payment_paid", "payment_failed"})
STALE_ON_TRIP: Final = "car_stale_on_trip"

_encode = msgspec.msgpack.Encoder().encode
_decode_envelopes = msgspec.msgpack.Decoder(list[Envelope]).decode
_decode_fixes = msgspec.msgpack.Decoder(list[FixRow]).decode
_decode_notices = msgspec.msgpack.Decoder(list[DomainNotice]).decode
_decode_request = msgspec.msgpack.Decoder(SubscribeRequest).decode


class HostParts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that differs between hosts, and between production and simulation."""

    name: str
    incarnation: str
    placement: Placement
    kinds: Mapping[Kind, EntityKind]
    clock: Clock
    journal: Journal
    metrics: Metrics
    bus: Publisher
    record_alarms: Callable[[Sequence[Alarm]], Awaitable[None]]
    calls: OutgoingCalls
    matchers: Sequence[RpcClient]
    passivate_after_s: float
    commit_window_s: float
    feed_gather_s: float = 0.0
    recorder: TrackRecorder | None = None
    tracks: TrackWriter | None = None


def build_host(parts: HostParts) -> EntityHost:
    kind, clock = kind_of(parts.name), parts.clock
    core = HostCore(
        kind, parts.kinds, PushQueues(parts.incarnation), passivate_after_s=parts.passivate_after_s, adopt=adopt
    )
    ingest = PositionIngest(core, parts.recorder)
    metrics = HostMetrics(parts.metrics, kind, clock)
    alarms = AlarmReporter(
        clock,
        metrics,
        AlarmWriter(parts.record_alarms),
        ConsolePublisher(parts.bus, parts.placement.console_of(parts.name)),
    )
    source = MatchSource(partial(_match_entries, core), partial(_available_positions, core), ingest.take_free_moved)
    matchers = parts.matchers if kind != "payment" else ()
    feeds = [MatchFeed(parts.name, client, source, gather_s=parts.feed_gather_s) for client in matchers]
    runtime = HostRuntime(
        core,
        parts.journal,
        clock,
        parts.calls,
        sinks=[ingest.on_effects, *(feed.on_effects for feed in feeds), metrics.on_effects, alarms.on_effects],
        on_loaded=lambda: ingest.vehicles_loaded(clock.city()),
        metrics=metrics,
        commit_window_s=parts.commit_window_s,
    )
    return EntityHost(parts, runtime=runtime, ingest=ingest, feeds=feeds, source=source, metrics=metrics, alarms=alarms)


class EntityHost:
    """One host: its background jobs and the RPC methods that others call. Made by :func:`build_host`."""

    def __init__(
        self,
        parts: HostParts,
        *,
        runtime: HostRuntime,
        ingest: PositionIngest,
        feeds: Sequence[MatchFeed],
        source: MatchSource,
        metrics: HostMetrics,
        alarms: AlarmReporter,
    ) -> None:
        self.runtime = runtime
        self._parts = parts
        self._ingest = ingest
        self._feeds = feeds
        self._source = source
        self._metrics = metrics
        self._alarms = alarms
        self._stale: set[str] = set()
        self._tasks = TaskSet()

    @property
    def rpc_methods(self) -> Offered:
        calls = (self.submit, self.fixes, self.subscribe, self.unsubscribe, self.poll)
        rare = (self.report_notices, self.metrics_text, self.drain)
        return {call.__name__: call for call in (*calls, *rare)}

    async def start(self) -> None:
        parts, kind = self._parts, kind_of(self._parts.name)
        armed = await self.runtime.start(partial(_scheduled_until, parts.journal, parts.placement, parts.name))
        for feed in self._feeds:
            self._tasks.spawn(feed.run())
        for job in (self._housekeep(), self._alarms.console.run(), self._alarms.writer.run()):
            self._tasks.spawn(job)
        if kind == "vehicle":
            console = parts.placement.console_of(parts.name)
            frames = MapPublisher(parts.bus, parts.clock, parts.name, console, self._ingest.take_moved)
            self._tasks.spawn(frames.run())
            self._tasks.spawn(pull_positions(self._feeds, self._source, parts.clock))
        if parts.tracks is not None:
            self._tasks.spawn(parts.tracks.run())
        log.info("host started", host=parts.name, incarnation=parts.incarnation, armed=armed)

    async def submit(self, body: bytes) -> bytes:
        return _encode(await self.runtime.submit(_decode_envelopes(body)))

    async def fixes(self, body: bytes) -> None:
        """Ingest GPS fixes. There is no answer: apps receive ``heard``."""
        self._ingest.ingest(_decode_fixes(body), self._parts.clock.city())
        self.runtime.drive()
        self.runtime.polls.wake()

    async def subscribe(self, gateway: str, body: bytes) -> bytes:
        return _encode(await self.runtime.subscribe(gateway, _decode_request(body)))

    async def unsubscribe(self, gateway: str, key: str, audience: Audience) -> None:
        self.runtime.core.queues.unsubscribe(EntityKey.parse(key), gateway, audience)

    async def poll(self, gateway: str, incarnation: str, cursor: int, wait_s: float) -> bytes:
        return _encode(await self.runtime.polls.poll(gateway, incarnation, cursor, wait_s))

    async def report_notices(self, body: bytes) -> None:
        self._alarms.report(_decode_notices(body))

    async def metrics_text(self) -> bytes:
        self._metrics.count_fixes(self._ingest.take_verdicts())
        return self._metrics.expose()

    async def drain(self) -> None:
        await self._tasks.cancel()
        await self._alarms.writer.flush()
        await self.runtime.stop()
        if self._parts.tracks is not None:
            await self._parts.tracks.stop()
        await self._parts.bus.close()

    async def _housekeep(self) -> None:
        core = self.runtime.core
        while True:
            await asyncio.sleep(HOUSEKEEPING_S)
            core.queues.expire(self._parts.clock.wall())
            core.passivate(_may_evict)
            self._metrics.count_fixes(self._ingest.take_verdicts())
            self._metrics.count_open_trips(core.entries.values())
            self._report_stale_vehicles()

    def _report_stale_vehicles(self) -> None:
        now = self._parts.clock.city()
        stale = {v.id: v for v in _vehicles(self.runtime.core) if v.data.trip is not None and v.stale(now)}
        new = [stale[name] for name in sorted(stale) if name not in self._stale]
        self._alarms.report([DomainNotice(STALE_ON_TRIP, {"vehicle": v.id, "trip": v.data.trip}) for v in new])
        self._stale = set(stale)


class AlarmReporter:
    """Logs and counts notices. Those that are alarms are recorded and shown on consoles, like changed trips."""

    def __init__(self, clock: Clock, metrics: HostMetrics, writer: AlarmWriter, console: ConsolePublisher) -> None:
        self.writer = writer
        self.console = console
        self._clock = clock
        self._metrics = metrics

    def on_effects(self, effects: Effects) -> None:
        self.report(effects.notices)
        for _, update in effects.updates:
            if isinstance(update.view, TripView):
                self.console.trip(update.view)

    def report(self, notices: Sequence[DomainNotice]) -> None:
        for notice in notices:
            if notice.name in NO_ALARM:
                log.info(notice.name, **notice.fields)
                continue
            log.warning(notice.name, **notice.fields)
            self._metrics.count_alarm(notice.name)
            alarm = alarm_of(notice, self._clock.city())
            self.writer.add(alarm)
            self.console.alarm(alarm)


def _match_entries(core: HostCore) -> list[tuple[EntityKey, MatchEntry]]:
    return [(key, entry.listed) for key, entry in core.entries.items() if entry.listed is not None]


def _available_positions(core: HostCore) -> list[MatcherPosition]:
    return [matcher_position(v) for v in _vehicles(core) if v.match_entry() is not None and v.tracker.gps.anchored]


def _vehicles(core: HostCore) -> list[Vehicle]:
    return [entry.entity for entry in core.entries.values() if isinstance(entry.entity, Vehicle)]


def _may_evict(entity: Entity) -> bool:
    if isinstance(entity, Vehicle):
        return entity.state in ("offline", "out_of_service", "break")
    return entity.kind == "payment" or entity.state in ENDED or entity.seq == 0


async def _scheduled_until(journal: Journal, placement: Placement, host: str, until: float) -> Sequence[StoredCommand]:
    dedicated = placement.dedicated_to(host)
    if dedicated is None:
        return await journal.scheduled_commands(kind_of(host), placement.shards_of(host), until=until)
    (history,) = await journal.load([dedicated])
    return [scheduled for scheduled in history.scheduled if scheduled.at <= until]
