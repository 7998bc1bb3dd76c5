"""Limits that the gateways share: counted by the bus, and by each gateway while there is none."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dispatch.clock import ManualClock
from dispatch.domain.errors import DispatchError
from dispatch.store.bus import BusUnavailableError
from tests.dispatch.store.buses.memory_bus import MemoryBus
from ws_gateway.limits.shared_limits import AttemptBus, AttemptLimiter, RateBus, SharedRateLimiter
from ws_gateway.limits.token_bucket import RateLimit


class Down:
    """A bus that does not answer."""

    async def allow(self, what: str, per_s: float, burst: int) -> bool:
        raise BusUnavailableError(f"{what} {per_s} {burst}")

    async def attempt(self, what: str, limit: int, ttl_s: float) -> bool:
        raise BusUnavailableError(f"{what} {limit} {ttl_s}")

    async def attempts(self, whats: Sequence[str]) -> Sequence[int]:
        raise BusUnavailableError(str(whats))

    async def forget_attempts(self, what: str) -> None:
        raise BusUnavailableError(what)


async def _allowed(limiter: SharedRateLimiter, name: str, limit: RateLimit) -> bool:
    try:
        await limiter.check(name, limit)
    except DispatchError:
        return False
    return True


@pytest.mark.parametrize("down", [False, True])
async def test_each_name_has_its_own_rate(*, down: bool) -> None:
    """A burst passes, then one a time, with the bus and without."""
    clock = ManualClock(100.0)
    bus: RateBus = Down() if down else MemoryBus(clock)
    limiter = SharedRateLimiter(bus, clock)
    limit = RateLimit(0.001, 2)
    assert [await _allowed(limiter, "pay:by:s1", limit) for _ in range(3)] == [True, True, False]
    assert await _allowed(limiter, "pay:by:s2", limit)
    clock.advance(1000.0)
    assert [await _allowed(limiter, "pay:by:s1", limit) for _ in range(2)] == [True, False]


@pytest.mark.parametrize("down", [False, True])
async def test_attempts_are_forgotten_in_time(*, down: bool) -> None:
    """A lock opens after its time, and a success clears what was counted before."""
    clock = ManualClock(1000.0)
    bus: AttemptBus = Down() if down else MemoryBus(clock)
    attempts = AttemptLimiter(bus, b"key", 2, 60.0, clock)
    for _ in range(2):
        await attempts.count("a")
        clock.advance(1.0)
    clock.advance(58.9)
    with pytest.raises(DispatchError, match="2005"):
        await attempts.count("a")
    clock.advance(0.2)
    await attempts.count("a")
    await attempts.reset("a")
    for _ in range(2):
        await attempts.count("a")


@pytest.mark.parametrize("down", [False, True])
async def test_the_first_name_without_an_attempt_is_found(*, down: bool) -> None:
    """Names that were counted are passed over; none is left in the end."""
    clock = ManualClock(1000.0)
    bus: AttemptBus = Down() if down else MemoryBus(clock)
    attempts = AttemptLimiter(bus, b"key", 1, 60.0, clock)
    found = []
    while (name := await attempts.first_uncounted(["a", "b"])) is not None:
        found.append(name)
        await attempts.count(name)
    assert found == ["a", "b"]


async def test_another_gateway_counts_too() -> None:
    """Two gateways on one bus share a lock."""
    clock = ManualClock(1000.0)
    bus = MemoryBus(clock)
    here, there = (AttemptLimiter(bus, b"key", 1, 60.0, clock) for _ in range(2))
    await here.count("a")
    with pytest.raises(DispatchError, match="2005"):
        await there.count("a")
