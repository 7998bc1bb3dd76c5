"""How ways get into the archive, and what happens where there is no database."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import pytest

from dispatch.actors.runtime import track_writer as track_archive
from dispatch.actors.runtime.track_writer import TrackWriter
from dispatch.clock import ManualClock
from dispatch.domain.vehicle.track_recorder import TrackRecorder, TrackRules, TrackSection
from dispatch.store.journal import JournalUnavailableError

SETTINGS = TrackRules(chunk_s=10.0, keep_s=1_000.0)


class FakeTracks:
    """An archive in memory that may be down."""

    def __init__(self) -> None:
        self.kept: list[TrackSection] = []
        self.down = False
        self.batches: list[int] = []
        self.swept: list[float] = []
        self.written = asyncio.Event()

    async def add(self, stretches: Sequence[TrackSection]) -> None:
        if self.down:
            raise JournalUnavailableError("away")
        self.kept.extend(stretches)
        self.batches.append(len(stretches))
        self.written.set()

    async def remove_before(self, at: float, most: int) -> bool:
        self.swept.append(at)
        return most > 0 and len(self.swept) < 3

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def tracks(monkeypatch: pytest.MonkeyPatch) -> FakeTracks:
    tracks = FakeTracks()
    monkeypatch.setattr(track_archive, "open_tracks", lambda _: tracks)
    monkeypatch.setattr(track_archive, "WRITE_S", 0.0)
    monkeypatch.setattr(track_archive, "PAUSE_S", 0.0)
    return tracks


def heard(cars: int) -> TrackRecorder:
    recorder = TrackRecorder(SETTINGS)
    for car in range(cars):
        recorder.record(f"V{car}", "idle", 100.0, 37.7, -122.4)
    return recorder


async def test_full_stretches_are_written_in_batches(tracks: FakeTracks) -> None:
    """And what is too old is removed, piece by piece."""
    clock = ManualClock(5_000.0)
    archive = TrackWriter(heard(450), SETTINGS, "", clock)
    running = asyncio.create_task(archive.run())
    async with asyncio.timeout(10):
        while len(tracks.swept) < 3:  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert tracks.batches == [200, 200, 50]
    assert set(tracks.swept) == {4_000.0}


async def test_a_stop_writes_what_is_there(tracks: FakeTracks) -> None:
    """Also stretches that are not full."""
    archive = TrackWriter(heard(3), SETTINGS, "", ManualClock(100.0))
    await archive.stop()
    assert sorted(stretch.vehicle for stretch in tracks.kept) == ["V0", "V1", "V2"]
    assert tracks.closed


async def test_ways_wait_for_the_database(tracks: FakeTracks, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be written is written later; of too much the oldest is lost, and a stop does not hang."""
    monkeypatch.setattr(track_archive, "WAITING_MOST", 2)
    tracks.down = True
    archive = TrackWriter(heard(3), SETTINGS, "", ManualClock(1_000.0))
    running = asyncio.create_task(archive.run())
    for _ in range(20):
        await asyncio.sleep(0)
    assert tracks.kept == []
    tracks.down = False
    async with asyncio.timeout(10):
        await tracks.written.wait()
    running.cancel()
    assert len(tracks.kept) == 2
    tracks.down = True
    lost = TrackWriter(heard(1), SETTINGS, "", ManualClock(1_000.0))
    await lost.stop()
