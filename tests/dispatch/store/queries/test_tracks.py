"""The archive of ways, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from dispatch.domain.vehicle.track_recorder import TrackSection
from dispatch.store.migrations import upgrade
from dispatch.store.queries.tracks import SqlTracks, open_tracks

POINTS = bytes(range(26))


def way(vehicle: str, since: float, until: float) -> TrackSection:
    return TrackSection(vehicle, since, until, POINTS)


class TrackTests:
    """Subclasses give the fixture ``url``: an empty database."""

    @pytest.fixture
    async def tracks(self, url: str) -> AsyncIterator[SqlTracks]:
        await asyncio.to_thread(upgrade, url)
        tracks = open_tracks(url)
        yield tracks
        await tracks.close()

    async def test_what_touches_a_span(self, tracks: SqlTracks) -> None:
        """All cars or one, by car and time, whole stretches."""
        await tracks.add([way("V2", 100, 220), way("V1", 0, 100), way("V1", 105, 220), way("V1", 225, 300)])
        assert await tracks.between(110, 220) == [way("V1", 105, 220), way("V2", 100, 220)]
        assert await tracks.between(100, 225, "V1") == [way("V1", 0, 100), way("V1", 105, 220), way("V1", 225, 300)]
        assert await tracks.between(301, 400) == []

    async def test_a_repeat_does_no_harm(self, tracks: SqlTracks) -> None:
        """What was written and not heard of is written again."""
        await tracks.add([way("V1", 0, 100)])
        await tracks.add([way("V1", 0, 100), way("V1", 105, 200)])
        assert len(await tracks.between(0, 300)) == 2
        await tracks.add([])

    async def test_what_is_too_old_goes_piece_by_piece(self, tracks: SqlTracks) -> None:
        """The oldest first, some at a time, and nothing that is young enough; also where many began together."""
        await tracks.add([way(f"V{n}", float(n // 2), n // 2 + 50.0) for n in range(10)])
        assert await tracks.remove_before(4.0, 3)
        assert {stretch.since for stretch in await tracks.between(0, 100)} == {2.0, 3.0, 4.0}
        assert not await tracks.remove_before(4.0, 30)
        assert {stretch.since for stretch in await tracks.between(0, 100)} == {4.0}
        assert not await tracks.remove_before(4.0, 30)


class TestSqliteTracks(TrackTests):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'journal.db'}"


@pytest.mark.integration
class TestPostgresTracks(TrackTests):
    @pytest.fixture
    def url(self, new_postgres_database: Callable[[], str]) -> str:
        return new_postgres_database()
