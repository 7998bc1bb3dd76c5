"""Hosts in this process, over a real journal: the product's cores and runtimes, without Ray."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from bench.harness.concurrency import map_concurrently
from dispatch.actors.core.entity_types import EntityKind, entity_kinds
from dispatch.actors.core.host_core import HostCore
from dispatch.actors.core.position_ingest import PositionIngest, adopt
from dispatch.actors.core.protocol import Done, Envelope, HostsUnavailableError, Reply, Subscribed, SubscribeRequest
from dispatch.actors.core.push_queues import PushQueues
from dispatch.actors.core.work_items import Effects
from dispatch.actors.runtime.host_runtime import HostRuntime
from dispatch.clock import Clock
from dispatch.config.tariffs import read_tariff
from dispatch.domain.commands import encode_command
from dispatch.domain.entity import KINDS, Command, EntityKey, Kind, Principal
from dispatch.domain.errors import ErrorCode
from dispatch.domain.fare.gps_meter import MeterRules
from dispatch.domain.match_pool import AvailableVehicle
from dispatch.domain.rules import Rules
from dispatch.domain.vehicle.position_tracker import FixRow
from dispatch.payment.core.rules import PaymentRules
from dispatch.store.journal import Journal, StoredCommand
from dispatch.store.journals.sql_journal import open_journal

SHARDS: Final = 256
CONCURRENT: Final = 500
"""Commands in flight at the same time."""
GATEWAY: Final = "bench"
DISPATCHER: Final = Principal("dispatcher", "bench")
FIRST_RETRYABLE: Final = ErrorCode.BUSY


def san_francisco(payment: PaymentRules) -> Mapping[Kind, EntityKind]:
    return entity_kinds(Rules(tariff=read_tariff("san_francisco"), meter=MeterRules(waiting_kmh=18.0)), payment)


class LocalHosts:
    """One host of each kind. ``free``: the cars that are listed for the matcher."""

    def __init__(self, clock: Clock, entities: Mapping[Kind, EntityKind], kinds: Sequence[Kind] = KINDS) -> None:
        self._clock = clock
        self._entities = entities
        self._kinds = kinds
        self._runtimes: dict[Kind, HostRuntime] = {}
        self._ids = 0
        self.free: set[str] = set()
        self._positions: PositionIngest

    async def start(self, url: str) -> int:
        """Open the journal and arm its timers, as a new process does; the number of timers."""
        armed = 0
        for kind in self._kinds:
            core = HostCore(kind, self._entities, PushQueues("bench"), adopt=adopt if kind == "vehicle" else None)
            journal = await open_journal(url, shards=SHARDS, clock=self._clock)
            sinks, on_loaded = [self._on_effects], None
            if kind == "vehicle":
                self._positions = PositionIngest(core)
                sinks, on_loaded = [self._positions.on_effects, *sinks], self._entities_loaded
            runtime = HostRuntime(core, journal, self._clock, self, sinks=sinks, on_loaded=on_loaded)
            self._runtimes[kind] = runtime
            armed += await runtime.start(partial(_dues, journal, kind))
        return armed

    async def stop(self) -> None:
        for runtime in self._runtimes.values():
            await runtime.stop()

    def _entities_loaded(self) -> None:
        self._positions.vehicles_loaded(self._clock.city())

    async def command(self, envelope: Envelope) -> Reply:
        (reply,) = await self._runtimes[EntityKey.parse(envelope.key).kind].submit([envelope])
        return reply

    async def call(self, envelope: Envelope) -> Reply:
        return await self.command(envelope)

    async def call_gateway(self, scheduled: StoredCommand) -> Command:
        raise HostsUnavailableError(scheduled.target)

    def _on_effects(self, effects: Effects) -> None:
        for key, listing, _ in effects.listings:
            (self.free.add if isinstance(listing, AvailableVehicle) else self.free.discard)(key.id)

    async def execute(self, commands: Sequence[tuple[EntityKey, Command, Principal]]) -> None:
        """Send commands until each is accepted. Raises ``RuntimeError`` if one is refused."""
        await map_concurrently(CONCURRENT, self._execute, commands)

    async def _execute(self, step: tuple[EntityKey, Command, Principal]) -> None:
        key, command, principal = step
        self._ids += 1
        body = encode_command(command)
        envelope = Envelope(str(key), f"b{self._ids}", principal, body, digest=body[:16])
        while True:
            reply = await self.command(envelope)
            if isinstance(reply, Done):
                return
            if reply.code < FIRST_RETRYABLE:
                raise RuntimeError(f"{key}: {command} refused: {reply}")
            await asyncio.sleep(0.05)

    def fixes(self, rows: Sequence[FixRow]) -> None:
        self._positions.ingest(list(rows), self._clock.city())
        self._runtimes["vehicle"].drive()

    async def subscribe(self, keys: Sequence[EntityKey]) -> dict[EntityKey, int]:
        """Subscribe to every stream, as reconnecting apps do; the streams' sequence numbers."""
        return dict(zip(keys, await map_concurrently(CONCURRENT, self._subscribe, keys), strict=True))

    async def _subscribe(self, key: EntityKey) -> int:
        while True:
            reply = await self._runtimes[key.kind].subscribe(GATEWAY, SubscribeRequest(str(key), DISPATCHER, None))
            if isinstance(reply, Subscribed):
                return reply.seq
            if reply.code < FIRST_RETRYABLE:
                raise RuntimeError(f"{key} cannot be followed: {reply}")
            await asyncio.sleep(0.05)

    def loaded(self, kind: Kind) -> int:
        entries = self._runtimes[kind].core.entries.values()
        return sum(entry.entity is not None for entry in entries)

    def busy(self) -> bool:
        return any(
            runtime.core.busy or any(entry.entity is None for entry in runtime.core.entries.values())
            for runtime in self._runtimes.values()
        )

    async def settle(self) -> None:
        while self.busy():  # noqa: ASYNC110 - hosts signal no event
            await asyncio.sleep(0.01)


async def _dues(journal: Journal, kind: str, until: float) -> Sequence[StoredCommand]:
    return await journal.scheduled_commands(kind, range(SHARDS), until=until)
