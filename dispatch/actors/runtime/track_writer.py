"""Writes the tracks of a host's vehicles to the database in the background, in batches, over a separate connection.

Rule 1. Commits do not wait: tracks are written by another thread or connection, ``BATCH`` sections a transaction, with
        a pause between. (On SQLite writers take turns; such a transaction takes some milliseconds.)
Rule 2. While the database is unavailable, at most ``WAITING_MOST`` sections wait; beyond that the oldest are dropped.
Rule 3. An orderly stop writes everything. A kill loses the current section of each vehicle, and waiting sections.
"""

import asyncio
from collections import deque
from itertools import islice
from typing import Final

import structlog

from dispatch.clock import Clock
from dispatch.domain.vehicle.track_recorder import TrackRecorder, TrackRules, TrackSection
from dispatch.store.journal import JournalUnavailableError
from dispatch.store.queries.tracks import SqlTracks, open_tracks

log = structlog.get_logger()

WRITE_S: Final = 5.0
"""Wall seconds between writes."""
BATCH: Final = 200
PAUSE_S: Final = 0.05
WAITING_MOST: Final = 20_000
"""Some 7 MB."""
SWEEP_EVERY: Final = 120
"""Writes between two deletions of expired tracks: ten minutes."""


class TrackWriter:
    """Writes the recorder's tracks to the database at ``url``, opened with the first write."""

    def __init__(self, recorder: TrackRecorder, settings: TrackRules, url: str, clock: Clock) -> None:
        self._recorder = recorder
        self._settings = settings
        self._url = url
        self._clock = clock
        self._tracks: SqlTracks | None = None
        self._waiting: deque[TrackSection] = deque()
        self._down = False

    async def run(self) -> None:
        writes = 0
        while True:
            await asyncio.sleep(WRITE_S)
            writes += 1
            self._take(self._recorder.take_full(self._clock.city()))
            try:
                await self._write(PAUSE_S)
                if writes % SWEEP_EVERY == 1:
                    await self._sweep()
                self._down = False
            except JournalUnavailableError as error:
                if not self._down:
                    log.warning(
                        "track writes deferred: database unavailable", error=str(error), waiting=len(self._waiting)
                    )
                self._down = True

    async def stop(self) -> None:
        self._take(self._recorder.take_all())
        try:
            await self._write(0.0)
        except JournalUnavailableError as error:
            log.warning("tracks lost: database unavailable", error=str(error), lost=len(self._waiting))
        if self._tracks is not None:
            await self._tracks.close()

    def _take(self, full: list[TrackSection]) -> None:
        self._waiting.extend(full)
        lost = len(self._waiting) - WAITING_MOST
        if lost > 0:
            log.warning("tracks lost: too many waiting", lost=lost)
            for _ in range(lost):
                self._waiting.popleft()

    async def _write(self, pause_s: float) -> None:
        """Raises ``JournalUnavailableError``; unwritten sections stay queued."""
        while self._waiting:
            batch = list(islice(self._waiting, BATCH))
            await self._open().add(batch)
            for _ in batch:
                self._waiting.popleft()
            await asyncio.sleep(pause_s)

    async def _sweep(self) -> None:
        before = self._clock.city() - self._settings.keep_s
        more = True
        while more:
            more = await self._open().remove_before(before, BATCH)
            await asyncio.sleep(PAUSE_S)

    def _open(self) -> SqlTracks:
        if self._tracks is None:
            self._tracks = open_tracks(self._url)
        return self._tracks
