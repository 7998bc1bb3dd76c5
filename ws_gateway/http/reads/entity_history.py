"""Entities replayed from the journal, with their events."""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from dispatch.actors.core.entity_types import View, entity_kinds
from dispatch.actors.core.protocol import HostsUnavailableError
from dispatch.actors.core.stream_replay import replay
from dispatch.api.timeline import NumberedEvent
from dispatch.clock import Clock
from dispatch.domain.entity import Entity, EntityKey
from dispatch.domain.rules import Rules
from dispatch.payment.core.payment import PaymentRules
from dispatch.store.journal import Journal, StoredEvent, StoredHistory
from dispatch.store.queries.event_history import SqlEventHistory
from dispatch.store.queries.lists import SqlLists

LONGEST: Final = 5_000
"""Streams are read up to this number (50 ms); trips and payments are far shorter."""


class ReplayedEntity(NamedTuple):
    """An entity, its dispatcher's view (None for kinds without one), and its events."""

    entity: Entity
    view: View | None
    events: Sequence[NumberedEvent]


class EntityHistory:
    """Reads committed state only, and decides nothing."""

    def __init__(self, streams: Journal, rules: Rules, payment_rules: PaymentRules) -> None:
        self._streams = streams
        self._kinds = entity_kinds(rules, payment_rules)

    async def full(self, key: EntityKey) -> ReplayedEntity | None:
        events = await self._streams.events_after(key, 0, LONGEST)
        return await asyncio.to_thread(self._replayed, StoredHistory(key, None, events, ())) if events else None

    async def current(self, key: EntityKey) -> ReplayedEntity | None:
        """An entity in its current state, with the events after its last snapshot only."""
        (history,) = await self._streams.load([key])
        if history.snapshot is None and not history.events:
            return None
        return await asyncio.to_thread(self._replayed, history)

    def decode_events(self, events: Sequence[StoredEvent]) -> list[NumberedEvent]:
        return [NumberedEvent(stored.seq, self._kinds[stored.key.kind].decode_event(stored.body)) for stored in events]

    def _replayed(self, history: StoredHistory) -> ReplayedEntity:
        kind = self._kinds[history.key.kind]
        events: list[NumberedEvent] = []
        entity = replay(kind, history, visit=lambda entity, event: events.append(NumberedEvent(entity.seq, event)))
        return ReplayedEntity(entity, kind.view(entity) if kind.view is not None else None, events)


class MatchReasons(Protocol):
    """Reasons of the matchers' decisions. Raises ``HostsUnavailableError``."""

    async def why(self, key: EntityKey) -> dict[str, object]: ...


class EntityReads:
    """Shared by the dispatcher's reads of trips and vehicles."""

    def __init__(
        self, lists: SqlLists, events: SqlEventHistory, history: EntityHistory, reasons: MatchReasons, clock: Clock
    ) -> None:
        self._lists = lists
        self._events = events
        self._history = history
        self._reasons = reasons
        self._clock = clock

    async def _answers(self, key: EntityKey) -> list[object]:
        """The matchers' reasons, by their names; empty if the matchers are unavailable."""
        try:
            return [answer for _, answer in sorted((await self._reasons.why(key)).items())]
        except HostsUnavailableError:
            return []
