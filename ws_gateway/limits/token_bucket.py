"""How many messages a connection may send: a token bucket, and a second one that notices a flood."""

from __future__ import annotations


class RateLimit:
    """``rate`` messages a second and ``burst`` at once pass; what is ``factor`` times above that is a flood.

    Time only has to run forward; its unit is the rate's.
    """

    __slots__ = ("_burst", "_flood_burst", "_flood_rate", "_flood_tokens", "_last", "_rate", "_refused_at", "_tokens")

    def __init__(self, rate: float, burst: float, factor: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._last = now
        self._flood_rate = rate * (factor - 1)
        self._flood_burst = burst * (factor - 1)
        self._flood_tokens = self._flood_burst
        self._refused_at = now

    def passes(self, now: float) -> bool:
        """Count one message; False where it is one too many."""
        tokens = self._tokens + (now - self._last) * self._rate
        self._last = now
        if tokens < 1.0:
            self._tokens = tokens
            return False
        self._tokens = min(tokens, self._burst) - 1.0
        return True

    def floods(self, now: float) -> bool:
        """Count one message that did not pass; True where there are far too many."""
        tokens = min(self._flood_burst, self._flood_tokens + (now - self._refused_at) * self._flood_rate)
        self._refused_at = now
        self._flood_tokens = max(0.0, tokens - 1.0)
        return tokens < 1.0
