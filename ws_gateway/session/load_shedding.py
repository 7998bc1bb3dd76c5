"""What a gateway leaves out where it has more to do than it can: the cheapest first.

    nothing ──▶ map ──▶ positions        a step up while it lags, a step down once it has been calm
            ◀──     ◀──

*map*: consoles get no frames of the live map, and are told that it stands still. *positions*, too: of a car that is
free one fix in some seconds is taken, and passengers see their car move as seldom. What is an event is never left out:
no trip's, no offer's, no payment's, no alarm, no answer to a command, and no fix of a car with a trip, which its fare
depends on.

Rule 1. Too late for ``RISES_AFTER_S`` on end: one step up, and one more each time as long again.
Rule 2. In time for ``CALM_AFTER_S`` on end: one step down. In between, all stays.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

RISES_AFTER_S: Final = 2.0
CALM_AFTER_S: Final = 5.0
CALM_SHARE: Final = 0.25
"""In time is who lags by less than this share of what is too late."""
SELDOM_S: Final = 5.0
"""City seconds between two positions that are let through: well within what the matcher takes for fresh."""
KEPT: Final = 50_000


class ShedLevel(IntEnum):
    """What is left out; each step with those before."""

    NOTHING = 0
    MAP = 1
    POSITIONS = 2


class LoadShedder:
    """``late_s``: by how much the event loop may lag (wall seconds) before that is too late."""

    def __init__(self, late_s: float) -> None:
        self.level = ShedLevel.NOTHING
        self._late_s = late_s
        self._late_since: float | None = None
        self._calm_since: float | None = None

    def lagged(self, by_s: float, now: float) -> bool:
        """The loop lagged by so much at ``now`` (any clock that runs forward, in seconds). True: the level changed."""
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
    """Lets one position of each car through in :data:`SELDOM_S`, by the positions' own times."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def passes(self, car: str, at: float) -> bool:
        """Whether a position of this time is let through. One that is older than the last passes: it is judged behind
        us."""
        last = self._last.get(car)
        if last is not None and 0 <= at - last < SELDOM_S:
            return False
        self._last.pop(car, None)
        self._last[car] = at
        if len(self._last) > KEPT:
            del self._last[next(iter(self._last))]
        return True

    def forget(self) -> None:
        """All pass again."""
        self._last.clear()
