"""Measured values and their percentiles; a rate over the last seconds."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from math import ceil, fsum, inf
from typing import Final

MAX_KEPT: Final = 100_000
RATE_WINDOW_S: Final = 5


def percentile(values: Iterable[float], share: float) -> float | None:
    """The smallest value that at least ``share`` (0 to 1) of the values do not exceed; None if there are none."""
    ranked = sorted(values)
    if not ranked:
        return None
    return ranked[max(0, ceil(share * len(ranked)) - 1)]


class Samples:
    """The newest :data:`MAX_KEPT` values."""

    def __init__(self) -> None:
        self._values: deque[float] = deque(maxlen=MAX_KEPT)

    def __len__(self) -> int:
        return len(self._values)

    def add(self, value: float) -> None:
        self._values.append(value)

    def values(self) -> list[float]:
        """A copy, the oldest first."""
        return list(self._values)

    def mean(self) -> float | None:
        return fsum(self._values) / len(self._values) if self._values else None

    def percentile(self, share: float, *, never: int = 0) -> float | None:
        """The percentile, with ``never`` additional infinite values."""
        return percentile((*self._values, *([inf] * never)), share)


class RecentRate:
    """Events per second over the last :data:`RATE_WINDOW_S` whole wall seconds."""

    def __init__(self) -> None:
        self._counts: deque[tuple[int, int]] = deque(maxlen=RATE_WINDOW_S + 1)
        self._second = -1
        self._count = 0
        self.total = 0

    def add(self, now: float) -> None:
        """``now`` is wall time and must not decrease."""
        second = int(now)
        if second != self._second:
            self._next_second(second)
        self._count += 1
        self.total += 1

    def per_second(self, now: float) -> float:
        """The rate before the current second."""
        if int(now) != self._second:
            self._next_second(int(now))
        begun = int(now) - RATE_WINDOW_S
        within = [count for second, count in self._counts if second >= begun]
        return sum(within) / RATE_WINDOW_S

    def _next_second(self, second: int) -> None:
        if self._second >= 0:
            self._counts.append((self._second, self._count))
        self._second, self._count = second, 0
