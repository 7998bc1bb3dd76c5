"""Replays streams: an entity from its events, and the updates that a returning subscriber missed.

A host keeps only the last updates of a stream in memory. A client that was away for longer resumes from the journal.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from dispatch.actors.core.entity_types import EntityKind, StreamUpdate, encode_update
from dispatch.actors.core.protocol import Subscribed
from dispatch.domain.entity import Entity, EntityKey, Event
from dispatch.domain.events import event_name
from dispatch.store.journal import StoredEvent, StoredHistory
from dispatch.values.roles import Audience

TAIL: Final = 64
"""Updates of each entity that are kept in memory for reconnecting clients."""
LONGEST: Final = 5_000
"""Longer streams are not replayed for a subscriber (about 50 ms); it gets a snapshot."""
MOST_MISSED: Final = 1_000
"""A subscriber that missed more updates gets a snapshot."""


def replay(
    kind: EntityKind,
    history: StoredHistory,
    until: int | None = None,
    visit: Callable[[Entity, Event], None] | None = None,
) -> Entity:
    """The entity after the events of ``history`` up to number ``until``, or all of them.

    ``visit`` is called after each applied event.
    """
    snapshot = history.snapshot
    seq, body = (snapshot.seq, snapshot.body) if snapshot is not None else (0, None)
    entity = kind.make(history.key.id, seq, body)
    for stored in history.events:
        if until is not None and stored.seq > until:
            break
        event = kind.decode_event(stored.body)
        entity.apply(event)
        if visit is not None:
            visit(entity, event)
    return entity


def replay_with_updates(
    kind: EntityKind, history: StoredHistory, most: int | None = TAIL
) -> tuple[Entity, list[StreamUpdate]]:
    updates: deque[StreamUpdate] = deque(maxlen=most)
    entity = replay(kind, history, visit=lambda entity, event: updates.extend(updates_of(kind, entity, event)))
    return entity, list(updates)


def updates_of(kind: EntityKind, entity: Entity, event: Event) -> list[StreamUpdate]:
    if kind.view is None:
        return []
    return [StreamUpdate(entity.seq, event_name(event), event.at, kind.view(entity))]


def is_replayable(after: int | None, seq: int) -> bool:
    return after is not None and 0 <= after < seq <= LONGEST and seq - after <= MOST_MISSED


def catch_up(
    kind: EntityKind, key: EntityKey, events: Sequence[StoredEvent], after: int, audience: Audience, *, heard: int
) -> Subscribed | None:
    """The updates after number ``after``, from all ``events`` of a stream.

    None if the kind has no subscribers or events are missing.
    """
    if kind.view is None or [event.seq for event in events] != list(range(1, len(events) + 1)):
        return None
    entity, updates = replay_with_updates(kind, StoredHistory(key, None, events, ()), most=len(events) - after)
    encoded = [(update.seq, encode_update(str(key), update, audience)) for update in updates]
    return Subscribed(entity.seq, recovered=True, updates=encoded, heard=heard)
