"""The history of one entity: its newest events, a trip's payments, and the exchanges with Alipay."""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import bindparam, select

from dispatch.domain.entity import EntityKey
from dispatch.store import tables as schema
from dispatch.store.journal import StoredEvent
from dispatch.store.queries.trip_rows import PaymentRow, SqlQueries

MAX_SAID: Final = 500
_event, _said = schema.event.c, schema.payment_said.c
_NEWEST: Final = (
    select(schema.event)
    .where(_event.kind == bindparam("kind"), _event.id == bindparam("id"))
    .order_by(_event.seq.desc())
    .limit(bindparam("most"))
)


class SaidRow(msgspec.Struct, frozen=True):
    """A request, response or notification, verbatim."""

    order_no: str
    kind: str
    at: float
    body: str


class SqlEventHistory(SqlQueries):
    """Read only."""

    async def newest(self, key: EntityKey, since: float, most: int) -> Sequence[StoredEvent]:
        """The last ``most`` events of a stream since a city time, in their order."""
        values = {"kind": key.kind, "id": key.id, "most": most}
        rows = await self._database.read(lambda it: it.execute(_NEWEST, values).all())
        return [StoredEvent(key, row.seq, row.at, row.body) for row in reversed(rows) if row.at >= since]

    async def payments(self, trip: str) -> Sequence[PaymentRow]:
        asked = select(schema.payment).where(schema.payment.c.trip == trip).order_by(schema.payment.c.id)
        return await self._read(PaymentRow, asked)

    async def said(self, payment: str) -> Sequence[SaidRow]:
        """Exchanges with Alipay about a payment, in their order; the first :data:`MAX_SAID`."""
        asked = select(schema.payment_said).where(_said.payment == payment).order_by(_said.at, _said.id)
        return await self._read(SaidRow, asked.limit(MAX_SAID))
