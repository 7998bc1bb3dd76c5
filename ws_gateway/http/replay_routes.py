"""``GET /v1/replay``: a past period from the archive of tracks and the journal."""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

from starlette.routing import Route

from dispatch.api.http_bodies import Replay, ReplaySpan, Track
from dispatch.api.http_routes import REPLAY
from dispatch.api.trip_replay import TripHistory, replay_window
from dispatch.clock import Clock
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.domain.rules import Rules
from dispatch.domain.vehicle.track_recorder import TrackSection
from ws_gateway.http.authenticated_reads import AuthenticatedReads, Reader

SPAN_S: Final = 900.0
"""The longest period of all vehicles, in city seconds."""
CAR_SPAN_S: Final = 86_400.0
"""The longest period of one vehicle."""
WRITTEN_WITHIN_S: Final = 10.0
"""Wall seconds after which a finished track section is in the archive: hosts write every 5 s."""


class ArchivedTracks(Protocol):
    """Archived tracks. Raises ``JournalUnavailableError``."""

    async def between(self, since: float, until: float, vehicle: str | None = None) -> list[TrackSection]: ...


class ArchivedTrips(Protocol):
    """Past trips. Raises ``JournalUnavailableError``."""

    async def trips_between(self, since: float, until: float, vehicle: str | None = None) -> Sequence[TripHistory]:
        """Trips that existed in the period."""


class ReplayRoutes:
    """``chunk_s``: city seconds of the track sections that hosts write."""

    def __init__(
        self, tracks: ArchivedTracks, trips: ArchivedTrips, *, rules: Rules, clock: Clock, chunk_s: float
    ) -> None:
        self._tracks = tracks
        self._trips = trips
        self._rules = rules
        self._clock = clock
        self._behind_s = chunk_s + WRITTEN_WITHIN_S * clock.speed

    async def replay(self, _: Reader, span: ReplaySpan) -> Replay:
        longest = SPAN_S if span.vehicle is None else CAR_SPAN_S
        if not 0 <= span.until - span.since <= longest:
            detail = f"between since and {longest:g} s later"
            raise DispatchError(ErrorCode.INVALID_FIELD, field="until", detail=detail)
        tracks = await self._tracks.between(span.since, span.until, span.vehicle)
        trips = await self._trips.trips_between(span.since, span.until, span.vehicle)
        # In a thread: thousands of events would block the event loop that serves sockets.
        moments, opened = await asyncio.to_thread(replay_window, trips, span.since, span.until, self._rules)
        return Replay(
            since=span.since,
            until=span.until,
            archived_until=self._clock.city() - self._behind_s,
            tracks=[Track(*track) for track in tracks],
            moments=moments,
            open=opened,
        )

    def routes(self, reads: AuthenticatedReads) -> list[Route]:
        return [reads.query_route(REPLAY, ReplaySpan, self.replay)]
