"""What a follower missed that no memory has any more: the stream is folded again from its beginning.

A host remembers the last updates of a stream only; a phone that was away for an hour goes on from the journal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dispatch.actors.core.entity_types import EntityKind, Shown, encode_update
from dispatch.actors.core.protocol import Subscribed
from dispatch.domain.entity import EntityKey
from dispatch.domain.events import event_name
from dispatch.store.journal import StoredEvent
from dispatch.values.roles import Audience

LONGEST: Final = 5_000
"""Streams that are longer are not folded again (about 50 ms): their followers get a snapshot."""
MOST_MISSED: Final = 1_000
"""Whoever missed more has more use for a snapshot."""


def worth_it(after: int | None, seq: int) -> bool:
    """Whether a follower who saw number ``after`` of a stream that stands at ``seq`` is to be brought up to date."""
    return after is not None and 0 <= after < seq <= LONGEST and seq - after <= MOST_MISSED


def caught_up(
    kind: EntityKind, key: EntityKey, events: Sequence[StoredEvent], after: int, audience: Audience, *, heard: int
) -> Subscribed | None:
    """The updates after number ``after``, from all ``events`` of a stream up to the last that is wanted.

    None where the stream has no views, or the events are not all there.
    """
    if kind.view is None or [event.seq for event in events] != list(range(1, len(events) + 1)):
        return None
    entity = kind.make(key.id, 0, None)
    updates: list[tuple[int, bytes]] = []
    for stored in events:
        event = kind.decode_event(stored.body)
        entity.apply(event)
        if entity.seq > after:
            shown = Shown(entity.seq, event_name(event), event.at, kind.view(entity))
            updates.append((entity.seq, encode_update(str(key), shown, audience)))
    return Subscribed(entity.seq, recovered=True, updates=updates, heard=heard)
