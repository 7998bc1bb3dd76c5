"""One host of each kind in this process, over a real journal: the product's cores and shells, without Ray."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from dispatch.actors.core.entity_types import EntityKind, Shown, entity_kinds
from dispatch.actors.core.host_core import HostCore
from dispatch.actors.core.position_ingest import PositionIngest, adopt
from dispatch.actors.core.protocol import (
    Done,
    Envelope,
    FixRow,
    HostsUnavailableError,
    Reply,
    Subscribed,
    SubscribeRequest,
)
from dispatch.actors.core.push_queues import PushQueues
from dispatch.actors.core.work_items import ListingChange
from dispatch.actors.runtime.host_runtime import HostRuntime
from dispatch.clock import Clock
from dispatch.config.tariffs import read_tariff
from dispatch.domain.commands import encode_command
from dispatch.domain.entity import KINDS, Command, EntityKey, Kind, Principal, Signal
from dispatch.domain.errors import ErrorCode
from dispatch.domain.fare.gps_meter import MeterRules
from dispatch.domain.match_pool import FreeVehicle
from dispatch.domain.rules import Rules
from dispatch.payment.core.rules import Account, PaymentRules
from dispatch.store.journal import Journal, StoredCommand
from dispatch.store.journals.sql_journal import open_journal

SHARDS: Final = 256
CONCURRENT: Final = 500
"""Commands in flight at the same time."""
GATEWAY: Final = "bench"
DISPATCHER: Final = Principal("dispatcher", "bench")
FIRST_RETRYABLE: Final = ErrorCode.BUSY


def kinds() -> Mapping[Kind, EntityKind]:
    rules = Rules(tariff=read_tariff("san_francisco"), meter=MeterRules(waiting_kmh=18.0))
    return entity_kinds(rules, PaymentRules(account=Account(seller_id="S1", notify_url="http://localhost/notify")))


class LocalHosts:
    """The hosts of a system. ``free``: the cars that are listed for the matcher."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._shells: dict[Kind, HostRuntime] = {}
        self._ids = 0
        self.free: set[str] = set()
        self.desk: PositionIngest

    async def start(self, url: str) -> int:
        """Open the journal and arm its timers, as a new process does; the number of timers."""
        made, armed = kinds(), 0
        for kind in KINDS:
            core = HostCore(kind, made, PushQueues("bench"), adopt=adopt if kind == "vehicle" else None)
            journal = await open_journal(url, shards=SHARDS, clock=self._clock)
            on_shown: Callable[[EntityKey, Shown], None] | None = None
            on_loaded: Callable[[], None] | None = None
            if kind == "vehicle":
                self.desk = PositionIngest(core)
                on_shown, on_loaded = self.desk.checkpointed, self._entities_loaded
            shell = HostRuntime(core, journal, self, self._clock, on_shown=on_shown, on_loaded=on_loaded)
            self._shells[kind] = shell
            armed += await shell.start(partial(_dues, journal, kind))
        return armed

    async def stop(self) -> None:
        for shell in self._shells.values():
            await shell.stop()

    def _entities_loaded(self) -> None:
        self.desk.woken(self._clock.city())

    async def call(self, envelope: Envelope) -> Reply:
        (reply,) = await self._shells[EntityKey.parse(envelope.key).kind].submit([envelope])
        return reply

    async def call_gateway(self, due: StoredCommand) -> Command:
        raise HostsUnavailableError(due.target)

    def listings(self, changes: Sequence[ListingChange]) -> None:
        for key, listing in changes:
            (self.free.add if isinstance(listing, FreeVehicle) else self.free.discard)(key.id)

    def signals(self, signals: Sequence[Signal]) -> None: ...

    def shown(self, shown: Sequence[tuple[EntityKey, Shown]]) -> None: ...

    async def execute(self, commands: Sequence[tuple[EntityKey, Command, Principal]]) -> None:
        """Send commands until each is accepted. Raises ``RuntimeError`` if one is refused."""
        for start in range(0, len(commands), CONCURRENT):
            await asyncio.gather(*(self._execute(*command) for command in commands[start : start + CONCURRENT]))

    async def _execute(self, key: EntityKey, command: Command, principal: Principal) -> None:
        self._ids += 1
        body = encode_command(command)
        envelope = Envelope(str(key), f"b{self._ids}", principal, body, digest=body[:16])
        while True:
            reply = await self.call(envelope)
            if isinstance(reply, Done):
                return
            if reply.code < FIRST_RETRYABLE:
                raise RuntimeError(f"{key}: {command} refused: {reply}")
            await asyncio.sleep(0.05)

    def fixes(self, rows: Sequence[FixRow]) -> None:
        self.desk.hear(list(rows), self._clock.city())
        self._shells["vehicle"].drive()

    async def subscribe(self, keys: Sequence[EntityKey]) -> dict[EntityKey, int]:
        """Attach to every stream, as reconnecting apps do; the streams' sequence numbers."""
        found: dict[EntityKey, int] = {}
        for start in range(0, len(keys), CONCURRENT):
            part = keys[start : start + CONCURRENT]
            found.update(zip(part, await asyncio.gather(*map(self._attach, part)), strict=True))
        return found

    async def _attach(self, key: EntityKey) -> int:
        while True:
            reply = await self._shells[key.kind].subscribe(GATEWAY, SubscribeRequest(str(key), DISPATCHER, None))
            if isinstance(reply, Subscribed):
                return reply.seq
            if reply.code < FIRST_RETRYABLE:
                raise RuntimeError(f"{key} cannot be followed: {reply}")
            await asyncio.sleep(0.05)

    def loaded(self, kind: Kind) -> int:
        """Number of entities in memory."""
        entries = self._shells[kind].core.entries.values()
        return sum(entry.entity is not None for entry in entries)

    def busy(self) -> bool:
        """Whether loads or commits are in progress."""
        return any(
            shell.core.busy or any(entry.entity is None for entry in shell.core.entries.values())
            for shell in self._shells.values()
        )

    async def settle(self) -> None:
        """Wait until all loads and commits are done."""
        while self.busy():  # noqa: ASYNC110 - hosts signal no event
            await asyncio.sleep(0.01)


async def _dues(journal: Journal, kind: str, until: float) -> Sequence[StoredCommand]:
    return await journal.scheduled_commands(kind, range(SHARDS), until=until)
