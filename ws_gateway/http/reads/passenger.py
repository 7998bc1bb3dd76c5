"""Reads of a passenger: own trips, receipts, and links that let others follow a trip."""

import asyncio
from typing import Final, cast

from dispatch.api.fields import TripView
from dispatch.api.http_bodies import Receipt, ShareLink, TripList
from dispatch.api.presenters import trip_for
from dispatch.clock import Clock
from dispatch.domain.entity import EntityKey
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.domain.trip.trip import Trip
from dispatch.domain.trip.trip_state import OPEN
from dispatch.store.queries.trip_rows import SqlTripRows
from dispatch.values.ids import PassengerId
from ws_gateway.auth.tokens import Tokens
from ws_gateway.http.authenticated_reads import Reader
from ws_gateway.http.reads.entity_history import EntityHistory, ReplayedEntity

TRIPS_MOST: Final = 50


class PassengerReads:
    """``GET /v1/my/trips``, ``GET /v1/my/trips/{trip}/receipt`` and ``POST /v1/my/trips/{trip}/share``.

    A link is valid for ``share_ttl_s`` wall seconds. Another passenger's trip counts as unknown.
    """

    def __init__(
        self, trips: SqlTripRows, history: EntityHistory, tokens: Tokens, clock: Clock, share_ttl_s: float
    ) -> None:
        self._trips = trips
        self._history = history
        self._tokens = tokens
        self._clock = clock
        self._share_ttl_s = share_ttl_s

    async def listed(self, reader: Reader) -> TripList:
        rows = await self._trips.trips_of(PassengerId(reader.identity.subject), TRIPS_MOST)
        replayed = await asyncio.gather(*(self._history.full(EntityKey("trip", row.id)) for row in rows))
        return TripList(self._clock.city(), [_view(each) for each in replayed if each is not None])

    async def receipt(self, reader: Reader) -> Receipt:
        """Raises ``DispatchError``: ``UNKNOWN_TRIP``; ``NO_TRIP_TO_PAY`` before the fare is known."""
        replayed = await self._own(reader)
        data = cast("Trip", replayed.entity).data
        if data.fare is None:
            raise DispatchError(ErrorCode.NO_TRIP_TO_PAY, field="trip")
        company = data.profile.company if data.profile is not None else ""
        return Receipt(trip=_view(replayed), company=company, issued_at=self._clock.city())

    async def share(self, reader: Reader) -> ShareLink:
        """A guest's token. Raises ``DispatchError``: ``UNKNOWN_TRIP``, ``TRIP_ENDED``."""
        replayed = await self._own(reader)
        if replayed.entity.state not in OPEN:
            raise DispatchError(ErrorCode.TRIP_ENDED, field="trip")
        wall = self._clock.wall()
        session = reader.identity.session
        trip = reader.path["trip"]
        token = self._tokens.issue("guest", trip, session=session, wall=wall, ttl_s=self._share_ttl_s)
        return ShareLink(token=token, expires_at=float(int(wall + self._share_ttl_s)))

    async def _own(self, reader: Reader) -> ReplayedEntity:
        replayed = await self._history.full(EntityKey("trip", reader.path["trip"]))
        if replayed is None or not replayed.entity.may_follow(reader.identity.principal):
            raise DispatchError(ErrorCode.UNKNOWN_TRIP, field="trip")
        return replayed


def _view(replayed: ReplayedEntity) -> TripView:
    return trip_for(cast("TripView", replayed.view), "passenger")
