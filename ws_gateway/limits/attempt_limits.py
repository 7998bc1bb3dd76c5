"""Limits on guessing that all gateways share through the bus. While it is away, each gateway counts for itself."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, Protocol

import msgspec

from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.store.bus import BusUnavailableError
from dispatch.values.units import WallTime


class Counting(Protocol):
    """What is needed here of :class:`dispatch.store.bus.Bus`. Raises ``BusUnavailableError``."""

    async def attempt(self, what: str, limit: int, ttl_s: float) -> bool:
        """Count an attempt, unless there were ``limit`` of them."""
        ...

    async def attempts(self, whats: Sequence[str]) -> Sequence[int]:
        """How many attempts are counted."""
        ...

    async def forget_attempts(self, what: str) -> None:
        """Count anew."""
        ...


class SharedAttempts:
    """At most ``limit`` attempts of a name until ``window_s`` wall seconds have passed since the last one.

    Names reach the bus as keyed digests: they hold phone numbers.
    """

    def __init__(self, bus: Counting, key: bytes, limit: int, window_s: float) -> None:
        self._bus = bus
        self._key = key[:64]
        self._limit = limit
        self._window_s = window_s
        self._local = Attempts(limit, window_s)

    async def count(self, name: str, wall: WallTime) -> None:
        """Count one more. Raises ``DispatchError`` with ``TOO_MANY_ATTEMPTS`` where the name has used up its own."""
        self._local.check(name, wall)
        self._local.count(name, wall)
        try:
            counted = await self._bus.attempt(self._named(name), self._limit, self._window_s)
        except BusUnavailableError:
            return
        if not counted:
            raise DispatchError(ErrorCode.TOO_MANY_ATTEMPTS)

    async def forget(self, name: str) -> None:
        """It went well: nothing is counted any more."""
        self._local.forget(name)
        try:
            await self._bus.forget_attempts(self._named(name))
        except BusUnavailableError:
            return

    async def unused(self, names: Sequence[str], wall: WallTime) -> str | None:
        """The first of these that was not counted yet; None where all were."""
        try:
            counts = await self._bus.attempts([self._named(name) for name in names])
        except BusUnavailableError:
            counts = [0] * len(names)
        fresh = (name for name, count in zip(names, counts, strict=True) if not count)
        return next((name for name in fresh if not self._local.counted(name, wall)), None)

    def _named(self, name: str) -> str:
        return blake2b(name.encode(), digest_size=16, key=self._key).hexdigest()


_KEPT: Final = 100_000
"""Names remembered at most; the oldest are forgotten first."""


class _Entry(msgspec.Struct):
    count: int
    until: float


class Attempts:
    """After ``limit`` counts a name is refused until ``window_s`` wall seconds have passed since the last count."""

    def __init__(self, limit: int, window_s: float) -> None:
        self._limit = limit
        self._window_s = window_s
        self._entries: dict[str, _Entry] = {}

    def check(self, name: str, wall: WallTime) -> None:
        """Raise ``DispatchError`` with ``TOO_MANY_ATTEMPTS`` where the name has used up its attempts."""
        entry = self._entries.get(name)
        if entry is None:
            return
        if wall >= entry.until:
            del self._entries[name]
        elif entry.count >= self._limit:
            raise DispatchError(ErrorCode.TOO_MANY_ATTEMPTS)

    def counted(self, name: str, wall: WallTime) -> bool:
        """Whether anything is counted of a name."""
        entry = self._entries.get(name)
        return entry is not None and wall < entry.until

    def count(self, name: str, wall: WallTime) -> None:
        """One more attempt."""
        entry = self._entries.pop(name, None)
        count = 1 if entry is None or wall >= entry.until else entry.count + 1
        self._entries[name] = _Entry(count, wall + self._window_s)
        if len(self._entries) > _KEPT:
            del self._entries[next(iter(self._entries))]

    def forget(self, name: str) -> None:
        """It went well: nothing is counted any more."""
        self._entries.pop(name, None)
