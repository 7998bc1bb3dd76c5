"""How a host keeps the matchers informed: what its entities list, and where its free cars are.

One batch is on its way to a matcher at a time, so that order needs no promise from Ray. A matcher that was born
again (its incarnation changed) knows nothing: everything is told anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from dispatch.actors.core.protocol import MatcherPosition
from dispatch.actors.rpc.client import RpcClient, RpcUnavailableError
from dispatch.domain.entity import EntityKey
from dispatch.domain.match_pool import AvailableVehicle, MatchEntry, OpenRequest

FEED_S: Final = 0.05
"""Positions are gathered this long; a new listing goes at once."""
RETRY_S: Final = 0.2


class MatchUpdate(msgspec.Struct, frozen=True, array_like=True):
    """One batch to a matcher. ``listed`` replaces what was known of an entity, ``gone`` (key, why) removes it."""

    host: str
    cars: list[AvailableVehicle]
    trips: list[OpenRequest]
    gone: list[tuple[str, str]]
    moved: list[MatcherPosition]


class MatchFeed:
    """Feeds one matcher from one host."""

    def __init__(
        self,
        host: str,
        line: RpcClient,
        all_listings: Callable[[], Sequence[tuple[EntityKey, MatchEntry]]],
        all_cars: Callable[[], Sequence[MatcherPosition]],
    ) -> None:
        self._host = host
        self._line = line
        self._all_listings = all_listings
        self._all_cars = all_cars
        self._listed: dict[EntityKey, MatchEntry] = {}
        self._gone: dict[EntityKey, str] = {}
        self._moved: dict[str, MatcherPosition] = {}
        self._incarnation = ""
        self._news = asyncio.Event()
        self._urgent = asyncio.Event()

    def list(self, key: EntityKey, listing: MatchEntry | None, why: str) -> None:
        """An entity lists itself anew, or no more."""
        if listing is None:
            self._listed.pop(key, None)
            self._gone[key] = why
        else:
            self._gone.pop(key, None)
            self._listed[key] = listing
        self._news.set()
        self._urgent.set()

    def moved(self, cars: Sequence[MatcherPosition]) -> None:
        """Free cars have moved."""
        for car in cars:
            self._moved[car.vehicle] = car
        self._news.set()

    async def run(self) -> None:
        """Feed for ever."""
        while True:
            await self._news.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(FEED_S):
                    await self._urgent.wait()
            self._news.clear()
            self._urgent.clear()
            await self._send()

    async def _send(self) -> None:
        news = self._take()
        try:
            incarnation = await self._line.call("update", msgspec.msgpack.encode(news))
        except RpcUnavailableError:
            self._incarnation = ""
            await asyncio.sleep(RETRY_S)
            for key, why in news.gone:
                self._gone.setdefault(EntityKey.parse(key), why)
            self._tell_all()
            return
        if incarnation != self._incarnation:
            known, self._incarnation = self._incarnation, incarnation
            if known:
                self._tell_all()

    def _take(self) -> MatchUpdate:
        listings = list(self._listed.values())
        news = MatchUpdate(
            self._host,
            [listing for listing in listings if isinstance(listing, AvailableVehicle)],
            [listing for listing in listings if isinstance(listing, OpenRequest)],
            [(str(key), why) for key, why in self._gone.items()],
            list(self._moved.values()),
        )
        self._listed, self._gone, self._moved = {}, {}, {}
        return news

    def _tell_all(self) -> None:
        for key, listing in self._all_listings():
            self._listed.setdefault(key, listing)
            self._gone.pop(key, None)
        for car in self._all_cars():
            self._moved.setdefault(car.vehicle, car)
        self._news.set()
