"""Limits that all gateways share: the bus counts. While the bus is unavailable, each gateway counts for itself."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, Protocol

from cachetools import TTLCache

from dispatch.clock import Clock
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.store.bus import BusUnavailableError
from ws_gateway.limits.token_bucket import RateLimit, TokenBuckets

_KEPT: Final = 100_000
"""Names whose attempts are remembered locally; the least recently used are dropped first."""


class RateBus(Protocol):
    """The part of :class:`dispatch.store.bus.Bus` that counts rates. Raises ``BusUnavailableError``."""

    async def allow(self, what: str, per_s: float, burst: int) -> bool: ...


class AttemptBus(Protocol):
    """The part of :class:`dispatch.store.bus.Bus` that counts attempts. Raises ``BusUnavailableError``."""

    async def attempt(self, what: str, limit: int, ttl_s: float) -> bool: ...
    async def attempts(self, whats: Sequence[str]) -> Sequence[int]: ...
    async def forget_attempts(self, what: str) -> None: ...


class SharedRateLimiter:
    """A token bucket for each name, shared by all gateways."""

    def __init__(self, bus: RateBus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._local = TokenBuckets()

    async def check(self, name: str, limit: RateLimit) -> None:
        """Count one event. Raises ``DispatchError`` with ``TOO_MANY_ATTEMPTS`` over the limit."""
        try:
            allowed = await self._bus.allow(name, limit.per_s, int(limit.burst))
        except BusUnavailableError:
            allowed = self._local.allow(name, limit, self._clock.wall())
        if not allowed:
            raise DispatchError(ErrorCode.TOO_MANY_ATTEMPTS)


class AttemptLimiter:
    """Locks a name after ``limit`` attempts until ``window_s`` wall seconds have passed since the last counted one.

    Names are phone numbers among others, so the bus sees their keyed digests only.
    """

    def __init__(self, bus: AttemptBus, key: bytes, limit: int, window_s: float, clock: Clock) -> None:
        self._bus = bus
        self._key = key[:64]
        self._limit = limit
        self._window_s = window_s
        self._local: TTLCache[str, int] = TTLCache(_KEPT, window_s, clock.wall)

    async def count(self, name: str) -> None:
        """Count one attempt. Raises ``DispatchError`` with ``TOO_MANY_ATTEMPTS`` where the name is locked."""
        counted = self._local.get(name, 0)
        if counted >= self._limit:
            raise DispatchError(ErrorCode.TOO_MANY_ATTEMPTS)
        self._local[name] = counted + 1
        try:
            allowed = await self._bus.attempt(self._digest(name), self._limit, self._window_s)
        except BusUnavailableError:
            return
        if not allowed:
            raise DispatchError(ErrorCode.TOO_MANY_ATTEMPTS)

    async def reset(self, name: str) -> None:
        self._local.pop(name, None)
        try:
            await self._bus.forget_attempts(self._digest(name))
        except BusUnavailableError:
            return

    async def first_uncounted(self, names: Sequence[str]) -> str | None:
        """The first of ``names`` without a counted attempt; None if each has one."""
        try:
            counts = await self._bus.attempts([self._digest(name) for name in names])
        except BusUnavailableError:
            counts = [0] * len(names)
        uncounted = (name for name, count in zip(names, counts, strict=True) if not count)
        return next((name for name in uncounted if name not in self._local), None)

    def _digest(self, name: str) -> str:
        return blake2b(name.encode(), digest_size=16, key=self._key).hexdigest()
