"""Clocks. The domain uses city time, the infrastructure wall time.

In production both are equal. A simulated city runs ``speed`` times as fast as the wall clock; tests and the simulator
set a :class:`ManualClock`. All code that needs the time takes a :class:`Clock`.
"""

import time
from typing import Protocol

from dispatch.values.units import CityTime, WallTime


class Clock(Protocol):
    """City time and wall time."""

    @property
    def speed(self) -> float:
        """City seconds per wall second."""

    def city(self) -> CityTime: ...

    def wall(self) -> WallTime: ...

    def wall_until(self, at: CityTime) -> float:
        """Wall seconds until the city's clock shows ``at``; at least zero."""


class CityClock:
    """The real clock: city time runs ``speed`` times as fast as wall time from a common anchor.

    All processes of a system use the same anchor, so that they agree on city time.
    """

    def __init__(self, *, speed: float = 1.0, wall_anchor: float = 0.0, city_anchor: float | None = None) -> None:
        if speed <= 0:
            raise ValueError("speed must be above zero")
        self._speed = speed
        self._wall_anchor = wall_anchor
        self._city_anchor = wall_anchor if city_anchor is None else city_anchor

    @property
    def speed(self) -> float:
        return self._speed

    @property
    def anchors(self) -> tuple[float, float]:
        """The wall time and the city time of the anchor."""
        return self._wall_anchor, self._city_anchor

    def city(self) -> CityTime:
        return CityTime(self._city_anchor + (time.time() - self._wall_anchor) * self._speed)

    def wall(self) -> WallTime:
        return WallTime(time.time())

    def wall_until(self, at: CityTime) -> float:
        return max(0.0, (at - self.city()) / self._speed)


class ManualClock:
    """A clock that advances only by ``advance``, for tests and simulation."""

    def __init__(self, start: float = 0.0, *, speed: float = 1.0) -> None:
        self._now = start
        self._speed = speed

    @property
    def speed(self) -> float:
        return self._speed

    def city(self) -> CityTime:
        return CityTime(self._now)

    def wall(self) -> WallTime:
        """City time divided by the speed."""
        return WallTime(self._now / self._speed)

    def wall_until(self, at: CityTime) -> float:
        return max(0.0, (at - self._now) / self._speed)

    def advance(self, seconds: float) -> None:
        """Advance city time. Raises ``ValueError`` for negative seconds."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        self._now += seconds
