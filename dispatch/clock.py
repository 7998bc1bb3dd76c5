"""Time as an interface. City time rules the domain, wall time the machinery.

In production both are the same. A simulated city runs ``speed`` times faster than the wall; tests and the
simulator set a :class:`ManualClock` by hand. Nothing else in the project asks the machine what time it is.
"""

from __future__ import annotations

import time
from typing import Protocol

from dispatch.values.units import CityTime, WallTime


class Clock(Protocol):
    """What time it is, in the city and on the wall."""

    @property
    def speed(self) -> float:
        """City seconds that pass in one wall second."""
        ...

    def city(self) -> CityTime:
        """City time now."""
        ...

    def wall(self) -> WallTime:
        """Wall time now."""
        ...

    def wall_until(self, at: CityTime) -> float:
        """Wall seconds from now until the city's clock shows ``at``; at least zero."""
        ...


class CityClock:
    """The real clock: city time passes ``speed`` times as fast as wall time, from a common anchor.

    Every process of one system is given the same anchor, so that they agree on the city's time.
    """

    def __init__(self, *, speed: float = 1.0, wall_anchor: float = 0.0, city_anchor: float | None = None) -> None:
        if speed <= 0:
            raise ValueError("speed must be above zero")
        self._speed = speed
        self._wall_anchor = wall_anchor
        self._city_anchor = wall_anchor if city_anchor is None else city_anchor

    @property
    def speed(self) -> float:
        """City seconds that pass in one wall second."""
        return self._speed

    @property
    def anchors(self) -> tuple[float, float]:
        """The wall time and the city time that belong together."""
        return self._wall_anchor, self._city_anchor

    def city(self) -> CityTime:
        """City time now."""
        return CityTime(self._city_anchor + (time.time() - self._wall_anchor) * self._speed)

    def wall(self) -> WallTime:
        """Wall time now."""
        return WallTime(time.time())

    def wall_until(self, at: CityTime) -> float:
        """Wall seconds from now until the city's clock shows ``at``; at least zero."""
        return max(0.0, (at - self.city()) / self._speed)


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: float = 0.0, *, speed: float = 1.0) -> None:
        self._now = start
        self._speed = speed

    @property
    def speed(self) -> float:
        """City seconds that pass in one wall second."""
        return self._speed

    def city(self) -> CityTime:
        """City time as it was last set."""
        return CityTime(self._now)

    def wall(self) -> WallTime:
        """The wall shows what the city shows, slowed by the speed."""
        return WallTime(self._now / self._speed)

    def wall_until(self, at: CityTime) -> float:
        """Wall seconds until ``at``; at least zero."""
        return max(0.0, (at - self._now) / self._speed)

    def advance(self, seconds: float) -> None:
        """Move city time forward. Time never runs backwards here."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        self._now += seconds
