"""Shared rate limiters for tests that do not count for themselves."""

from __future__ import annotations

from collections.abc import Callable

from dispatch.clock import ManualClock
from ws_gateway.limits.shared_limits import SharedRateLimiter


class RateBusOf:
    """A bus that allows what ``allows`` says."""

    def __init__(self, allows: Callable[[str, float, int], bool]) -> None:
        self._allows = allows

    async def allow(self, what: str, per_s: float, burst: int) -> bool:
        assert per_s > 0 < burst
        return self._allows(what, per_s, burst)


def limiter(allows: Callable[[str, float, int], bool] = lambda *_: True) -> SharedRateLimiter:
    """A limiter on such a bus."""
    return SharedRateLimiter(RateBusOf(allows), ManualClock(1.0))
