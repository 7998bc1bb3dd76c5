"""The bus in memory."""

from __future__ import annotations

import pytest

from dispatch.clock import ManualClock
from dispatch.store.bus import BusUnavailableError
from tests.dispatch.store.buses.conformance import RED, BusConformance, Buses
from tests.dispatch.store.buses.memory_bus import MemoryBus


class TestMemoryBus(BusConformance):
    @pytest.fixture
    def buses(self) -> Buses:
        bus = MemoryBus(ManualClock(1_000.0))
        return Buses(bus, bus)

    @pytest.fixture
    def lost(self) -> MemoryBus:
        bus = MemoryBus(ManualClock())
        bus.lose()
        return bus

    async def test_time_to_live_is_wall_time(self) -> None:
        """What is put is gone when its time is over, on the wall's clock."""
        clock = ManualClock(1_000.0, speed=10.0)
        bus = MemoryBus(clock)
        await bus.put("taxi:test:a", b"x", 2.0)
        clock.advance(19.0)
        assert await bus.get_many(["taxi:test:a"]) == [b"x"]
        clock.advance(1.0)
        assert await bus.get_many(["taxi:test:a"]) == [None]

    async def test_a_bucket_leaks(self) -> None:
        """After the burst, so many a second are let through."""
        clock = ManualClock(1_000.0)
        bus = MemoryBus(clock)
        assert [await bus.allow("x", 2.0, 2) for _ in range(3)] == [True, True, False]
        clock.advance(0.5)
        assert [await bus.allow("x", 2.0, 2) for _ in range(2)] == [True, False]

    async def test_a_listener_is_told_of_the_loss(self) -> None:
        """Who listens when the bus goes away gets what waits, and then the error."""
        bus = MemoryBus(ManualClock())
        subscription = await bus.subscribe([RED])
        await bus.publish(RED, b"x")
        bus.lose()
        assert (await anext(subscription)).payload == b"x"
        with pytest.raises(BusUnavailableError):
            await anext(subscription)
