"""The journal in memory, for unit tests and for the simulator on its virtual clock. It never suspends.

It fulfils the port's contract (``dispatch.store.journal``), except that nothing outlives the process. Two journals over
one :class:`MemoryTables` behave like two processes over one database.
"""

from collections.abc import Mapping, Sequence
from math import inf

import msgspec

from dispatch.domain.entity import ActiveAssignment, EntityKey
from dispatch.store.journal import (
    APPEND_ONLY,
    Batch,
    Committed,
    Conflict,
    StoredCommand,
    StoredEvent,
    StoredHistory,
    StoredReply,
    StoredSnapshot,
    shard_of,
)
from dispatch.store.journals.write_plan import WritePlan, plan_of


class MemoryTables(msgspec.Struct):
    """The contents of the database."""

    events: dict[EntityKey, list[StoredEvent]] = msgspec.field(default_factory=dict)
    replies: dict[str, StoredReply] = msgspec.field(default_factory=dict)
    dues: dict[EntityKey, dict[str, StoredCommand]] = msgspec.field(default_factory=dict)
    trip_of: dict[str, str] = msgspec.field(default_factory=dict)
    """Active assignments: the trip of each vehicle."""
    vehicle_of: dict[str, str] = msgspec.field(default_factory=dict)
    """The same assignments by trip."""
    rows: dict[str, dict[str, dict[str, object]]] = msgspec.field(default_factory=dict)
    """By table, id and column."""
    snapshots: dict[EntityKey, StoredSnapshot] = msgspec.field(default_factory=dict)
    meta: dict[str, str] = msgspec.field(default_factory=dict)

    def last(self, key: EntityKey) -> int:
        return len(self.events.get(key, ()))


class MemoryJournal:
    """Implements :class:`dispatch.store.journal.Journal`."""

    def __init__(self, *, shards: int, tables: MemoryTables | None = None) -> None:
        self._shards = shards
        self.tables = MemoryTables() if tables is None else tables

    async def commit(self, batch: Batch) -> Committed | Conflict:
        plan = plan_of(batch)
        conflict = self._conflict(plan)
        if plan.contradicts_itself or conflict.streams or conflict.replies or conflict.assignments:
            return conflict
        self._write_events(plan)
        self._write_assignments(plan)
        self._write_commands(plan)
        for row in plan.rows:
            there = self.tables.rows.setdefault(row.table, {}).setdefault(row.id, {})
            if not (there and row.table in APPEND_ONLY) and not _is_older(row.values, there):
                there.update(row.values)
        for snapshot in plan.snapshots:
            known = self.tables.snapshots.get(snapshot.key)
            if known is None or known.seq < snapshot.seq:
                self.tables.snapshots[snapshot.key] = snapshot
        return Committed()

    def _conflict(self, plan: WritePlan) -> Conflict:
        moved = {
            step.key: self.tables.last(step.key)
            for step in plan.streams
            if step.key in plan.broken or self.tables.last(step.key) != step.expected
        }
        answered = (self.tables.replies.get(reply.command_id) for reply in plan.replies)
        replies = {reply.command_id: reply for reply in answered if reply is not None}
        freed = {(it.vehicle, it.trip) for it in plan.releases}
        return Conflict(moved, replies, [it for it in plan.assignments if self._is_taken(it, freed)])

    def _is_taken(self, assignment: ActiveAssignment, freed: set[tuple[str, str]]) -> bool:
        trip = self.tables.trip_of.get(assignment.vehicle)
        vehicle = self.tables.vehicle_of.get(assignment.trip)
        of_vehicle = trip is not None and (assignment.vehicle, trip) not in freed
        return of_vehicle or (vehicle is not None and (vehicle, assignment.trip) not in freed)

    def _write_events(self, plan: WritePlan) -> None:
        for event in plan.events:
            self.tables.events.setdefault(event.key, []).append(event)
        for reply in plan.replies:
            self.tables.replies[reply.command_id] = reply

    def _write_assignments(self, plan: WritePlan) -> None:
        for it in plan.releases:
            if self.tables.trip_of.get(it.vehicle) == it.trip:
                del self.tables.trip_of[it.vehicle], self.tables.vehicle_of[it.trip]
        for it in plan.assignments:
            self.tables.trip_of[it.vehicle] = it.trip
            self.tables.vehicle_of[it.trip] = it.vehicle

    def _write_commands(self, plan: WritePlan) -> None:
        for owner, name in plan.commands_done:
            self.tables.dues.get(owner, {}).pop(name, None)
        for due in plan.commands_put:
            self.tables.dues.setdefault(due.owner, {})[due.name] = due

    async def load(self, keys: Sequence[EntityKey]) -> Sequence[StoredHistory]:
        return [self._history(key) for key in keys]

    def _history(self, key: EntityKey) -> StoredHistory:
        snapshot = self.tables.snapshots.get(key)
        after = 0 if snapshot is None else snapshot.seq
        dues = self.tables.dues.get(key, {})
        return StoredHistory(
            key, snapshot, self.tables.events.get(key, [])[after:], [dues[name] for name in sorted(dues)]
        )

    async def heads(self, keys: Sequence[EntityKey]) -> Mapping[EntityKey, int]:
        return {key: last for key in keys if (last := self.tables.last(key))}

    async def events_after(self, key: EntityKey, seq: int, limit: int) -> Sequence[StoredEvent]:
        return self.tables.events.get(key, [])[seq : seq + limit]

    async def reply(self, command_id: str) -> StoredReply | None:
        return self.tables.replies.get(command_id)

    async def scheduled_commands(
        self, kind: str, shards: Sequence[int], *, until: float = inf
    ) -> Sequence[StoredCommand]:
        found = [
            due
            for owner, named in self.tables.dues.items()
            if owner.kind == kind and shard_of(owner, self._shards) in shards
            for due in named.values()
            if due.at <= until
        ]
        return sorted(found, key=lambda due: (due.at, due.owner.id, due.name))

    async def meta(self, name: str, default: str) -> str:
        return self.tables.meta.setdefault(name, default)

    async def close(self) -> None:
        pass


def _is_older(values: Mapping[str, object], there: Mapping[str, object]) -> bool:
    one, other = values.get("seq"), there.get("seq")
    return isinstance(one, int) and isinstance(other, int) and one < other
