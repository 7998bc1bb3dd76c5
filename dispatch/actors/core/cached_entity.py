"""An entity in a host's memory, and how it is folded from its history."""

from __future__ import annotations

from collections import deque
from typing import Final

from dispatch.actors.core.entity_types import EntityKind, Shown
from dispatch.actors.core.work_items import PendingCommand
from dispatch.domain.entity import Entity, EntityKey
from dispatch.domain.events import event_name
from dispatch.domain.match_pool import MatchEntry
from dispatch.store.journal import StoredHistory

TAIL: Final = 64
"""Updates that are kept in memory for each entity, for clients that come back."""
NEVER_LOADED: Final = -1


class CachedEntity:
    """An entity in this host's memory, or on its way there (``entity`` is None while it is loaded).

    ``waiting`` is the work that has to wait for it, in order; ``held`` the one work that is ahead of all these and
    waits for something else. ``staged`` counts decisions that are applied in memory and not committed. ``told`` is
    the number of the last event that followers were told. ``before`` is the copy that was forgotten.
    """

    __slots__ = (
        "before",
        "blocked",
        "entity",
        "key",
        "last_pushed_seq",
        "listed",
        "snapshot_seq",
        "staged",
        "tail",
        "touched_at",
        "waiting",
    )

    def __init__(self, key: EntityKey, now: float) -> None:
        self.key = key
        self.entity: Entity | None = None
        self.before: Entity | None = None
        self.waiting: list[PendingCommand] = []
        self.blocked: PendingCommand | None = None
        self.staged = 0
        self.tail: deque[Shown] = deque(maxlen=TAIL)
        self.last_pushed_seq = NEVER_LOADED
        self.listed: MatchEntry | None = None
        self.snapshot_seq = 0
        self.touched_at = now

    @property
    def at_rest(self) -> bool:
        """Whether nothing is decided, written or waiting here."""
        return self.entity is not None and not (self.staged or self.waiting or self.blocked)

    def missed(self, after: int | None, seq: int) -> list[Shown] | None:
        """The updates after number ``after`` up to ``seq``, if memory still has all of them."""
        if after is None or after > seq:
            return None
        missed = [shown for shown in self.tail if shown.seq > after]
        return missed if len(missed) == seq - after else None


def replay(kind: EntityKind, history: StoredHistory) -> tuple[Entity, list[Shown]]:
    """An entity from its history, with the last updates as its followers see them."""
    snapshot = history.snapshot
    seq, body = (snapshot.seq, snapshot.body) if snapshot is not None else (0, None)
    entity = kind.make(history.key.id, seq, body)
    shown: deque[Shown] = deque(maxlen=TAIL)
    for stored in history.events:
        event = kind.decode_event(stored.body)
        entity.apply(event)
        if kind.view is not None:
            shown.append(Shown(entity.seq, event_name(event), event.at, kind.view(entity)))
    return entity, list(shown)
