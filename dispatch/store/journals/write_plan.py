"""Prepares a batch for writing: sorted, merged and checked for contradictions. Pure; used by every journal.

Rule 1: everything is sorted by key, so that concurrent writers lock the same rows in the same order.
Rule 2: a batch contains the decisions of many commands; several decisions on one key are merged.

* Appends to one stream, in the order of the batch, must continue each other.
* A command that is both done and put is put.
* An assignment and a release of the same pair cancel out; a release of one trip frees the vehicle for another.
* Of two rows with the same id the later values win; of two snapshots the higher number wins.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dispatch.domain.entity import ActiveAssignment, EntityKey, Row
from dispatch.store.journal import Append, Batch, StoredCommand, StoredEvent, StoredReply, StoredSnapshot


class StreamStep(NamedTuple):
    """The advance of a stream from number ``expected`` to ``last``."""

    key: EntityKey
    expected: int
    last: int


class WritePlan(NamedTuple):
    """The writes of one transaction, each list sorted by its key."""

    streams: Sequence[StreamStep]
    events: Sequence[StoredEvent]
    replies: Sequence[StoredReply]
    commands_put: Sequence[StoredCommand]
    commands_done: Sequence[tuple[EntityKey, str]]
    assignments: Sequence[ActiveAssignment]
    releases: Sequence[ActiveAssignment]
    rows: Sequence[Row]
    snapshots: Sequence[StoredSnapshot]
    broken: Sequence[EntityKey]
    """Streams whose appends do not continue each other."""
    contradicts_itself: bool
    """A broken stream, two replies to one command, or a vehicle or trip that is assigned twice."""


def plan_of(batch: Batch) -> WritePlan:
    steps, broken = _steps(batch.appends)
    assignments, releases = _net_assignments(batch.assignments, batch.releases)
    puts = {(due.owner, due.name): due for due in batch.commands_put}
    twice = (
        _repeats(reply.command_id for reply in batch.replies)
        or _repeats(claim.vehicle for claim in assignments)
        or _repeats(claim.trip for claim in assignments)
    )
    return WritePlan(
        streams=steps,
        events=_numbered(batch.appends),
        replies=sorted(batch.replies, key=lambda reply: reply.command_id),
        commands_put=[puts[name] for name in sorted(puts)],
        commands_done=sorted(set(batch.commands_done) - puts.keys()),
        assignments=assignments,
        releases=releases,
        rows=_merged(batch.rows),
        snapshots=_newest(batch.snapshots),
        broken=broken,
        contradicts_itself=bool(broken) or twice,
    )


def _steps(appends: Sequence[Append]) -> tuple[list[StreamStep], list[EntityKey]]:
    steps: dict[EntityKey, StreamStep] = {}
    broken: set[EntityKey] = set()
    for append in appends:
        before = steps.get(append.key)
        if before is not None and before.last != append.expected:
            broken.add(append.key)
        first = append.expected if before is None else before.expected
        steps[append.key] = StreamStep(append.key, first, append.expected + len(append.events))
    return [steps[key] for key in sorted(steps)], sorted(broken)


def _numbered(appends: Sequence[Append]) -> list[StoredEvent]:
    events = [
        StoredEvent(append.key, seq, at, body)
        for append in appends
        for seq, (at, body) in enumerate(append.events, start=append.expected + 1)
    ]
    events.sort(key=lambda event: (event.key, event.seq))
    return events


def _net_assignments(
    assignments: Sequence[ActiveAssignment], releases: Sequence[ActiveAssignment]
) -> tuple[list[ActiveAssignment], list[ActiveAssignment]]:
    """Assignments and releases of a pair alternate, so the difference of their counts remains."""
    net: Counter[tuple[str, str]] = Counter()
    net.update((claim.vehicle, claim.trip) for claim in assignments)
    net.subtract((release.vehicle, release.trip) for release in releases)
    taken = [ActiveAssignment(*pair) for pair, count in sorted(net.items()) for _ in range(count)]
    freed = [ActiveAssignment(*pair) for pair, count in sorted(net.items()) if count < 0]
    return taken, freed


def _repeats(names: Iterable[str]) -> bool:
    listed = list(names)
    return len(set(listed)) < len(listed)


def _merged(rows: Sequence[Row]) -> list[Row]:
    merged: dict[tuple[str, str], dict[str, object]] = {}
    for row in rows:
        merged.setdefault((row.table, row.id), {}).update(row.values)
    return [Row(table, row_id, merged[table, row_id]) for table, row_id in sorted(merged)]


def _newest(snapshots: Sequence[StoredSnapshot]) -> list[StoredSnapshot]:
    newest: dict[EntityKey, StoredSnapshot] = {}
    for snapshot in snapshots:
        known = newest.get(snapshot.key)
        if known is None or snapshot.seq > known.seq:
            newest[snapshot.key] = snapshot
    return [newest[key] for key in sorted(newest)]
