"""The audit log in the journal's database (:mod:`dispatch.domain.audit`). Entries are never changed."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import msgspec
from sqlalchemy import Connection, select

from dispatch.domain.audit import AuditEntry, audit_row
from dispatch.store import tables as schema
from dispatch.store.journals.prepared import Many, run
from dispatch.store.queries.trip_rows import SqlQueries

MAX_ENTRIES: Final = 10_000
_COLUMNS: Final = ("id", "at", "role", "who", "act", "target", "facts")


class SqlAudit(SqlQueries):
    """The audit log."""

    async def record_entries(self, entries: Sequence[AuditEntry]) -> None:
        """Write these entries; existing ids are skipped."""
        await self._database.write(partial(write_audit, entries=entries))

    async def listed(self, since: float = 0.0, who: str = "", most: int = MAX_ENTRIES) -> Sequence[AuditEntry]:
        """Entries since ``since`` (city time), optionally of one person: the newest ``most``, the oldest first."""
        column = schema.audit.c
        statement = select(schema.audit).where(column.at >= since).order_by(column.at.desc(), column.id).limit(most)
        if who:
            statement = statement.where(column.who == who)

        def read(connection: Connection) -> list[AuditEntry]:
            return [
                AuditEntry(it.id, it.at, it.role, it.who, it.act, it.target, msgspec.json.decode(it.facts))
                for it in connection.execute(statement)
            ]

        return list(reversed(await self._database.read(read)))


def write_audit(connection: Connection, *, entries: Sequence[AuditEntry]) -> None:
    """Write entries within a transaction; existing ids are skipped."""
    rows = [(row.id, *row.values.values()) for row in map(audit_row, entries)]
    run(connection, Many("insert_new", "audit", _COLUMNS, rows))
