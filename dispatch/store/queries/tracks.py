"""The track archive. Not part of the journal: a loss is a gap in a replay."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from sqlalchemy import Connection, delete, select

from dispatch.domain.vehicle.track_recorder import MAX_SECTION_S, TrackSection
from dispatch.store import tables as schema
from dispatch.store.database import open_database
from dispatch.store.journals.prepared import Many, run
from dispatch.store.queries.trip_rows import SqlQueries

_COLUMNS: Final = ("vehicle", "since", "until", "points")
_track = schema.track.c


class SqlTracks(SqlQueries):
    """The track archive."""

    async def add(self, stretches: Sequence[TrackSection]) -> None:
        """Write these stretches in one transaction; existing ones are skipped, so repeats are harmless."""
        rows = [tuple(stretch) for stretch in stretches]
        await self._database.write(partial(run, many=Many("insert_new", "track", _COLUMNS, rows)))

    async def between(self, since: float, until: float, vehicle: str | None = None) -> list[TrackSection]:
        """Stretches (of one vehicle) that overlap the period, by vehicle and time."""
        found = select(schema.track).where(
            _track.since > since - MAX_SECTION_S, _track.since <= until, _track.until >= since
        )
        if vehicle is not None:
            found = found.where(_track.vehicle == vehicle)
        found = found.order_by(_track.vehicle, _track.since)
        return await self._database.read(lambda it: [TrackSection(*row) for row in it.execute(found)])

    async def remove_before(self, at: float, most: int) -> bool:
        """Delete about ``most`` of the oldest stretches that began before ``at``. True if more may remain."""
        return await self._database.write(partial(_remove, at=at, most=most))

    async def close(self) -> None:
        await self._database.close()


def open_tracks(url: str) -> SqlTracks:
    return SqlTracks(open_database(url, connections=1))


def _remove(connection: Connection, at: float, most: int) -> bool:
    oldest = select(_track.since).where(_track.since < at).order_by(_track.since).offset(most).limit(1)
    cut = connection.execute(oldest).scalar_one_or_none()
    connection.execute(delete(schema.track).where(_track.since < at if cut is None else _track.since <= cut))
    return cut is not None
