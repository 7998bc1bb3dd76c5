"""Reads the journal for the checks: stream by stream, in pages, each page in one read transaction.

Each page therefore sees one consistent state, and nothing is locked. A concurrent write is seen by a later page or not
at all. Memory holds one page: :data:`STREAMS` streams with their rows, and :data:`EVENTS` events.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, cast

import msgspec
from sqlalchemy import Connection, Select, Table, and_, exists, literal, select, tuple_

from dispatch.actors.core.entity_types import EntityKind
from dispatch.clock import Clock
from dispatch.domain.entity import KINDS, ActiveAssignment, EntityKey, Kind
from dispatch.integrity.checks.cross_stream import ShardedTimer, Surroundings, check_around, counterpart, wants_incoming
from dispatch.integrity.checks.findings import Counts, Finding
from dispatch.integrity.checks.ledger import Balances, check_books
from dispatch.integrity.checks.replies import check_reply
from dispatch.integrity.checks.stream import Row, StreamCheck
from dispatch.store import tables as schema
from dispatch.store.database import Database
from dispatch.store.journal import StoredCommand, StoredEvent, StoredReply, StoredSnapshot

STREAMS: Final = 200
EVENTS: Final = 2000
REPLIES: Final = 2000
MAX_FINDINGS: Final = 200
"""Findings that a report keeps; further ones are only counted."""

ROW_TABLES: Final[dict[Kind, Table]] = {
    "vehicle": schema.vehicle_state,
    "trip": schema.trip,
    "payment": schema.payment,
}

Kinds = Mapping[Kind, EntityKind]


class IntegrityReport(msgspec.Struct, kw_only=True):
    """Numbers of checked objects, and all violations. ``books`` are minor units by account and currency."""

    ok: bool = True
    streams: int = 0
    events: int = 0
    rows: int = 0
    replies: int = 0
    seconds: float = 0.0
    books: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    found: dict[str, int] = msgspec.field(default_factory=dict)
    """Number of findings by check."""
    findings: list[Finding] = msgspec.field(default_factory=list)
    """The first :data:`MAX_FINDINGS` of them."""

    def add_findings(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self.ok = False
            self.found[finding.check] = self.found.get(finding.check, 0) + 1
            if len(self.findings) < MAX_FINDINGS:
                self.findings.append(finding)

    def add_counts(self, counts: Counts) -> None:
        self.streams += counts.streams
        self.events += counts.events
        self.rows += counts.rows


class _Page(msgspec.Struct):
    """The result of one page; ``after`` is its last id, None for an empty page."""

    after: str | None
    counts: Counts
    findings: list[Finding]
    balances: Balances


async def verify_journal(database: Database, kinds: Kinds, clock: Clock) -> IntegrityReport:
    """Check a whole journal. Raises ``JournalUnavailableError`` if the database does not answer."""
    report, began, balances = IntegrityReport(), clock.wall(), Counter[tuple[str, str]]()
    shards = int(await database.read(_shards))
    for kind in KINDS:
        after: str | None = ""
        while after is not None:
            page = await database.read(partial(_page, kind=kinds[kind], after=after, shards=shards))
            report.add_counts(page.counts)
            report.add_findings(page.findings)
            balances.update(page.balances)
            after = page.after
    await _replies(database, report)
    for name, statement in _orphans():
        report.add_findings(await database.read(partial(_orphaned, name=name, statement=statement)))
    report.books = _by_currency(balances)
    report.seconds = clock.wall() - began
    return report


def _by_currency(balances: Balances) -> dict[str, dict[str, int]]:
    books: dict[str, dict[str, int]] = {}
    for (account, currency), minor in sorted(balances.items()):
        books.setdefault(currency, {})[account] = minor
    return books


def _shards(connection: Connection) -> str:
    """The journal's number of shards. A journal without this row was never opened and is empty."""
    meta = schema.meta.c
    return connection.execute(select(meta.value).where(meta.name == "shards")).scalar_one_or_none() or "1"


def _page(connection: Connection, kind: EntityKind, after: str, shards: int) -> _Page:
    column = schema.stream.c
    chosen = select(column.id, column.last).where(column.kind == kind.kind, column.id > after)
    lasts = {row.id: row.last for row in connection.execute(chosen.order_by(column.id).limit(STREAMS))}
    if not lasts:
        return _Page(None, Counts(), [], Counter())
    reader = _Reader(connection, kind, list(lasts))
    snapshots, rows = reader.snapshots(), reader.rows()
    checks = {
        name: StreamCheck(kind, EntityKey(kind.kind, name), last, snapshots.get(name), rows.get(name))
        for name, last in lasts.items()
    }
    for stored in reader.events():
        if stored.key.id in checks:
            checks[stored.key.id].feed(stored)
    for check in checks.values():
        check.close()
    counts = Counts(len(lasts), sum(check.events for check in checks.values()), len(snapshots) + len(rows))
    counts.rows += _check_around(reader, checks, shards)
    balances = _check_books(reader, checks, counts) if kind.kind == "payment" else Counter()
    findings = [finding for check in checks.values() for finding in check.findings]
    return _Page(list(lasts)[-1], counts, findings, balances)


def _check_around(reader: _Reader, checks: Mapping[str, StreamCheck], shards: int) -> int:
    """Compare the page's streams with their surroundings. Returns the number of timers and claims."""
    timers, claims = reader.timers(), reader.claims()
    others = {name: key for name, check in checks.items() if (key := counterpart(check)) is not None}
    other_rows = reader.rows_of(others.values())
    waiting = [str(check.key) for name, check in checks.items() if wants_incoming(check, claims.get(name))]
    incoming = reader.incoming(waiting)
    for name, check in checks.items():
        around = Surroundings(
            own=timers.get(name, ()),
            incoming=incoming.get(str(check.key), ()),
            claim=claims.get(name),
            other=other_rows.get(others[name]) if name in others else None,
        )
        check_around(check, around, shards)
    return sum(map(len, timers.values())) + len(claims)


def _check_books(reader: _Reader, checks: Mapping[str, StreamCheck], counts: Counts) -> Balances:
    balances: Balances = Counter()
    entries = reader.entries()
    for name, check in checks.items():
        rows = entries.get(name, [])
        counts.rows += len(rows)
        balances.update(check_books(check, rows))
    return balances


class _Reader:
    """Reads the rows of a page within its transaction."""

    def __init__(self, connection: Connection, kind: EntityKind, ids: Sequence[str]) -> None:
        self._connection = connection
        self._kind: Kind = kind.kind
        self._ids = ids

    def _page_of(self, table: Table) -> Select[Any]:
        return select(table).where(table.c.kind == self._kind, table.c.id.in_(self._ids))

    def snapshots(self) -> dict[str, StoredSnapshot]:
        found = self._connection.execute(self._page_of(schema.snapshot))
        return {row.id: StoredSnapshot(EntityKey(self._kind, row.id), row.seq, row.body) for row in found}

    def rows(self) -> dict[str, Row]:
        keys = [EntityKey(self._kind, name) for name in self._ids]
        return {key.id: row for key, row in self.rows_of(keys).items()}

    def rows_of(self, keys: Iterable[EntityKey]) -> dict[EntityKey, Row]:
        by_kind: defaultdict[Kind, list[str]] = defaultdict(list)
        for key in keys:
            by_kind[key.kind].append(key.id)
        return {
            EntityKey(kind, row["id"]): row
            for kind, ids in by_kind.items()
            for row in self._mappings(select(ROW_TABLES[kind]).where(ROW_TABLES[kind].c.id.in_(ids)))
        }

    def events(self) -> Iterator[StoredEvent]:
        """All events of the page's range of ids, in order, fetched in batches."""
        column = schema.event.c
        at: tuple[str, int] = (self._ids[0], -1)
        of_page = select(schema.event).where(column.kind == self._kind, column.id <= self._ids[-1])
        while True:
            behind = tuple_(column.id, column.seq) > tuple_(literal(at[0]), literal(at[1]))
            piece = of_page.where(column.id >= at[0], behind).order_by(column.id, column.seq).limit(EVENTS)
            rows = self._connection.execute(piece).all()
            for row in rows:
                yield StoredEvent(EntityKey(self._kind, row.id), row.seq, row.at, row.body)
            if len(rows) < EVENTS:
                return
            at = rows[-1].id, rows[-1].seq

    def timers(self) -> dict[str, list[ShardedTimer]]:
        found: defaultdict[str, list[ShardedTimer]] = defaultdict(list)
        for row in self._connection.execute(self._page_of(schema.due)):
            found[row.id].append(ShardedTimer(_due(row), row.shard))
        return found

    def incoming(self, targets: Sequence[str]) -> dict[str, list[StoredCommand]]:
        found: defaultdict[str, list[StoredCommand]] = defaultdict(list)
        if targets:
            for row in self._connection.execute(select(schema.due).where(schema.due.c.target.in_(targets))):
                found[row.target].append(_due(row))
        return found

    def claims(self) -> dict[str, ActiveAssignment]:
        if self._kind == "payment":
            return {}
        column = schema.claim.c[self._kind]
        found = self._connection.execute(select(schema.claim).where(column.in_(self._ids)))
        return {getattr(row, self._kind): ActiveAssignment(row.vehicle, row.trip) for row in found}

    def entries(self) -> dict[str, list[Row]]:
        found: defaultdict[str, list[Row]] = defaultdict(list)
        for row in self._mappings(select(schema.ledger).where(schema.ledger.c.payment.in_(self._ids))):
            found[row["payment"]].append(row)
        return found

    def _mappings(self, statement: Select[Any]) -> list[Row]:
        return [dict(row) for row in self._connection.execute(statement).mappings()]


def _due(row: Any) -> StoredCommand:  # noqa: ANN401 - a row of ``due``
    return StoredCommand(EntityKey(cast("Kind", row.kind), row.id), row.name, row.at, row.target, row.command)


async def _replies(database: Database, report: IntegrityReport) -> None:
    after: str | None = ""
    while after is not None:
        after, count, findings = await database.read(partial(_page_of_replies, after=after))
        report.replies += count
        report.add_findings(findings)


def _page_of_replies(connection: Connection, after: str) -> tuple[str | None, int, list[Finding]]:
    reply, stream = schema.reply, schema.stream
    joined = reply.outerjoin(stream, and_(stream.c.kind == reply.c.kind, stream.c.id == reply.c.id))
    chosen = select(reply, stream.c.last).select_from(joined).where(reply.c.command_id > after)
    rows = connection.execute(chosen.order_by(reply.c.command_id).limit(REPLIES)).all()
    findings: list[Finding] = []
    for row in rows:
        stored = StoredReply(row.command_id, row.digest, EntityKey(cast("Kind", row.kind), row.id), row.body)
        findings.extend(check_reply(stored, row.last))
    return (rows[-1].command_id if rows else None), len(rows), findings


def _orphans() -> Iterator[tuple[str, Select[Any]]]:
    """Statements that select the keys of entities that have rows in a table but no history."""
    for table in (schema.event, schema.snapshot, schema.due):
        yield table.name, _without_stream(table, table.c.kind, table.c.id)
    for kind, table in ROW_TABLES.items():
        yield table.name, _without_stream(table, literal(kind), table.c.id)
    yield "claim", _without_stream(schema.claim, literal("vehicle"), schema.claim.c.vehicle)
    yield "claim", _without_stream(schema.claim, literal("trip"), schema.claim.c.trip)
    yield "ledger", _without_stream(schema.ledger, literal("payment"), schema.ledger.c.payment)


def _without_stream(table: Table, kind: Any, entity_id: Any) -> Select[Any]:  # noqa: ANN401 - columns
    stream = schema.stream.c
    there = exists().where(stream.kind == kind, stream.id == entity_id)
    keys = select(kind.label("kind"), entity_id.label("id")).select_from(table).distinct()
    return keys.where(~there).order_by("kind", "id").limit(MAX_FINDINGS)


def _orphaned(connection: Connection, name: str, statement: Select[Any]) -> list[Finding]:
    return [
        Finding("orphan", f"{row.kind}:{row.id}", f"table {name} has rows of it, and it has no history")
        for row in connection.execute(statement)
    ]
