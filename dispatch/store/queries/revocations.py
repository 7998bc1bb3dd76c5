"""Sign-ins that were ended before their time. Times are wall seconds.

A row is of use until the tokens it is about have expired by themselves; later ones remove it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

from sqlalchemy import Connection, delete, select

from dispatch.store import tables as schema
from dispatch.store.database import Database
from dispatch.store.journals.prepared import Many, run
from dispatch.values.roles import Role

_COLUMNS: Final = ("id", "at", "until")


class Revocation(NamedTuple):
    """Of one sign-in (:func:`session_name`), or of all that somebody got up to ``at`` (:func:`subject_name`)."""

    id: str
    at: float
    until: float


def session_name(role: Role, session: str) -> str:
    """The name of one sign-in."""
    return f"session:{role}:{session}"


def subject_name(role: Role, subject: str) -> str:
    """The name of all sign-ins of somebody."""
    return f"{role}:{subject}"


class SqlRevocations:
    """Raises ``JournalUnavailableError`` as the journal does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, revocation: Revocation) -> None:
        """Write it, in place of an earlier one of its name."""
        await self._database.write(partial(_add, revocation=revocation))

    async def since(self, at: float) -> Sequence[Revocation]:
        """Those that were written then or later."""
        column = schema.revocation.c
        statement = select(schema.revocation).where(column.at >= at).order_by(column.at, column.id)
        return await self._database.read(
            lambda it: [Revocation(row.id, row.at, row.until) for row in it.execute(statement)]
        )


def _add(connection: Connection, *, revocation: Revocation) -> None:
    connection.execute(delete(schema.revocation).where(schema.revocation.c.until < revocation.at))
    run(connection, Many("upsert", "revocation", _COLUMNS, [revocation]))
