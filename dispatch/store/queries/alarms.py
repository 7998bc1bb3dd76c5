"""Alarms and their settlement by dispatchers, and broadcasts from dispatchers to drivers.

Rule 1. An alarm or a notice is written once: a later one with the same id changes nothing.
Rule 2. The first settlement of an alarm is final.
Rule 3. The audit log entry is written in the same transaction.
Times are city seconds.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, or_, select, update

from dispatch.api.alarms import DriverBroadcast
from dispatch.api.server_messages import Alarm, Notice
from dispatch.domain.audit import AuditEntry
from dispatch.store import tables as schema
from dispatch.store.journals.prepared import Many, run
from dispatch.store.queries.audit import write_audit
from dispatch.store.queries.trip_rows import SqlQueries

MAX_ALARMS: Final = 500
MAX_NOTICES: Final = 200
_ALARM: Final = ("id", "name", "at", "fields")
_NOTICE: Final = ("id", "at", "by", "text", "vehicles")


class SqlAlarms(SqlQueries):
    """Alarms and their settlement."""

    async def record_alarms(self, alarms: Sequence[Alarm]) -> None:
        """Write these alarms; existing ids are skipped."""
        rows = [(it.alarm, it.name, it.at, msgspec.json.encode(it.fields).decode()) for it in alarms]
        await self._database.write(partial(run, many=Many("insert_new", "alarm", _ALARM, rows)))

    async def settle_alarm(self, alarm: str, *, by: str, at: float, note: str) -> Alarm | None:
        return await self._database.write(partial(_settle, alarm=alarm, by=by, at=at, note=note))

    async def listed(self, settled_since: float) -> Sequence[Alarm]:
        """Open alarms, and alarms settled since then: the newest first, at most :data:`MAX_ALARMS`."""
        column = schema.alarm.c
        shown = or_(column.settled_at.is_(None), column.settled_at >= settled_since)
        waiting_first = column.settled_at.is_not(None)
        statement = select(schema.alarm).where(shown).order_by(waiting_first, column.at.desc(), column.id)
        found = await self._database.read(lambda it: [_alarm(row) for row in it.execute(statement.limit(MAX_ALARMS))])
        return sorted(found, key=lambda alarm: (-alarm.at, alarm.alarm))


class SqlNotices(SqlQueries):
    """Broadcasts to drivers."""

    async def record_notice(self, broadcast: DriverBroadcast) -> DriverBroadcast:
        """Write a notice. Returns the stored one, which is older if its id exists."""
        return await self._database.write(partial(_record, broadcast=broadcast))

    async def for_vehicle(self, vehicle: str, since: float) -> Sequence[Notice]:
        """Notices to the driver of a vehicle since then, the newest first."""
        column = schema.notice.c
        statement = select(schema.notice).where(column.at >= since).order_by(column.at.desc(), column.id)
        stored = await self._database.read(lambda it: [_broadcast(row) for row in it.execute(statement)])
        return [broadcast.notice for broadcast in stored if broadcast.is_for(vehicle)][:MAX_NOTICES]


def _settle(connection: Connection, *, alarm: str, by: str, at: float, note: str) -> Alarm | None:
    column = schema.alarm.c
    waiting = update(schema.alarm).where(column.id == alarm, column.settled_at.is_(None))
    if connection.execute(waiting.values(settled_by=by, settled_at=at, note=note)).rowcount:
        entry = AuditEntry(f"alarm:{alarm}", at, "dispatcher", by, "settle_alarm", f"alarm:{alarm}", {"note": note})
        write_audit(connection, entries=[entry])
    row = connection.execute(select(schema.alarm).where(column.id == alarm)).one_or_none()
    return None if row is None else _alarm(row)


def _record(connection: Connection, *, broadcast: DriverBroadcast) -> DriverBroadcast:
    notice = broadcast.notice
    vehicles = msgspec.json.encode(broadcast.vehicles).decode()
    row = (notice.notice, notice.at, notice.by, notice.text, vehicles)
    run(connection, Many("insert_new", "notice", _NOTICE, [row]))
    facts = {"text": notice.text, "vehicles": list(broadcast.vehicles)}
    name = f"notice:{notice.notice}"
    write_audit(connection, entries=[AuditEntry(name, notice.at, "dispatcher", notice.by, "broadcast", name, facts)])
    statement = select(schema.notice).where(schema.notice.c.id == notice.notice)
    return _broadcast(connection.execute(statement).one())


def _alarm(row: Any) -> Alarm:  # noqa: ANN401 - a row of ``alarm``
    return Alarm(
        alarm=row.id,
        name=row.name,
        at=row.at,
        fields=msgspec.json.decode(row.fields),
        settled_by=row.settled_by,
        settled_at=row.settled_at,
        note=row.note,
    )


def _broadcast(row: Any) -> DriverBroadcast:  # noqa: ANN401 - a row of ``notice``
    vehicles = msgspec.json.decode(row.vehicles, type=tuple[str, ...])
    return DriverBroadcast(Notice(notice=row.id, at=row.at, by=row.by, text=row.text), vehicles)
