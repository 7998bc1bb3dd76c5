"""The archive of cars' ways. Beside the journal, but not of it: what is lost here costs a line on a replay."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from sqlalchemy import Connection, delete, select

from dispatch.domain.vehicle.track_recorder import LONGEST_S, Stretch
from dispatch.store import tables as schema
from dispatch.store.database import Database, open_database
from dispatch.store.journals.prepared import Many, run

_COLUMNS: Final = ("vehicle", "since", "until", "points")
_track = schema.track.c


class SqlTracks:
    """Raises ``JournalUnavailableError`` where the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, stretches: Sequence[Stretch]) -> None:
        """Keep these, in one transaction. What is there already stays: a repeat does no harm."""
        rows = [tuple(stretch) for stretch in stretches]
        await self._database.write(partial(run, many=Many("insert_new", "track", _COLUMNS, rows)))

    async def between(self, since: float, until: float, vehicle: str | None = None) -> list[Stretch]:
        """Stretches (of one vehicle) that touch the span, by vehicle and time."""
        found = select(schema.track).where(
            _track.since > since - LONGEST_S, _track.since <= until, _track.until >= since
        )
        if vehicle is not None:
            found = found.where(_track.vehicle == vehicle)
        found = found.order_by(_track.vehicle, _track.since)
        return await self._database.read(lambda it: [Stretch(*row) for row in it.execute(found)])

    async def remove_before(self, at: float, most: int) -> bool:
        """Remove some ``most`` of the oldest stretches that began before ``at``. Whether there may be more."""
        return await self._database.write(partial(_remove, at=at, most=most))

    async def close(self) -> None:
        """Give back the database."""
        await self._database.close()


def open_tracks(url: str) -> SqlTracks:
    """The archive at ``url`` through a connection of its own."""
    return SqlTracks(open_database(url, connections=1))


def _remove(connection: Connection, at: float, most: int) -> bool:
    oldest = select(_track.since).where(_track.since < at).order_by(_track.since).offset(most).limit(1)
    cut = connection.execute(oldest).scalar_one_or_none()
    connection.execute(delete(schema.track).where(_track.since < at if cut is None else _track.since <= cut))
    return cut is not None
