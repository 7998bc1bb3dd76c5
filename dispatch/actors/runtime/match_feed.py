"""Keeps a matcher informed about one host: its match entries and the positions of its available vehicles.

One update is in flight at a time, so order does not depend on the transport. The matcher's reply is its incarnation.
A matcher that has restarted knows nothing: it is sent everything again.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

import msgspec

from dispatch.actors.core.protocol import MatcherPosition
from dispatch.actors.core.work_items import Effects
from dispatch.actors.rpc.client import RpcClient, RpcUnavailableError
from dispatch.clock import Clock
from dispatch.domain.entity import EntityKey
from dispatch.domain.match_pool import AvailableVehicle, MatchEntry, OpenRequest

POSITIONS_EVERY_S: Final = 0.5
"""City seconds between two updates with positions: a few metres."""
POSITIONS_AT_LEAST_S: Final = 0.1
"""Lower limit of the same in wall seconds, for a city whose clock runs fast."""
RETRY_S: Final = 0.2


class MatchUpdate(msgspec.Struct, frozen=True, array_like=True):
    """One batch to a matcher. ``cars`` and ``trips`` replace former entries; ``gone`` (key, reason) removes them."""

    host: str
    cars: list[AvailableVehicle]
    trips: list[OpenRequest]
    gone: list[tuple[str, str]]
    moved: list[MatcherPosition]


class MatchSource(NamedTuple):
    """The data that a host's feeds read."""

    entries: Callable[[], Sequence[tuple[EntityKey, MatchEntry]]]
    positions: Callable[[], Sequence[MatcherPosition]]
    take_moved: Callable[[], Sequence[MatcherPosition]]
    """Positions that have changed since the last call."""


class MatchFeed:
    """Feeds one matcher from one host.

    Merge rule: pending changes are newer than a snapshot of the host, because every change is queued when it happens.
    Adding the snapshot therefore never replaces a pending entry or position. An entity that is listed again in the
    meantime is no longer gone.
    """

    def __init__(self, host: str, client: RpcClient, source: MatchSource, *, gather_s: float = 0.0) -> None:
        self._host = host
        self._client = client
        self._source = source
        self._gather_s = gather_s
        """Delay of an update that has only positions. Changed match entries are sent at once."""
        self._listed: dict[EntityKey, MatchEntry] = {}
        self._gone: dict[EntityKey, str] = {}
        self._moved: dict[str, MatcherPosition] = {}
        self._incarnation = ""
        self._pending = asyncio.Event()
        self._urgent = asyncio.Event()

    def on_effects(self, effects: Effects) -> None:
        for key, entry, reason in effects.listings:
            if entry is None:
                self._listed.pop(key, None)
                self._gone[key] = reason
            else:
                self._gone.pop(key, None)
                self._listed[key] = entry
            self._pending.set()
            self._urgent.set()

    def moved(self, positions: Sequence[MatcherPosition]) -> None:
        for position in positions:
            self._moved[position.vehicle] = position
        self._pending.set()

    async def run(self) -> None:
        while True:
            await self._pending.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._gather_s):
                    await self._urgent.wait()
            self._pending.clear()
            self._urgent.clear()
            await self._send()

    async def _send(self) -> None:
        update = self._take()
        try:
            incarnation = await self._client.call("update", msgspec.msgpack.encode(update))
        except RpcUnavailableError:
            self._incarnation = ""
            await asyncio.sleep(RETRY_S)
            for key, reason in update.gone:
                self._gone.setdefault(EntityKey.parse(key), reason)
            self._add_snapshot()
            return
        if incarnation != self._incarnation:
            former, self._incarnation = self._incarnation, incarnation
            if former:
                self._add_snapshot()

    def _take(self) -> MatchUpdate:
        entries = list(self._listed.values())
        update = MatchUpdate(
            self._host,
            [entry for entry in entries if isinstance(entry, AvailableVehicle)],
            [entry for entry in entries if isinstance(entry, OpenRequest)],
            [(str(key), reason) for key, reason in self._gone.items()],
            list(self._moved.values()),
        )
        self._listed, self._gone, self._moved = {}, {}, {}
        return update

    def _add_snapshot(self) -> None:
        for key, entry in self._source.entries():
            self._listed.setdefault(key, entry)
            self._gone.pop(key, None)
        for position in self._source.positions():
            self._moved.setdefault(position.vehicle, position)
        self._pending.set()


async def pull_positions(feeds: Sequence[MatchFeed], source: MatchSource, clock: Clock) -> None:
    while True:
        await asyncio.sleep(max(POSITIONS_EVERY_S / clock.speed, POSITIONS_AT_LEAST_S))
        moved = source.take_moved()
        if moved:
            for feed in feeds:
                feed.moved(moved)
