"""Local rate limits: one token bucket, and buckets by name in bounded memory. Pure: the caller passes the time in."""

from typing import Final, NamedTuple

from cachetools import LRUCache

KEPT: Final = 10_000
"""Names remembered at most; the least recently used are dropped first."""


class RateLimit(NamedTuple):
    """At most ``burst`` events at once, and ``per_s`` a second after that."""

    per_s: float
    burst: float


class TokenBucket:
    """One counter. Time must not run backwards; its unit is the rate's."""

    __slots__ = ("_burst", "_last", "_per_s", "_tokens")

    def __init__(self, limit: RateLimit, now: float) -> None:
        self._per_s, self._burst = limit
        self._tokens = self._burst
        self._last = now

    def allow(self, now: float) -> bool:
        """Count one event if it is within the limit; a refused event is not counted."""
        tokens = self._tokens + (now - self._last) * self._per_s
        self._last = now
        if tokens < 1.0:
            self._tokens = tokens
            return False
        self._tokens = min(tokens, self._burst) - 1.0
        return True


class TokenBuckets:
    """A token bucket for each name."""

    def __init__(self) -> None:
        self._buckets: LRUCache[str, TokenBucket] = LRUCache(KEPT)

    def __len__(self) -> int:
        return len(self._buckets)

    def allow(self, name: str, limit: RateLimit, now: float) -> bool:
        """As :meth:`TokenBucket.allow`. A name always comes with the same limit."""
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._buckets[name] = TokenBucket(limit, now)
        return bucket.allow(now)
