"""One transaction of the SQL journal: the statements of a commit, and the reasons of a conflict.

Rule 1: the row of each stream in ``stream`` is read and locked before anything is written, in the order of the keys.
Under ``BEGIN IMMEDIATE`` no other process writes; on PostgreSQL ``FOR UPDATE`` waits for the first writer and then
reads its result. If a number is not the expected one, the batch is rejected before any row is written.
Rule 2: a new stream has no row to lock; of two writers that create it, the second one fails on the primary key.
Rule 3: tables are written in one fixed order, and rows in the order of their keys, so that writers do not deadlock.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Executable, bindparam, or_, select

from dispatch.domain.entity import EntityKey, Row
from dispatch.store import tables as schema
from dispatch.store.journal import APPEND_ONLY, Conflict, StoredReply, shard_of
from dispatch.store.journals.prepared import Many, Verb, run
from dispatch.store.journals.write_plan import StreamStep, WritePlan

CHUNK: Final = 500
"""Maximum number of values in one ``IN``."""


class StreamMovedError(Exception):
    """A stream is not at the number that the batch expects; the transaction is rolled back."""


_STREAM = ("kind", "id", "last")
_EVENT = ("kind", "id", "seq", "at", "body")
_REPLY = ("command_id", "kind", "id", "digest", "body", "at")
_CLAIM = ("vehicle", "trip")
_DUE_NAME = ("kind", "id", "name")
_DUE = (*_DUE_NAME, "shard", "at", "target", "command")
_SNAPSHOT = ("kind", "id", "seq", "body")

_STREAMS = select(schema.stream.c.id, schema.stream.c.last).where(
    schema.stream.c.kind == bindparam("kind"), schema.stream.c.id.in_(bindparam("ids", expanding=True))
)
_LOCKED_STREAMS = _STREAMS.order_by(schema.stream.c.id).with_for_update()
_REPLIES = select(schema.reply).where(schema.reply.c.command_id.in_(bindparam("ids", expanding=True)))
_CLAIMS = select(schema.claim).where(
    or_(
        schema.claim.c.vehicle.in_(bindparam("vehicles", expanding=True)),
        schema.claim.c.trip.in_(bindparam("trips", expanding=True)),
    )
)


def chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def by_kind(keys: Sequence[EntityKey]) -> Iterator[tuple[str, Sequence[str]]]:
    """Sorted ``keys`` as ``(kind, ids)``, each with at most :data:`CHUNK` ids."""
    for kind, group in groupby(keys, key=lambda key: key.kind):
        for ids in chunks([key.id for key in group]):
            yield kind, ids


class Writing(NamedTuple):
    """A plan with its rows laid out beforehand, so that the database is locked for a short time only."""

    streams: Sequence[StreamStep]
    parts: Sequence[Many]


def lay_out(plan: WritePlan, *, shards: int, wall: float) -> Writing:
    """The statements for ``plan``, in the fixed order of tables."""
    parts = [
        Many("insert", "event", _EVENT, [(*key, seq, at, body) for key, seq, at, body in plan.events]),
        Many("insert", "reply", _REPLY, [(cid, *key, digest, body, wall) for cid, digest, key, body in plan.replies]),
        Many("delete", "claim", _CLAIM, [(it.vehicle, it.trip) for it in plan.releases]),
        Many("insert", "claim", _CLAIM, [(it.vehicle, it.trip) for it in plan.assignments]),
        Many("delete", "due", _DUE_NAME, [(*owner, name) for owner, name in plan.commands_done]),
        Many("upsert", "due", _DUE, [
            (*owner, name, shard_of(owner, shards), at, target, command)
            for owner, name, at, target, command in plan.commands_put
        ]),
        *_rows(plan.rows),
        Many("upsert_newer", "snapshot", _SNAPSHOT, [(*key, seq, body) for key, seq, body in plan.snapshots]),
    ]  # fmt: skip
    return Writing(plan.streams, [part for part in parts if part.rows])


def _rows(rows: Sequence[Row]) -> Iterator[Many]:
    """Rows of one table with the same columns are written together; an entity's columns rarely change."""
    for (table, columns), group in groupby(rows, key=lambda row: (row.table, tuple(row.values))):
        if table not in schema.ROWS:
            raise ValueError(f"no such table for rows: {table!r}")
        verb: Verb = "upsert_not_older" if "seq" in columns else "upsert"
        if table in APPEND_ONLY:
            verb = "insert_new"
        yield Many(verb, table, ("id", *columns), [(row.id, *row.values.values()) for row in group])


def write(connection: Connection, writing: Writing) -> None:
    """Raises :class:`StreamMovedError`, or the database's error if a unique key is taken."""
    _write_streams(connection, writing.streams)
    for part in writing.parts:
        run(connection, part)


def last_numbers(
    connection: Connection, keys: Sequence[EntityKey], statement: Executable = _STREAMS
) -> dict[EntityKey, int]:
    """The last number of each of these streams; empty streams are left out."""
    return {
        EntityKey(kind, row.id): row.last  # type: ignore[arg-type]
        for kind, ids in by_kind(keys)
        for row in connection.execute(statement, {"kind": kind, "ids": ids})
    }


def _write_streams(connection: Connection, steps: Sequence[StreamStep]) -> None:
    stands = last_numbers(connection, [step.key for step in steps], _LOCKED_STREAMS)
    if any(stands.get(step.key, 0) != step.expected for step in steps):
        raise StreamMovedError
    grown = [step for step in steps if step.last > step.expected]
    begun = [(*key, last) for key, _, last in grown if key not in stands]
    moved = [(*key, last) for key, _, last in grown if key in stands]
    run(connection, Many("insert", "stream", _STREAM, begun))
    run(connection, Many("update", "stream", _STREAM, moved))


def stored_reply(row: Any) -> StoredReply:  # noqa: ANN401 - a row of ``reply``
    return StoredReply(row.command_id, row.digest, EntityKey(row.kind, row.id), row.body)


def conflict(connection: Connection, plan: WritePlan) -> Conflict:
    keys = [step.key for step in plan.streams]
    stands = last_numbers(connection, keys)
    moved = {
        step.key: stands.get(step.key, 0)
        for step in plan.streams
        if step.key in plan.broken or stands.get(step.key, 0) != step.expected
    }
    return Conflict(moved, _stored_replies(connection, plan), _taken(connection, plan))


def _stored_replies(connection: Connection, plan: WritePlan) -> Mapping[str, StoredReply]:
    found = (
        stored_reply(row)
        for ids in chunks([reply.command_id for reply in plan.replies])
        for row in connection.execute(_REPLIES, {"ids": ids})
    )
    return {reply.command_id: reply for reply in found}


def _taken(connection: Connection, plan: WritePlan) -> list[Any]:
    if not plan.assignments:
        return []
    vehicles, trips = [it.vehicle for it in plan.assignments], [it.trip for it in plan.assignments]
    freed = {(it.vehicle, it.trip) for it in plan.releases}
    held = [
        row
        for row in connection.execute(_CLAIMS, {"vehicles": vehicles, "trips": trips})
        if (row.vehicle, row.trip) not in freed
    ]
    of_vehicles, of_trips = {row.vehicle for row in held}, {row.trip for row in held}
    return [it for it in plan.assignments if it.vehicle in of_vehicles or it.trip in of_trips]
