"""What hosts list reaches the matcher, whatever gets lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import cast

import msgspec
import pytest

from dispatch.actors.core.protocol import MatcherPosition
from dispatch.actors.core.work_items import Effects, ListingChange
from dispatch.actors.rpc.client import RpcClient, RpcUnavailableError
from dispatch.actors.runtime import match_feed
from dispatch.actors.runtime.match_feed import MatchFeed, MatchSource, MatchUpdate
from dispatch.domain.entity import EntityKey
from dispatch.domain.match_pool import MatchEntry
from tests.dispatch.actors.core.harness import trip_key
from tests.dispatch.actors.runtime.match_samples import WITHIN_S, T, V, at, free, waiting


class MatcherEnd:
    """The matcher's end of the line: keeps the news that arrive, fails as it is told."""

    def __init__(self) -> None:
        self.failures = 0
        self.incarnation = "first"
        self.news: asyncio.Queue[MatchUpdate] = asyncio.Queue()

    async def call(self, _method: str, body: bytes) -> str:
        if self.failures:
            self.failures -= 1
            raise RpcUnavailableError("no answer")
        self.news.put_nowait(msgspec.msgpack.decode(body, type=MatchUpdate))
        return self.incarnation

    async def next(self) -> MatchUpdate:
        async with asyncio.timeout(WITHIN_S):
            return await self.news.get()


@asynccontextmanager
async def feeding(
    end: MatcherEnd, listings: dict[EntityKey, MatchEntry], cars: list[MatcherPosition]
) -> AsyncIterator[MatchFeed]:
    """A feed that runs."""
    source = MatchSource(lambda: list(listings.items()), lambda: cars, list)
    feed = MatchFeed("host", cast("RpcClient", end), source, gather_s=0.02)
    task = asyncio.get_running_loop().create_task(feed.run())
    yield feed
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def change(feed: MatchFeed, key: EntityKey, entry: MatchEntry | None, reason: str = "") -> None:
    """A committed decision changed the match entry of an entity."""
    feed.on_effects(Effects(listings=[ListingChange(key, entry, reason)]))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match_feed, "RETRY_S", 0.0)


async def test_news_are_gathered_and_the_last_word_counts() -> None:
    """Of what happened to an entity between two batches only the newest is sent."""
    end = MatcherEnd()
    async with feeding(end, {}, []) as feed:
        change(feed, V, free(), "")
        change(feed, V, None, "offered")
        change(feed, T, None, "offered")
        change(feed, T, waiting(seq=3), "")
        feed.moved([at(north=0.1), at(north=0.2)])
        news = await end.next()

    assert news == MatchUpdate("host", [], [waiting(seq=3)], [("vehicle:V1", "offered")], [at(north=0.2)])


async def test_lost_news_are_told_again() -> None:
    """After a call that failed everything that stands is told, and what had gone is gone."""
    end = MatcherEnd()
    end.failures = 1
    async with feeding(end, {T: waiting()}, [at("V2")]) as feed:
        change(feed, V, None, "on_trip")
        news = await end.next()

    assert news == MatchUpdate("host", [], [waiting()], [("vehicle:V1", "on_trip")], [at("V2")])


async def test_entity_that_is_back_is_not_gone() -> None:
    """A car that left in news that were lost, and is free again, is told as free."""
    end = MatcherEnd()
    end.failures = 1
    async with feeding(end, {V: free(since=9.0)}, []) as feed:
        change(feed, V, None, "offered")
        news = await end.next()

    assert (news.cars, news.gone) == ([free(since=9.0)], [])


async def test_reborn_matcher_is_told_everything() -> None:
    """A matcher with another incarnation knows nothing; the first contact needs no repetition."""
    end = MatcherEnd()
    async with feeding(end, {V: free(), T: waiting()}, [at()]) as feed:
        change(feed, V, free(), "")
        await end.next()
        end.incarnation = "second"
        change(feed, trip_key("T2"), None, "cancelled")
        await end.next()
        everything = await end.next()

    assert everything == MatchUpdate("host", [free()], [waiting()], [], [at()])
    assert end.news.empty()
