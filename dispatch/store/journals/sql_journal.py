"""The journal on SQLite and PostgreSQL. It fulfils the port's contract (:mod:`dispatch.store.journal`)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import groupby
from math import inf
from typing import Any, cast

from sqlalchemy import Connection, and_, bindparam, func, insert, select
from sqlalchemy.exc import DBAPIError

from dispatch.clock import CityClock, Clock
from dispatch.domain.entity import EntityKey, Kind
from dispatch.store import tables as schema
from dispatch.store.database import Database, is_duplicate, open_database
from dispatch.store.journal import (
    Batch,
    Committed,
    Conflict,
    StoredCommand,
    StoredEvent,
    StoredHistory,
    StoredReply,
    StoredSnapshot,
)
from dispatch.store.journals.sql_writer import (
    StreamMovedError,
    by_kind,
    conflict,
    last_numbers,
    lay_out,
    stored_reply,
    write,
)
from dispatch.store.journals.write_plan import WritePlan, plan_of

_event, _snapshot, _due = schema.event.c, schema.snapshot.c, schema.due.c

_SNAPSHOTS = select(schema.snapshot).where(
    _snapshot.kind == bindparam("kind"), _snapshot.id.in_(bindparam("ids", expanding=True))
)
_TAILS = (
    select(schema.event)
    .outerjoin(schema.snapshot, and_(_snapshot.kind == _event.kind, _snapshot.id == _event.id))
    .where(_event.kind == bindparam("kind"), _event.id.in_(bindparam("ids", expanding=True)))
    .where(_event.seq > func.coalesce(_snapshot.seq, 0))
    .order_by(_event.id, _event.seq)
)
_SCHEDULED_OF = (
    select(schema.due)
    .where(_due.kind == bindparam("kind"), _due.id.in_(bindparam("ids", expanding=True)))
    .order_by(_due.id, _due.name)
)
_SCHEDULED_IN = (
    select(schema.due)
    .where(
        _due.kind == bindparam("kind"),
        _due.shard.in_(bindparam("shards", expanding=True)),
        _due.at <= bindparam("until"),
    )
    .order_by(_due.at, _due.id, _due.name)
)
_EVENTS_AFTER = (
    select(schema.event)
    .where(_event.kind == bindparam("kind"), _event.id == bindparam("id"), _event.seq > bindparam("after"))
    .order_by(_event.seq)
    .limit(bindparam("most"))
)
_REPLY = select(schema.reply).where(schema.reply.c.command_id == bindparam("command_id"))
_META = select(schema.meta.c.value).where(schema.meta.c.name == bindparam("name"))


class JournalMismatchError(Exception):
    """The tables are of another release, or the journal has another number of shards."""


class SqlJournal:
    """Implements :class:`dispatch.store.journal.Journal`. Created by :func:`open_journal`."""

    def __init__(self, database: Database, *, shards: int, clock: Clock) -> None:
        self.database = database
        self._shards = shards
        self._clock = clock

    async def commit(self, batch: Batch) -> Committed | Conflict:
        plan = plan_of(batch)
        if plan.contradicts_itself:
            return await self._conflict(plan)
        if batch:
            writing = lay_out(plan, shards=self._shards, wall=self._clock.wall())
            try:
                await self.database.write(partial(write, writing=writing))
            except StreamMovedError:
                return await self._conflict(plan)
            except DBAPIError as error:
                if not is_duplicate(error):
                    raise
                return await self._conflict(plan)
        return Committed()

    async def _conflict(self, plan: WritePlan) -> Conflict:
        return await self.database.read(partial(conflict, plan=plan))

    async def load(self, keys: Sequence[EntityKey]) -> Sequence[StoredHistory]:
        """All histories are read at one moment."""
        return await self.database.read(partial(_load, keys=keys)) if keys else ()

    async def heads(self, keys: Sequence[EntityKey]) -> Mapping[EntityKey, int]:
        return await self.database.read(partial(last_numbers, keys=keys)) if keys else {}

    async def events_after(self, key: EntityKey, seq: int, limit: int) -> Sequence[StoredEvent]:
        values = {"kind": key.kind, "id": key.id, "after": seq, "most": limit}
        return await self.database.read(lambda it: [_stored_event(row) for row in it.execute(_EVENTS_AFTER, values)])

    async def reply(self, command_id: str) -> StoredReply | None:
        values = {"command_id": command_id}
        row = await self.database.read(lambda it: it.execute(_REPLY, values).one_or_none())
        return None if row is None else stored_reply(row)

    async def scheduled_commands(
        self, kind: str, shards: Sequence[int], *, until: float = inf
    ) -> Sequence[StoredCommand]:
        values = {"kind": kind, "shards": list(shards), "until": until}
        return await self.database.read(lambda it: [_stored_command(row) for row in it.execute(_SCHEDULED_IN, values)])

    async def meta(self, name: str, default: str) -> str:
        try:
            return await self.database.write(partial(_meta, name=name, default=default))
        except DBAPIError as error:
            if not is_duplicate(error):
                raise
            return await self.database.read(partial(_meta, name=name, default=default))

    async def close(self) -> None:
        await self.database.close()


async def open_journal(
    url: str, *, shards: int, timeout_s: float = 8.0, connections: int = 4, clock: Clock | None = None
) -> SqlJournal:
    """The journal at ``url``, whose tables exist (:func:`dispatch.store.migrations.upgrade`).

    ``timeout_s`` is the limit for a lock or a statement in wall seconds, ``connections`` applies to PostgreSQL, and
    ``clock`` dates replies for their retention. Raises :class:`JournalMismatchError` if the tables or ``shards`` do not
    match, and :class:`JournalUnavailableError` if the database does not answer.
    """
    database = open_database(url, timeout_s=timeout_s, connections=connections)
    journal = SqlJournal(database, shards=shards, clock=clock or CityClock())
    try:
        await _check_revision(database)
        await _check_shards(journal, shards)
    except BaseException:
        await journal.close()
        raise
    return journal


async def _check_revision(database: Database) -> None:
    try:
        found = await database.read(lambda it: it.exec_driver_sql("SELECT version_num FROM alembic_version").scalar())
    except DBAPIError as error:
        raise JournalMismatchError("the database has no journal") from error
    if found != schema.REVISION:
        raise JournalMismatchError(
            f"the journal's tables are at revision {found}, this release needs {schema.REVISION}"
        )


async def _check_shards(journal: SqlJournal, shards: int) -> None:
    stored = await journal.meta("shards", str(shards))
    if stored != str(shards):
        raise JournalMismatchError(f"journal.shards must be {stored}, as when this journal was created, not {shards}")


def _meta(connection: Connection, name: str, default: str) -> str:
    found = connection.execute(_META, {"name": name}).scalar_one_or_none()
    if found is None:
        connection.execute(insert(schema.meta), {"name": name, "value": default})
    return default if found is None else found


def _load(connection: Connection, keys: Sequence[EntityKey]) -> list[StoredHistory]:
    snapshots: dict[EntityKey, StoredSnapshot] = {}
    events: defaultdict[EntityKey, list[StoredEvent]] = defaultdict(list)
    dues: defaultdict[EntityKey, list[StoredCommand]] = defaultdict(list)
    for kind, ids in by_kind(sorted(set(keys))):
        values = {"kind": kind, "ids": ids}
        for row in connection.execute(_SNAPSHOTS, values):
            key = _key(row)
            snapshots[key] = StoredSnapshot(key, row.seq, row.body)
        for key, tail in groupby(map(_stored_event, connection.execute(_TAILS, values)), key=lambda it: it.key):
            events[key] = list(tail)
        for due in map(_stored_command, connection.execute(_SCHEDULED_OF, values)):
            dues[due.owner].append(due)
    return [StoredHistory(key, snapshots.get(key), events[key], dues[key]) for key in keys]


def _key(row: Any) -> EntityKey:  # noqa: ANN401 - a row with ``kind`` and ``id``
    return EntityKey(cast("Kind", row.kind), row.id)


def _stored_event(row: Any) -> StoredEvent:  # noqa: ANN401 - a row of ``event``
    return StoredEvent(_key(row), row.seq, row.at, row.body)


def _stored_command(row: Any) -> StoredCommand:  # noqa: ANN401 - a row of ``due``
    return StoredCommand(_key(row), row.name, row.at, row.target, row.command)
