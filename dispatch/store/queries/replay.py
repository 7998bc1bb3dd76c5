"""Trips of a past period with their events, for replay."""

from functools import partial
from itertools import groupby
from typing import Final

from sqlalchemy import Connection, Select, bindparam, or_, select

from dispatch.api.trip_replay import TripHistory
from dispatch.domain.events import decode_trip_event
from dispatch.domain.trip.trip_state import OPEN
from dispatch.store import tables as schema
from dispatch.store.journals.sql_writer import chunks
from dispatch.store.queries.trip_rows import SqlQueries

LOOK_BACK_S: Final = 8 * 86_400.0
"""Trips requested earlier before the period are ignored: reservations are made at most a week ahead."""
_trip, _event = schema.trip.c, schema.event.c
_EVENTS = (
    select(_event.id, _event.body)
    .where(_event.kind == "trip", _event.id.in_(bindparam("ids", expanding=True)), _event.at <= bindparam("until"))
    .order_by(_event.id, _event.seq)
)


class SqlReplay(SqlQueries):
    """Trips of a period."""

    async def trips_between(self, since: float, until: float, vehicle: str | None = None) -> list[TripHistory]:
        """Trips (whose last vehicle is ``vehicle``) with an event in the period, or open during it.

        Each has its events up to ``until``.
        """
        return await self._database.read(partial(_pasts, found=_ids(since, until, vehicle), until=until))


def _ids(since: float, until: float, vehicle: str | None) -> Select[str]:
    found = select(_trip.id).where(
        _trip.requested_at > since - LOOK_BACK_S,
        _trip.requested_at <= until,
        or_(_trip.updated_at >= since, _trip.state.in_(sorted(OPEN))),
    )
    return (found if vehicle is None else found.where(_trip.vehicle == vehicle)).order_by(_trip.id)


def _pasts(connection: Connection, found: Select[str], until: float) -> list[TripHistory]:
    ids = list(connection.execute(found).scalars())
    rows = (row for some in chunks(ids) for row in connection.execute(_EVENTS, {"ids": some, "until": until}))
    return [
        TripHistory(trip, [decode_trip_event(row.body) for row in group])
        for trip, group in groupby(rows, key=lambda row: row.id)
    ]
