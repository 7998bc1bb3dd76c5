"""Decisions that are to be written together.

A decision without events still names the number that it was made at, where it writes anything or answers for good: an
owner who is not one any more (another has written since) neither changes a due nor says that nothing is to be done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dispatch.actors.core.timer_queue import CommandRef, ref_of
from dispatch.actors.core.work_items import Staged
from dispatch.domain.entity import AppendElsewhere, Entity, EntityKey
from dispatch.domain.events import encode_event
from dispatch.store.journal import Append, Batch, StoredCommand, StoredSnapshot


class TransactionFullError(Exception):
    """A decision does not go with the others: it appends to a foreign stream at a number that is taken here."""


class Transaction:
    """A transaction in the making. Streams are kept as the number before the first event, and the events."""

    def __init__(self) -> None:
        self.staged: list[Staged] = []
        self.commands_done: list[tuple[EntityKey, str]] = []
        self._streams: dict[EntityKey, tuple[int, list[tuple[float, bytes]]]] = {}
        self._touched: dict[EntityKey, None] = {}
        self._snapshots: dict[EntityKey, None] = {}
        self._puts: dict[CommandRef, None] = {}

    @classmethod
    def keeping(cls, *rolled_back: Transaction) -> Transaction:
        """A new one that keeps what does not depend on any entity: calls that were answered stay answered."""
        kept = cls()
        for transaction in rolled_back:
            kept.commands_done.extend(transaction.commands_done)
        return kept

    def __bool__(self) -> bool:
        return bool(self.staged or self.commands_done)

    @property
    def isolate(self) -> bool:
        """Whether the decision in it has to go alone."""
        return bool(self.staged) and self.staged[0].work.isolate

    def puts(self, ref: CommandRef) -> bool:
        """Whether a due is put under this name."""
        return ref in self._puts

    def check(self, foreign: Sequence[AppendElsewhere]) -> None:
        """Raises :class:`TransactionFullError` where a foreign append cannot be in the same transaction."""
        for append in foreign:
            stream = self._streams.get(append.key)
            if stream is not None and stream[0] + len(stream[1]) != append.expected:
                raise TransactionFullError

    def add(self, staged: Staged, events: Sequence[tuple[float, bytes]], *, snapshot: bool) -> None:
        """Put a decision in, with its encoded events."""
        self.staged.append(staged)
        self._puts.update((ref_of(due), None) for due in staged.dues)
        key = staged.work.key
        if events or _has_to_be_true(staged):
            self._append(key, staged.first_seq, events)
        if events or staged.work.moved:
            self._touched[key] = None
        for foreign in staged.decision.appends_elsewhere:
            encoded = [(event.at, encode_event(event)) for event in foreign.events]
            self._append(foreign.key, foreign.expected, encoded)
        if snapshot:
            self._snapshots[key] = None

    def _append(self, key: EntityKey, expected: int, events: Sequence[tuple[float, bytes]]) -> None:
        self._streams.setdefault(key, (expected, []))[1].extend(events)

    def batch(self, entity: Callable[[EntityKey], Entity | None]) -> Batch:
        """The transaction for the journal. ``entity`` gives the entities as they stand after all its decisions."""
        batch = Batch(appends=[Append(key, at, events) for key, (at, events) in self._streams.items()])
        done: dict[tuple[EntityKey, str], None] = dict.fromkeys(self.commands_done)
        put: dict[tuple[EntityKey, str], StoredCommand] = {}
        for staged in self.staged:
            key = staged.work.key
            self._gather(batch, staged)
            for name in staged.decision.drop:
                done[(key, name)] = None
                put.pop((key, name), None)
            if staged.work.due is not None:
                done[ref_of(staged.work.due)] = None
            for due in staged.dues:
                put[(due.owner, due.name)] = due
                done.pop((due.owner, due.name), None)
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


def _has_to_be_true(staged: Staged) -> bool:
    """Whether a decision without events counts only if its entity stands where it was decided."""
    work = staged.work
    return bool(staged.dues or staged.decision.drop) or work.due is not None or work.envelope.keep
