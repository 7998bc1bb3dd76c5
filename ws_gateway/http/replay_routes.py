"""``GET /v1/replay``: a past span as the archive of ways and the journal have it."""

from __future__ import annotations

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
from dispatch.domain.vehicle.track_recorder import Stretch
from ws_gateway.http.authenticated_reads import AuthenticatedReads, Reader

SPAN_S: Final = 900.0
"""The longest span of all cars, in city seconds."""
CAR_SPAN_S: Final = 86_400.0
"""The longest span of one car."""
WRITTEN_WITHIN_S: Final = 10.0
"""Wall seconds after which a stretch that is over is in the archive: hosts write every 5 s."""


class TrackWriter(Protocol):
    """The archive of ways. Raises ``JournalUnavailableError``."""

    async def between(self, since: float, until: float, vehicle: str | None = None) -> list[Stretch]:
        """Stretches that touch the span."""
        ...


class TripArchive(Protocol):
    """Trips of the past. Raises ``JournalUnavailableError``."""

    async def trips_between(self, since: float, until: float, vehicle: str | None = None) -> Sequence[TripHistory]:
        """Trips that were there in the span."""
        ...


class ReplayRoutes:
    """Answers. ``chunk_s``: city seconds of the stretches that hosts write."""

    def __init__(self, ways: TrackWriter, pasts: TripArchive, *, rules: Rules, clock: Clock, chunk_s: float) -> None:
        self._ways = ways
        self._pasts = pasts
        self._rules = rules
        self._clock = clock
        self._behind_s = chunk_s + WRITTEN_WITHIN_S * clock.speed

    async def answer(self, _: Reader, span: ReplaySpan) -> Replay:
        """The span. Raises ``DispatchError`` with ``INVALID_FIELD`` where it is too long or turned around."""
        longest = SPAN_S if span.vehicle is None else CAR_SPAN_S
        if not 0 <= span.until - span.since <= longest:
            detail = f"from since on, {longest:g} s at most"
            raise DispatchError(ErrorCode.INVALID_FIELD, field="until", detail=detail)
        ways = await self._ways.between(span.since, span.until, span.vehicle)
        pasts = await self._pasts.trips_between(span.since, span.until, span.vehicle)
        # Some thousands of events take the time of some hundred GPS fixes each: not on the loop that serves sockets.
        moments, opened = await asyncio.to_thread(replay_window, pasts, span.since, span.until, self._rules)
        return Replay(
            since=span.since,
            until=span.until,
            archived_until=self._clock.city() - self._behind_s,
            tracks=[Track(*way) for way in ways],
            moments=moments,
            open=opened,
        )

    def routes(self, reading: AuthenticatedReads) -> list[Route]:
        """Where it is asked."""
        return [reading.query_route(REPLAY, ReplaySpan, self.answer)]
