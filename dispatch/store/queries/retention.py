"""Removing what has been kept long enough: stored answers to commands, and what Alipay was asked and said."""

from __future__ import annotations

from functools import partial

from sqlalchemy import Column, Connection, delete, select

from dispatch.store import tables as schema
from dispatch.store.database import Database


class SqlRetention:
    """Raises ``JournalUnavailableError`` where the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def remove_replies(self, before: float, most: int) -> int:
        """Remove ``most`` of the answers that were given before ``before`` (wall seconds); how many it were."""
        return await self._remove(schema.reply.c.command_id, before, most)

    async def remove_said(self, before: float, most: int) -> int:
        """Remove ``most`` of what was said to and by Alipay before ``before`` (city seconds); how many it were."""
        return await self._remove(schema.payment_said.c.id, before, most)

    async def _remove(self, key: Column[str], before: float, most: int) -> int:
        return await self._database.write(partial(_removed, key=key, before=before, most=most))


def _removed(connection: Connection, key: Column[str], before: float, most: int) -> int:
    at = key.table.c.at
    old = select(key).where(at < before).order_by(at).limit(most)
    return connection.execute(delete(key.table).where(key.in_(old))).rowcount
