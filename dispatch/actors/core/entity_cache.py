"""The entities in a host's memory: loaded, being loaded, or evicted when idle.

Rule: an entity with staged decisions is reloaded only after the last of them has been committed or rolled back.
"""

from collections.abc import Callable, Collection

from dispatch.actors.core.cached_entity import CachedEntity
from dispatch.actors.core.work_items import PendingCommand
from dispatch.domain.entity import Entity, EntityKey


class EntityCache:
    """The entries of one host. An entity is loaded on first use, and again after :meth:`forget`."""

    def __init__(self) -> None:
        self.entries: dict[EntityKey, CachedEntity] = {}
        self._loads: dict[EntityKey, None] = {}

    @property
    def loading(self) -> bool:
        return bool(self._loads)

    def take_loads(self) -> list[EntityKey]:
        loads = list(self._loads)
        self._loads.clear()
        return loads

    def get_or_load(self, key: EntityKey, now: float) -> CachedEntity:
        entry = self.entries.get(key)
        if entry is None:
            entry = self.entries[key] = CachedEntity(key, now)
            self._loads[key] = None
        return entry

    def entity(self, key: EntityKey) -> Entity | None:
        entry = self.entries.get(key)
        return entry.entity if entry is not None else None

    def forget(self, entry: CachedEntity) -> None:
        entry.snapshot_seq = 0
        if entry.entity is not None:
            entry.before, entry.entity = entry.entity, None
        if not entry.staged:
            self._loads[entry.key] = None

    def unstaged(self, entry: CachedEntity) -> None:
        entry.staged -= 1
        if entry.entity is None and not entry.staged:
            self._loads[entry.key] = None

    def drop(self, entry: CachedEntity) -> list[PendingCommand]:
        self.entries.pop(entry.key, None)
        self._loads.pop(entry.key, None)
        return entry.line

    def passivate(self, until: float, busy: Collection[EntityKey], may_evict: Callable[[Entity], bool]) -> int:
        """Evict entities at rest, untouched since ``until``, not ``busy`` and accepted by ``may_evict``; the number."""
        idle = [
            key
            for key, entry in self.entries.items()
            if entry.touched_at < until
            and entry.at_rest
            and key not in busy
            and entry.entity is not None
            and may_evict(entry.entity)
        ]
        for key in idle:
            del self.entries[key]
        return len(idle)
