"""Load shedding: which messages an overloaded gateway drops, the least important first.

    nothing ──▶ map ──▶ positions        one step up while the event loop lags, one step down when it is calm again
            ◀──     ◀──

At *map*, consoles get no frames of the live map and are told that it is stale. At *positions*, also, a free car's fixes
and a passenger's car positions are thinned out to one in :data:`THROTTLE_S`. Events are never dropped: no trip, offer,
payment or alarm, no answer to a command, and no fix of a car with a trip, because its fare depends on it.

Rule 1. Lag above the limit for ``RISES_AFTER_S`` without a break: one step up, and one more after each such period.
Rule 2. Lag below ``CALM_SHARE`` of the limit for ``CALM_AFTER_S`` without a break: one step down. Otherwise no change.
"""

from enum import IntEnum
from typing import Final

from cachetools import LRUCache

RISES_AFTER_S: Final = 2.0
CALM_AFTER_S: Final = 5.0
CALM_SHARE: Final = 0.25
"""The loop is calm if it lags by less than this share of the limit."""
THROTTLE_S: Final = 5.0
"""City seconds between two positions that pass: well within the age that the matcher accepts as fresh."""
KEPT: Final = 50_000


class ShedLevel(IntEnum):
    """Dropped messages by level; each level includes the previous ones."""

    NOTHING = 0
    MAP = 1
    POSITIONS = 2


class LoadShedder:
    """``late_s``: event loop lag, in wall seconds, above which the gateway counts as overloaded."""

    def __init__(self, late_s: float) -> None:
        self.level = ShedLevel.NOTHING
        self._late_s = late_s
        self._late_since: float | None = None
        self._calm_since: float | None = None

    def lagged(self, by_s: float, now: float) -> bool:
        """Record a lag measured at ``now`` (seconds of any monotonic clock). True if the level changed."""
        late, calm = by_s > self._late_s, by_s < CALM_SHARE * self._late_s
        self._late_since = (now if self._late_since is None else self._late_since) if late else None
        self._calm_since = (now if self._calm_since is None else self._calm_since) if calm else None
        if self._late_since is not None and now - self._late_since >= RISES_AFTER_S:
            self._late_since = now
            return self._turn_to(self.level + 1)
        if self._calm_since is not None and now - self._calm_since >= CALM_AFTER_S:
            self._calm_since = now
            return self._turn_to(self.level - 1)
        return False

    def _turn_to(self, step: int) -> bool:
        before, self.level = self.level, ShedLevel(min(max(step, ShedLevel.NOTHING), ShedLevel.POSITIONS))
        return self.level is not before


class Throttle:
    """Passes one position of each car in :data:`THROTTLE_S`, by the positions' own times."""

    def __init__(self) -> None:
        self._last: LRUCache[str, float] = LRUCache(KEPT)

    def passes(self, car: str, at: float) -> bool:
        """True if the position passes. Older ones than the last pass too: the host judges them."""
        last = self._last.get(car)
        if last is not None and 0 <= at - last < THROTTLE_S:
            return False
        self._last[car] = at
        return True

    def clear(self) -> None:
        self._last.clear()
