"""GPS fixes of a driver's app that the server has not yet acknowledged."""

from __future__ import annotations

from collections import deque
from itertools import islice

from dispatch.api.client_messages import GpsFixes
from dispatch.api.fields import Fix

MAX_IN_MESSAGE = 500
MAX_KEPT = 3600
"""One hour of fixes at one per second; then the oldest are dropped."""


class UnackedFixes:
    """Numbers fixes from ``first`` on and stores each until it is acknowledged."""

    __slots__ = ("_acked", "_fixes", "_last")

    def __init__(self, first: int = 1) -> None:
        self._fixes: deque[Fix] = deque(maxlen=MAX_KEPT)
        self._last = first - 1
        self._acked = -1

    def __len__(self) -> int:
        return len(self._fixes)

    def add(self, at: float, lat: float, lng: float, speed: float, heading: float) -> Fix:
        """``at`` is the phone's time; speed in m/s; heading in degrees from north."""
        self._last += 1
        fix = Fix(self._last, at, lat, lng, speed, heading)
        self._fixes.append(fix)
        return fix

    def ack(self, n: int) -> bool:
        """Drop fixes up to ``n``. True if ``n`` is not new: the server restarted and needs the rest again."""
        fixes = self._fixes
        while fixes and fixes[0].n <= n:
            fixes.popleft()
        stale = n <= self._acked
        self._acked = max(self._acked, n)
        return stale

    def resends(self) -> list[GpsFixes]:
        starts = range(0, len(self._fixes), MAX_IN_MESSAGE)
        return [GpsFixes(list(islice(self._fixes, start, start + MAX_IN_MESSAGE))) for start in starts]
