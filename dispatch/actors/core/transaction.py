"""Decisions that are written together in one journal transaction.

Even a decision without events carries its expected sequence number if it writes a timer or stores a reply. A stale
owner can therefore neither change timers nor answer "nothing to do".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dispatch.actors.core.timer_queue import CommandRef, ref_of
from dispatch.actors.core.work_items import Staged
from dispatch.domain.entity import AppendElsewhere, Entity, EntityKey
from dispatch.domain.events import encode_event
from dispatch.store.journal import Append, Batch, StoredCommand, StoredSnapshot


class TransactionFullError(Exception):
    """A decision cannot join: it appends to another stream at a number that this transaction already uses."""


class Transaction:
    """An open transaction. ``_streams`` maps each stream to the number before its first event, and its events."""

    def __init__(self) -> None:
        self.staged: list[Staged] = []
        self.commands_done: list[tuple[EntityKey, str]] = []
        self._streams: dict[EntityKey, tuple[int, list[tuple[float, bytes]]]] = {}
        self._touched: dict[EntityKey, None] = {}
        self._snapshots: dict[EntityKey, None] = {}
        self._puts: dict[CommandRef, None] = {}

    @classmethod
    def without_decisions(cls, *rolled_back: Transaction) -> Transaction:
        """A new transaction with the parts that depend on no entity: calls that were answered stay answered."""
        kept = cls()
        for transaction in rolled_back:
            kept.commands_done.extend(transaction.commands_done)
        return kept

    def __bool__(self) -> bool:
        return bool(self.staged or self.commands_done)

    @property
    def isolate(self) -> bool:
        return bool(self.staged) and self.staged[0].work.isolate

    def puts(self, ref: CommandRef) -> bool:
        return ref in self._puts

    def check(self, appends: Sequence[AppendElsewhere]) -> None:
        """Raises :class:`TransactionFullError` if an append cannot join this transaction."""
        for append in appends:
            stream = self._streams.get(append.key)
            if stream is not None and stream[0] + len(stream[1]) != append.expected:
                raise TransactionFullError

    def add(self, staged: Staged, events: Sequence[tuple[float, bytes]], *, snapshot: bool) -> None:
        self.staged.append(staged)
        self._puts.update((ref_of(scheduled), None) for scheduled in staged.scheduled)
        key = staged.work.key
        if events or _needs_fencing(staged):
            self._append(key, staged.first_seq, events)
        if events or staged.work.is_append_notice:
            self._touched[key] = None
        for append in staged.decision.appends_elsewhere:
            self._append(append.key, append.expected, [(event.at, encode_event(event)) for event in append.events])
        if snapshot:
            self._snapshots[key] = None

    def _append(self, key: EntityKey, expected: int, events: Sequence[tuple[float, bytes]]) -> None:
        self._streams.setdefault(key, (expected, []))[1].extend(events)

    def batch(self, entity: Callable[[EntityKey], Entity | None]) -> Batch:
        """The batch for the journal. ``entity`` returns entities as they are after all its decisions."""
        batch = Batch(appends=[Append(key, at, events) for key, (at, events) in self._streams.items()])
        done: dict[tuple[EntityKey, str], None] = dict.fromkeys(self.commands_done)
        put: dict[tuple[EntityKey, str], StoredCommand] = {}
        for staged in self.staged:
            key = staged.work.key
            self._gather(batch, staged)
            for name in staged.decision.drop:
                done[(key, name)] = None
                put.pop((key, name), None)
            if staged.work.timer is not None:
                done[ref_of(staged.work.timer)] = None
            for scheduled in staged.scheduled:
                put[ref_of(scheduled)] = scheduled
                done.pop(ref_of(scheduled), None)
        batch.commands_put = list(put.values())
        batch.commands_done = list(done)
        self._add_states(batch, entity)
        return batch

    @staticmethod
    def _gather(batch: Batch, staged: Staged) -> None:
        if staged.stored is not None:
            batch.replies.append(staged.stored)
        batch.assignments.extend(staged.decision.assignments)
        batch.releases.extend(staged.decision.releases)
        batch.rows.extend(staged.decision.records)

    def _add_states(self, batch: Batch, entity: Callable[[EntityKey], Entity | None]) -> None:
        for key in self._touched:
            there = entity(key)
            row = there.row() if there is not None else None
            if row is not None:
                batch.rows.append(row)
        for key in self._snapshots:
            there = entity(key)
            if there is not None:
                batch.snapshots.append(StoredSnapshot(key, there.seq, there.snapshot()))


def _needs_fencing(staged: Staged) -> bool:
    """Whether a decision without events is valid only at the number it was decided at."""
    work = staged.work
    return bool(staged.scheduled or staged.decision.drop) or work.timer is not None or work.envelope.keep
