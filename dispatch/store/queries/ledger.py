"""The ledger beside the journal: entries by day, payments that need attention, and reconciled days.

An account is named by the company that owns it; ``""`` is the default account, shared by all other companies.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final, Literal, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update
from sqlalchemy.exc import DBAPIError

from dispatch.store import tables as schema
from dispatch.store.database import is_duplicate
from dispatch.store.queries.trip_rows import PaymentRow, SqlQueries

Outcome = Literal["clean", "open", "missing"]
"""Outcome of a finished day: all agrees, some items are open, or no bill came in time."""
RUNNING: Final = "running"

_ledger, _done = schema.ledger.c, schema.reconciliation.c


class LedgerRow(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the ledger (:mod:`dispatch.payment.core.ledger`). ``day`` is in Beijing, ``at`` in city seconds."""

    id: str
    payment: str
    kind: str
    order_no: str
    trade_no: str | None
    refund_no: str | None
    method: str
    company: str
    vehicle: str
    from_account: str
    to_account: str
    amount_minor: int
    currency: str
    day: str
    at: float


class Scope(NamedTuple):
    """Selects entries: of one company, or for ``""`` of all companies except ``apart``."""

    account: str
    apart: tuple[str, ...] = ()


class SqlLedger(SqlQueries):
    """Reads the ledger and records reconciled days."""

    async def entries(self, holder: str, days: Sequence[str], scope: Scope) -> Sequence[LedgerRow]:
        """Entries from or to ``holder`` on these days, in the order of booking.

        ``holder`` is an account of the ledger (``alipay``).
        """
        asked = select(schema.ledger).where(_ledger.day.in_(days), _moves(holder), _within(scope))
        return await self._read(LedgerRow, asked.order_by(_ledger.at, _ledger.id))

    async def first_day(self, holder: str, scope: Scope) -> str | None:
        asked = select(func.min(_ledger.day)).where(_moves(holder), _within(scope))
        return await self._database.read(lambda it: it.execute(asked).scalar())

    async def unclear(self) -> Sequence[PaymentRow]:
        """Payments that need a person's attention, the oldest first."""
        table = schema.payment
        asked = select(table).where(table.c.unclear.is_not(None))
        return await self._read(PaymentRow, asked.order_by(table.c.opened_at, table.c.id))

    async def finished_days(self, account: str, since: str) -> Sequence[tuple[str, str]]:
        asked = select(_done.day, _done.state).where(_done.account == account, _done.day >= since)
        asked = asked.where(_done.state != RUNNING).order_by(_done.day)
        return await self._database.read(lambda it: [(row.day, row.state) for row in it.execute(asked)])

    async def claim_day(self, day: str, account: str, *, now: float, until: float) -> int:
        """Claim a day until ``until`` (wall seconds). Returns the number of claims so far, this one included.

        0 if the day is finished, or claimed by another process. After a failure the claim just expires.
        """
        try:
            return await self._database.write(partial(_claim_day, day=day, account=account, now=now, until=until))
        except DBAPIError as error:
            if not is_duplicate(error):
                raise
            return 0

    async def finish_day(self, day: str, account: str, outcome: Outcome, body: str) -> None:
        """Store the outcome of a day. ``body`` is its report in JSON."""
        done = update(schema.reconciliation).where(_is(day, account), _done.state == RUNNING)
        await self._database.write(lambda it: it.execute(done.values(state=outcome, body=body)).rowcount)

    async def day_report(self, day: str, account: str) -> tuple[str, str] | None:
        asked = select(_done.state, _done.body).where(_is(day, account), _done.state != RUNNING)
        row = await self._database.read(lambda it: it.execute(asked).one_or_none())
        return None if row is None else (row.state, row.body or "")


def _moves(holder: str) -> ColumnElement[bool]:
    return or_(_ledger.from_account == holder, _ledger.to_account == holder)


def _within(scope: Scope) -> ColumnElement[bool]:
    return _ledger.company == scope.account if scope.account else _ledger.company.not_in(scope.apart)


def _is(day: str, account: str) -> ColumnElement[bool]:
    return and_(_done.day == day, _done.account == account)


def _claim_day(connection: Connection, *, day: str, account: str, now: float, until: float) -> int:
    """PostgreSQL re-evaluates the row after waiting for a concurrent claim, so only one process finds it free."""
    free = update(schema.reconciliation).where(_is(day, account), _done.state == RUNNING, _done.free_at <= now)
    taken = connection.execute(free.values(free_at=until, tries=_done.tries + 1)).rowcount
    tries = connection.execute(select(_done.tries).where(_is(day, account))).scalar()
    if tries is not None:
        return int(tries) if taken else 0
    new = {"day": day, "account": account, "state": RUNNING, "tries": 1, "free_at": until}
    connection.execute(insert(schema.reconciliation), new)
    return 1
