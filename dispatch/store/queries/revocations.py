"""Revoked sign-ins. Times are wall seconds.

A row is needed until its tokens have expired; later revocations delete it.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

from sqlalchemy import Connection, delete, select

from dispatch.store import tables as schema
from dispatch.store.journals.prepared import Many, run
from dispatch.store.queries.trip_rows import SqlQueries
from dispatch.values.roles import Role

_COLUMNS: Final = ("id", "at", "until")


class Revocation(NamedTuple):
    """Revokes one sign-in (:func:`session_name`), or all sign-ins of a subject up to ``at`` (:func:`subject_name`)."""

    id: str
    at: float
    until: float


def session_name(role: Role, session: str) -> str:
    return f"session:{role}:{session}"


def subject_name(role: Role, subject: str) -> str:
    return f"{role}:{subject}"


class SqlRevocations(SqlQueries):
    """Revoked sign-ins."""

    async def add(self, revocation: Revocation) -> None:
        """An earlier revocation of the same name is replaced."""
        await self._database.write(partial(_add, revocation=revocation))

    async def since(self, at: float) -> Sequence[Revocation]:
        column = schema.revocation.c
        statement = select(schema.revocation).where(column.at >= at).order_by(column.at, column.id)
        return await self._database.read(
            lambda it: [Revocation(row.id, row.at, row.until) for row in it.execute(statement)]
        )


def _add(connection: Connection, *, revocation: Revocation) -> None:
    connection.execute(delete(schema.revocation).where(schema.revocation.c.until < revocation.at))
    run(connection, Many("upsert", "revocation", _COLUMNS, [revocation]))
