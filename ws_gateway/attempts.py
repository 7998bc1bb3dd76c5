"""Limits on guessing: wrong secrets for one name lock it for a while, and codes are sent only so often."""

from __future__ import annotations

from typing import Final

import msgspec

from dispatch.errors import DispatchError, ErrorCode
from dispatch.units import WallTime

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
