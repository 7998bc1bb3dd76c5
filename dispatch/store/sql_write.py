"""One transaction of the SQL journal: the statements of a commit, and why it was refused.

Rule 1: a stream's row in ``stream`` is read and locked before anything is written, in the order of the keys. Under
``BEGIN IMMEDIATE`` nobody else writes; on PostgreSQL ``FOR UPDATE`` waits for whoever is first and then reads what it
left. A number below or above the expected one refuses the batch before a row is written.
Rule 2: a stream that is not there yet cannot be locked; of two writers who begin it, the second fails on the key.
Rule 3: tables are written in one fixed order, rows in the order of their keys, so that writers do not deadlock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Executable, Table, bindparam, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from dispatch.entity import EntityKey, Row
from dispatch.store import schema
from dispatch.store.journal import Conflict, StoredReply
from dispatch.store.plan import Plan
from dispatch.store.shards import shard_of

CHUNK: Final = 500
"""Most values in one ``IN``."""

Values = dict[str, Any]


class RefusedError(Exception):
    """A stream does not stand where the batch expects it; the transaction is to be rolled back."""


_STREAMS = select(schema.stream.c.id, schema.stream.c.last).where(
    schema.stream.c.kind == bindparam("kind"), schema.stream.c.id.in_(bindparam("ids", expanding=True))
)
_LOCKED_STREAMS = _STREAMS.order_by(schema.stream.c.id).with_for_update()
_MOVE_STREAM = (
    update(schema.stream)
    .where(schema.stream.c.kind == bindparam("of_kind"), schema.stream.c.id == bindparam("of_id"))
    .values(last=bindparam("to"))
)
_DELETE_DUE = delete(schema.due).where(
    schema.due.c.kind == bindparam("of_kind"),
    schema.due.c.id == bindparam("of_id"),
    schema.due.c.name == bindparam("of_name"),
)
_DELETE_CLAIM = delete(schema.claim).where(
    schema.claim.c.vehicle == bindparam("of_vehicle"), schema.claim.c.trip == bindparam("of_trip")
)
_REPLIES = select(schema.reply).where(schema.reply.c.command_id.in_(bindparam("ids", expanding=True)))
_CLAIMS = select(schema.claim).where(
    or_(
        schema.claim.c.vehicle.in_(bindparam("vehicles", expanding=True)),
        schema.claim.c.trip.in_(bindparam("trips", expanding=True)),
    )
)


def upsert(connection: Connection, table: Table, values: Sequence[Values], *, newer: str | None = None) -> None:
    """Insert ``values`` (dicts of the same columns) into ``table``, or set those columns where the key is there.

    With ``newer``, a row is left alone unless that column grows.
    """
    if not values:
        return
    keys = [column.name for column in table.primary_key]
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    settable = {name: statement.excluded[name] for name in values[0] if name not in keys}
    if not settable:
        connection.execute(statement.on_conflict_do_nothing(index_elements=keys), values)
        return
    where = None if newer is None else table.c[newer] < statement.excluded[newer]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=settable, where=where), values)


def chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """``ids`` in pieces of at most :data:`CHUNK`."""
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def by_kind(keys: Sequence[EntityKey]) -> Iterator[tuple[str, Sequence[str]]]:
    """Sorted ``keys`` as ``(kind, ids)``, each with at most :data:`CHUNK` ids."""
    for kind, group in groupby(keys, key=lambda key: key.kind):
        for ids in chunks([key.id for key in group]):
            yield kind, ids


def write(connection: Connection, plan: Plan, *, shards: int, wall: float) -> None:
    """Write ``plan``. Raises :class:`RefusedError`, or the database's error where a unique key is taken."""
    _write_streams(connection, plan)
    _many(connection, insert(schema.event), [
        {"kind": key.kind, "id": key.id, "seq": seq, "at": at, "body": body} for key, seq, at, body in plan.events
    ])  # fmt: skip
    _many(connection, insert(schema.reply), [_reply_values(reply, wall) for reply in plan.replies])
    _many(connection, _DELETE_CLAIM, [{"of_vehicle": it.vehicle, "of_trip": it.trip} for it in plan.releases])
    _many(connection, insert(schema.claim), [{"vehicle": it.vehicle, "trip": it.trip} for it in plan.claims])
    _write_dues(connection, plan, shards)
    _write_rows(connection, plan.rows)
    upsert(connection, schema.snapshot, [
        {"kind": key.kind, "id": key.id, "seq": seq, "body": body} for key, seq, body in plan.snapshots
    ], newer="seq")  # fmt: skip


def _many(connection: Connection, statement: Executable, values: Sequence[Values]) -> None:
    if values:
        connection.execute(statement, values)


def _last_numbers(connection: Connection, keys: Sequence[EntityKey], statement: Executable) -> dict[EntityKey, int]:
    return {
        EntityKey(kind, row.id): row.last  # type: ignore[arg-type]
        for kind, ids in by_kind(keys)
        for row in connection.execute(statement, {"kind": kind, "ids": ids})
    }


def _write_streams(connection: Connection, plan: Plan) -> None:
    stands = _last_numbers(connection, [step.key for step in plan.streams], _LOCKED_STREAMS)
    if any(stands.get(step.key, 0) != step.expected for step in plan.streams):
        raise RefusedError
    grown = [step for step in plan.streams if step.last > step.expected]
    _many(connection, insert(schema.stream), [
        {"kind": key.kind, "id": key.id, "last": last} for key, _, last in grown if key not in stands
    ])  # fmt: skip
    _many(connection, _MOVE_STREAM, [
        {"of_kind": key.kind, "of_id": key.id, "to": last} for key, _, last in grown if key in stands
    ])  # fmt: skip


def _reply_values(reply: StoredReply, wall: float) -> Values:
    return {
        "command_id": reply.command_id,
        "digest": reply.digest,
        "kind": reply.key.kind,
        "id": reply.key.id,
        "body": reply.body,
        "at": wall,
    }


def _write_dues(connection: Connection, plan: Plan, shards: int) -> None:
    _many(connection, _DELETE_DUE, [
        {"of_kind": owner.kind, "of_id": owner.id, "of_name": name} for owner, name in plan.dues_done
    ])  # fmt: skip
    puts = [
        {
            "kind": due.owner.kind,
            "id": due.owner.id,
            "name": due.name,
            "shard": shard_of(due.owner, shards),
            "at": due.at,
            "target": due.target,
            "command": due.command,
        }
        for due in plan.dues_put
    ]
    upsert(connection, schema.due, puts)


def _write_rows(connection: Connection, rows: Sequence[Row]) -> None:
    """Rows of one table with the same columns go together; a row's columns are the same from life to life."""
    for (table, _), group in groupby(rows, key=lambda row: (row.table, sorted(row.values))):
        upsert(connection, schema.ROWS[table], [{"id": row.id, **row.values} for row in group])


def stored_reply(row: Any) -> StoredReply:  # noqa: ANN401 - a row of ``reply``
    """A row of ``reply`` as the port has it."""
    return StoredReply(row.command_id, row.digest, EntityKey(row.kind, row.id), row.body)


def conflict(connection: Connection, plan: Plan) -> Conflict:
    """What of ``plan`` stands in the way now."""
    keys = [step.key for step in plan.streams]
    stands = _last_numbers(connection, keys, _STREAMS)
    moved = {
        step.key: stands.get(step.key, 0)
        for step in plan.streams
        if step.key in plan.broken or stands.get(step.key, 0) != step.expected
    }
    return Conflict(moved, _stored_replies(connection, plan), _taken(connection, plan))


def _stored_replies(connection: Connection, plan: Plan) -> Mapping[str, StoredReply]:
    found = (
        stored_reply(row)
        for ids in chunks([reply.command_id for reply in plan.replies])
        for row in connection.execute(_REPLIES, {"ids": ids})
    )
    return {reply.command_id: reply for reply in found}


def _taken(connection: Connection, plan: Plan) -> list[Any]:
    if not plan.claims:
        return []
    vehicles, trips = [it.vehicle for it in plan.claims], [it.trip for it in plan.claims]
    freed = {(it.vehicle, it.trip) for it in plan.releases}
    held = [
        row
        for row in connection.execute(_CLAIMS, {"vehicles": vehicles, "trips": trips})
        if (row.vehicle, row.trip) not in freed
    ]
    of_vehicles, of_trips = {row.vehicle for row in held}, {row.trip for row in held}
    return [it for it in plan.claims if it.vehicle in of_vehicles or it.trip in of_trips]
