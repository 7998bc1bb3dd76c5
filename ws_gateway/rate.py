"""How many messages a connection may send: a token bucket, and a second one that notices a flood."""

from __future__ import annotations

from enum import Enum


class Verdict(Enum):
    """What becomes of a message."""

    PASS = 0
    REFUSE = 1
    FLOOD = 2


class Bucket:
    """``rate`` tokens a second up to ``burst``. Time only has to run forward."""

    __slots__ = ("_burst", "_last", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._last = now

    def take(self, now: float) -> bool:
        """Take one token; False where there is none."""
        tokens = self._tokens + (now - self._last) * self._rate
        self._last = now
        if tokens < 1.0:
            self._tokens = tokens
            return False
        self._tokens = (min(self._burst, tokens)) - 1.0
        return True


class RateLimit:
    """Messages above the rate are refused; those above ``factor`` times the rate are a flood."""

    __slots__ = ("_flood", "_steady")

    def __init__(self, rate: float, burst: float, factor: float, now: float) -> None:
        self._steady = Bucket(rate, burst, now)
        self._flood = Bucket(rate * (factor - 1), burst * (factor - 1), now)

    def judge(self, now: float) -> Verdict:
        """Count one message."""
        if self._steady.take(now):
            return Verdict.PASS
        return Verdict.REFUSE if self._flood.take(now) else Verdict.FLOOD
