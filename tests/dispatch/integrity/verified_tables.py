"""Runs the checks over a journal in memory."""

from collections.abc import Mapping

from dispatch.actors.core.entity_types import EntityKind
from dispatch.domain.entity import ActiveAssignment, EntityKey, Kind
from dispatch.integrity.checks.cross_stream import ShardedTimer, Surroundings, check_around, counterpart
from dispatch.integrity.checks.findings import Finding
from dispatch.integrity.checks.ledger import check_books
from dispatch.integrity.checks.replies import check_reply
from dispatch.integrity.checks.stream import Row, StreamCheck
from dispatch.store.journal import StoredCommand, shard_of
from dispatch.store.journals.memory_journal import MemoryTables

_ROWS: Mapping[Kind, str] = {"vehicle": "vehicle_state", "trip": "trip", "payment": "payment"}


def verify_tables(tables: MemoryTables, kinds: Mapping[Kind, EntityKind], shards: int) -> list[Finding]:
    return [
        *(finding for key in sorted(tables.events) for finding in _check_stream(tables, kinds[key.kind], key, shards)),
        *(one for reply in tables.replies.values() for one in check_reply(reply, tables.last(reply.key))),
    ]


def _check_stream(tables: MemoryTables, kind: EntityKind, key: EntityKey, shards: int) -> list[Finding]:
    check = StreamCheck(kind, key, tables.last(key), tables.snapshots.get(key), _row(tables, key))
    for stored in tables.events[key]:
        check.feed(stored)
    check.close()
    other = counterpart(check)
    around = Surroundings(
        own=[ShardedTimer(due, shard_of(due.owner, shards)) for due in tables.dues.get(key, {}).values()],
        incoming=_incoming(tables, key),
        claim=_claim(tables, key),
        other=_row(tables, other) if other is not None else None,
    )
    check_around(check, around, shards)
    if key.kind == "payment":
        ledger = tables.rows.get("ledger", {})
        check_books(check, [{"id": name, **row} for name, row in ledger.items() if row["payment"] == key.id])
    return check.findings


def _row(tables: MemoryTables, key: EntityKey) -> Row | None:
    return tables.rows.get(_ROWS[key.kind], {}).get(key.id)


def _incoming(tables: MemoryTables, key: EntityKey) -> list[StoredCommand]:
    return [due for dues in tables.dues.values() for due in dues.values() if due.target == str(key)]


def _claim(tables: MemoryTables, key: EntityKey) -> ActiveAssignment | None:
    if key.kind == "vehicle":
        trip = tables.trip_of.get(key.id)
        return ActiveAssignment(key.id, trip) if trip is not None else None
    vehicle = tables.vehicle_of.get(key.id)
    return ActiveAssignment(vehicle, key.id) if vehicle is not None else None
