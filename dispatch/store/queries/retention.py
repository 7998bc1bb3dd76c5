"""Deletes expired rows: replies to commands, and exchanges with Alipay."""

from functools import partial

from sqlalchemy import Column, Connection, delete, select

from dispatch.store import tables as schema
from dispatch.store.queries.trip_rows import SqlQueries


class SqlRetention(SqlQueries):
    """Deletes a limited number of rows at a time."""

    async def remove_replies(self, before: float, most: int) -> int:
        """Delete at most ``most`` replies from before ``before`` (wall seconds); their number."""
        return await self._remove(schema.reply.c.command_id, before, most)

    async def remove_said(self, before: float, most: int) -> int:
        """Delete at most ``most`` exchanges with Alipay from before ``before`` (city seconds); their number."""
        return await self._remove(schema.payment_said.c.id, before, most)

    async def _remove(self, key: Column[str], before: float, most: int) -> int:
        return await self._database.write(partial(_removed, key=key, before=before, most=most))


def _removed(connection: Connection, key: Column[str], before: float, most: int) -> int:
    at = key.table.c.at
    old = select(key).where(at < before).order_by(at).limit(most)
    return connection.execute(delete(key.table).where(key.in_(old))).rowcount
