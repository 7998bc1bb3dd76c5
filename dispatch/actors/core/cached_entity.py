"""One entity in a host's memory."""

from collections import deque
from typing import Final

from dispatch.actors.core.entity_types import StreamUpdate
from dispatch.actors.core.stream_replay import TAIL
from dispatch.actors.core.work_items import PendingCommand
from dispatch.domain.entity import Entity, EntityKey
from dispatch.domain.match_pool import MatchEntry

NEVER_LOADED: Final = -1


class CachedEntity:
    """An entity in memory; ``entity`` is None while it is being loaded.

    ``waiting`` are commands in the order of arrival. ``blocked`` is the one command ahead of them that waits for
    another entity or for a commit. ``staged`` counts decisions that are applied in memory and not committed.
    ``last_pushed_seq`` is the number of the last event that was pushed to subscribers. ``before`` is the copy that was
    in memory before a reload.
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
        self.tail: deque[StreamUpdate] = deque(maxlen=TAIL)
        self.last_pushed_seq = NEVER_LOADED
        self.listed: MatchEntry | None = None
        self.snapshot_seq = 0
        self.touched_at = now

    @property
    def line(self) -> list[PendingCommand]:
        """All commands that wait for this entity, in the order in which they are decided."""
        return [*([self.blocked] if self.blocked is not None else []), *self.waiting]

    @property
    def at_rest(self) -> bool:
        return self.entity is not None and not (self.staged or self.waiting or self.blocked)

    def missed(self, after: int | None, seq: int) -> list[StreamUpdate] | None:
        """The updates after number ``after`` up to ``seq``; None if memory no longer has all of them."""
        if after is None or after > seq:
            return None
        missed = [update for update in self.tail if update.seq > after]
        return missed if len(missed) == seq - after else None
