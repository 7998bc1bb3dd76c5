"""The city's clock on the client's side, set by the server's welcome."""

from __future__ import annotations

from dispatch.clock import Clock
from dispatch.values.units import CityTime, WallTime

MAX_DRIFT_S = 1.0
"""Wall seconds of difference from the server's clock that cause no adjustment."""


class ServerClock:
    """A :class:`dispatch.clock.Clock` set by welcomes. Before the first one it has the machine's time, at speed 1."""

    def __init__(self, machine: Clock) -> None:
        self._machine = machine
        self._speed = 1.0
        self._wall_anchor = machine.wall()
        self._city_anchor = float(self._wall_anchor)
        self.known = False

    @property
    def speed(self) -> float:
        """City seconds per wall second."""
        return self._speed

    def city(self) -> CityTime:
        return CityTime(self._city_anchor + (self._machine.wall() - self._wall_anchor) * self._speed)

    def wall(self) -> WallTime:
        return self._machine.wall()

    def wall_until(self, at: CityTime) -> float:
        """Wall seconds until city time ``at``; at least zero."""
        return max(0.0, (at - self.city()) / self._speed)

    def synchronise(self, city_time: float, speed: float) -> None:
        """Adopt the server's clock. A difference of at most :data:`MAX_DRIFT_S` is network delay and is ignored."""
        near = abs(city_time - self.city()) <= MAX_DRIFT_S * speed
        if self.known and near and speed == self._speed:
            return
        self.known = True
        self._speed = speed
        self._wall_anchor = self._machine.wall()
        self._city_anchor = city_time
