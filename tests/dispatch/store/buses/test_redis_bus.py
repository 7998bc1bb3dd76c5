"""The bus on a real Valkey."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from dispatch.store.bus import BusUnavailableError
from dispatch.store.buses import keys
from dispatch.store.buses.embedded_valkey import EmbeddedValkey
from dispatch.store.buses.redis_bus import RedisBus
from tests.dispatch.store.buses.conformance import RED, BusConformance, Buses

pytestmark = pytest.mark.integration


class TestRedisBus(BusConformance):
    @pytest.fixture
    async def buses(self, valkey_url: str) -> AsyncIterator[Buses]:
        buses = Buses(RedisBus(valkey_url), RedisBus(valkey_url))
        yield buses
        await asyncio.gather(*(bus.close() for bus in buses))

    @pytest.fixture
    async def lost(self, tmp_path: Path) -> AsyncIterator[RedisBus]:
        with EmbeddedValkey(tmp_path) as server:
            bus = RedisBus(server.url)
            await bus.publish(RED, b"x")
        yield bus
        await bus.close()

    async def test_a_listener_is_told_of_the_loss(self, tmp_path: Path) -> None:
        """Who listens when the server dies gets an error, and can subscribe anew when it is back."""
        server = EmbeddedValkey(tmp_path)
        server.start()
        bus = RedisBus(server.url)
        async with asyncio.timeout(20):
            subscription = await bus.subscribe([RED])
            server.stop()
            with pytest.raises(BusUnavailableError):
                await anext(subscription)
            await subscription.close()
            server.start()
            again = await bus.subscribe([RED])
            await bus.publish(RED, b"back")
            assert (await anext(again)).payload == b"back"
            await again.close()
        await bus.close()
        server.stop()

    async def test_all_that_is_put_expires(self, buses: Buses, valkey_url: str) -> None:
        """No key stays for ever: soft state goes by itself."""
        await buses.mine.put(keys.map_whole("89", "h1"), b"x", 5.0)
        await buses.mine.put_many([(keys.map_whole("89", "h2"), b"x")], 0.0001)
        await buses.mine.allow("x", 0.01, 2)
        client = Redis.from_url(valkey_url)
        found = {key: await client.pttl(key) for key in await client.keys("*")}
        await client.aclose()
        assert set(found) - {b"taxi:cell:89:h2"} == {b"taxi:cell:89:h1", b"taxi:rate:x"}
        assert all(0 <= left <= 100_000 for left in found.values() if left != -2)
