"""Riders and drivers of several processes meet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bench.offer.kerbside import RemoteRider, SharedKerbside
from dispatch.values.ids import TripId
from dispatch.values.units import LatLng
from sim.city.kerbside import Rider

pytestmark = pytest.mark.integration

T1, T2 = TripId("T1"), TripId("T2")
ADA = RemoteRider("1234", LatLng(37.7, -122.4))


@pytest.fixture
async def kerbsides() -> AsyncIterator[tuple[SharedKerbside, SharedKerbside]]:
    """The kerbsides of two processes that share their riders."""
    one, other = SharedKerbside(), SharedKerbside()
    ports = [await one.open(), await other.open()]
    one.share_with(ports[1:])
    other.share_with(ports[:1])
    yield one, other
    one.close()
    other.close()
    await asyncio.sleep(0)  # the transports close in the loop's next turn


async def test_they_meet_whichever_comes_first(kerbsides: tuple[SharedKerbside, SharedKerbside]) -> None:
    """A driver of one process finds the passenger of the other, with code and destination."""
    one, other = kerbsides
    met: asyncio.Queue[Rider] = asyncio.Queue()
    other.wait_for_rider(T1, met.put_nowait)
    one.board(T1, ADA)
    one.board(T2, ADA)
    async with asyncio.timeout(10):
        assert await met.get() == ADA
        other.wait_for_rider(T2, met.put_nowait)
        assert await met.get() == ADA


async def test_a_meeting_within_a_process_is_not_shared(kerbsides: tuple[SharedKerbside, SharedKerbside]) -> None:
    """A driver of the same process is enough."""
    one, other = kerbsides
    met: list[Rider] = []
    heard: asyncio.Queue[Rider] = asyncio.Queue()
    other.wait_for_rider(T1, heard.put_nowait)
    other.wait_for_rider(T2, heard.put_nowait)
    one.wait_for_rider(T1, met.append)
    one.board(T1, ADA)
    one.board(T2, ADA)
    async with asyncio.timeout(10):
        await heard.get()
    assert met == [ADA]
    assert heard.empty()
