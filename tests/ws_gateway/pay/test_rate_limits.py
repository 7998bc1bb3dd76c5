"""How often pages are asked for: counted by the bus, as long as it is there."""

from __future__ import annotations

from dispatch.clock import CityClock
from dispatch.store.bus import BusUnavailableError
from tests.dispatch.store.buses.memory_bus import MemoryBus
from ws_gateway.pay.rate_limits import allowed_by


class Down:
    """A bus that does not answer."""

    async def allow(self, what: str, per_s: float, burst: int) -> bool:
        raise BusUnavailableError(f"{what} {per_s} {burst}")


async def test_the_bus_counts() -> None:
    """What is too often is refused, each name for itself."""
    allow = allowed_by(MemoryBus(CityClock()))
    assert [await allow("pay:by:s1", 0.001, 2) for _ in range(3)] == [True, True, False]
    assert await allow("pay:by:s2", 0.001, 2)


async def test_nobody_counts() -> None:
    """While the bus is down, passengers can pay."""
    allow = allowed_by(Down())
    assert [await allow("pay:by:s1", 1.0, 1) for _ in range(3)] == [True, True, True]
