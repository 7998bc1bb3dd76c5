"""Timers of all apps of a city in one heap, instead of a task per sleep."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

from dispatch.clock import Clock
from dispatch.values.units import CityTime

Act = Callable[[], None]


class Timer:
    """A callback at wall time ``at``, unless cancelled before."""

    __slots__ = ("_act", "at")

    def __init__(self, at: float, act: Act) -> None:
        self.at = at
        self._act: Act | None = act

    def cancel(self) -> None:
        """No effect if the timer was fired or cancelled before."""
        self._act = None

    def fire(self) -> None:
        act, self._act = self._act, None
        if act is not None:
            act()


class Scheduler:
    """Timers in the order of their wall times; equal times in the order of creation."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._serial = count()
        self._heap: list[tuple[float, int, Timer]] = []

    def __len__(self) -> int:
        return len(self._heap)

    def after(self, wall_s: float, act: Act) -> Timer:
        timer = Timer(self._clock.wall() + wall_s, act)
        heappush(self._heap, (timer.at, next(self._serial), timer))
        return timer

    def after_city(self, city_s: float, act: Act) -> Timer:
        return self.after(city_s / self._clock.speed, act)

    def at_city(self, at: CityTime, act: Act) -> Timer:
        """Run ``act`` at city time ``at``; at once if it is in the past."""
        return self.after(self._clock.wall_until(at), act)

    def next_at(self) -> float | None:
        """Wall time of the first timer (it may be cancelled), or None."""
        return self._heap[0][0] if self._heap else None

    def run_due(self) -> None:
        """Fire all due timers. Timers that these add run at the next call."""
        now = self._clock.wall()
        due = []
        while self._heap and self._heap[0][0] <= now:
            due.append(heappop(self._heap)[2])
        for timer in due:
            timer.fire()
