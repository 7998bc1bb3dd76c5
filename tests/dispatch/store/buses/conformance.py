"""What every bus must do. The suite runs in memory and on Valkey, through two handles."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import pytest

from dispatch.store.bus import Bus, BusMessage, BusUnavailableError, Subscription
from dispatch.store.buses import keys

RED, BLUE = keys.map_channel("red", "h"), keys.map_channel("blue", "h")


class Buses(NamedTuple):
    """Two handles on one bus, as two processes would have them."""

    mine: Bus
    theirs: Bus


class BusConformance:
    """Subclasses give the fixture ``buses``: an empty bus; and ``lost``: a bus that has gone away."""

    async def test_a_message_reaches_who_listens(self, buses: Buses) -> None:
        """A subscriber hears its channels and no others, from any process."""
        async with asyncio.timeout(10):
            subscription = await buses.mine.subscribe([RED])
            await buses.theirs.publish(BLUE, b"not for us")
            await buses.theirs.publish(RED, b"\x00\xff")
            assert await anext(subscription) == BusMessage(RED, b"\x00\xff")
            await subscription.close()

    async def test_attempts_are_counted_together(self, buses: Buses) -> None:
        """Both count the same attempts, up to the limit; then none more is counted, until it is forgotten."""
        assert [await each.attempt("a", 2, 60.0) for each in (buses.mine, buses.theirs, buses.mine)] == [
            True,
            True,
            False,
        ]
        assert await buses.theirs.attempts(["a", "b"]) == [2, 0]
        assert await buses.mine.attempt("b", 1, 60.0)
        await buses.theirs.forget_attempts("a")
        assert await buses.mine.attempts(["a", "b"]) == [0, 1]
        assert await buses.mine.attempt("a", 1, 60.0)

    async def test_nobody_need_listen(self, buses: Buses) -> None:
        """A message without listeners is lost, without an error, and not kept for later."""
        async with asyncio.timeout(10):
            await buses.mine.publish(RED, b"early")
            subscription = await buses.mine.subscribe([RED])
            await buses.mine.publish(RED, b"late")
            assert await anext(subscription) == BusMessage(RED, b"late")
            await subscription.close()

    async def test_it_is_told_how_many_listen(self, buses: Buses) -> None:
        """To each of the messages, from any process."""
        messages = [BusMessage(RED, b"x"), BusMessage(BLUE, b"y"), BusMessage(RED, b"z")]
        async with asyncio.timeout(10):
            first, second = await buses.mine.subscribe([RED]), await buses.theirs.subscribe([RED])
            assert list(await buses.theirs.publish_many(messages)) == [2, 0, 2]
            await first.close()
            await second.drop([RED])
            assert sum(await buses.theirs.publish_many(messages[1:2])) == 0

    async def test_the_latest_wins(self, buses: Buses) -> None:
        """Who reads late gets the newest message of each channel."""
        async with asyncio.timeout(10):
            subscription = await buses.mine.subscribe([RED, BLUE])
            old = [BusMessage(RED, b"%d" % number) for number in range(500)]
            await buses.theirs.publish_many([*old, BusMessage(RED, b"new"), BusMessage(BLUE, b"last")])
            seen = {}
            while BLUE not in seen:
                channel, payload = await anext(subscription)
                seen[channel] = payload
            assert seen == {RED: b"new", BLUE: b"last"}
            await subscription.close()

    async def test_channels_change_while_listening(self, buses: Buses) -> None:
        """A channel that is added is heard from then on, one that is dropped no more."""
        async with asyncio.timeout(10):
            subscription = await buses.mine.subscribe()
            await subscription.add([RED])
            await subscription.add([RED, BLUE])
            await subscription.drop([RED, "never added"])
            await buses.theirs.publish_many([BusMessage(RED, b"x"), BusMessage(BLUE, b"y")])
            assert await anext(subscription) == BusMessage(BLUE, b"y")
            await subscription.add([RED])
            await buses.theirs.publish(RED, b"z")
            assert await anext(subscription) == BusMessage(RED, b"z")
            await subscription.close()

    async def test_a_reader_that_waits_is_woken(self, buses: Buses) -> None:
        """Whoever waits for a message gets it, and ends when the subscription is closed."""
        async with asyncio.timeout(10):
            subscription = await buses.mine.subscribe([RED])
            heard: asyncio.Queue[BusMessage] = asyncio.Queue()
            reader = asyncio.create_task(self._read(subscription, heard))
            for payload in (b"0", b"1", b"2"):
                await buses.theirs.publish(RED, payload)
                assert await heard.get() == BusMessage(RED, payload)
            await subscription.close()
            await reader

    async def _read(self, subscription: Subscription, heard: asyncio.Queue[BusMessage]) -> None:
        async for message in subscription:
            await heard.put(message)

    async def test_what_is_put_is_kept(self, buses: Buses) -> None:
        """Values come back in the order asked for, the newest of each; what was never put is None."""
        await buses.mine.put("taxi:test:a", b"old", 60.0)
        await buses.mine.put_many([("taxi:test:a", b"new"), ("taxi:test:b", b"")], 60.0)
        assert await buses.theirs.get_many(["taxi:test:b", "taxi:test:c", "taxi:test:a"]) == [b"", None, b"new"]

    async def test_nothing_is_no_error(self, buses: Buses) -> None:
        """Empty lists are served."""
        await buses.mine.publish_many([])
        await buses.mine.put_many([], 60.0)
        assert await buses.mine.get_many([]) == []

    async def test_a_rate_is_limited(self, buses: Buses) -> None:
        """A burst is let through and no more, for each name by itself, over all processes together."""
        found = [await buses[number % 2].allow("sign-in:101", 0.001, 3) for number in range(5)]
        assert found == [True, True, True, False, False]
        assert await buses.mine.allow("sign-in:102", 0.001, 1)

    async def test_a_burst_is_let_through_at_any_rate(self, buses: Buses) -> None:
        """A bucket takes its burst whether a drop leaks in a microsecond or in an hour."""
        for per_s in (1e6, 1.0, 1 / 3_600):
            assert all([await buses.mine.allow(f"map at {per_s}", per_s, 50) for _ in range(50)])

    async def test_a_bus_that_is_away_says_so(self, lost: Bus) -> None:
        """Every call raises, and nothing else happens."""
        async with asyncio.timeout(30):
            for call in (
                lost.publish(RED, b"x"),
                lost.publish_many([BusMessage(RED, b"x")]),
                lost.subscribe([RED]),
                lost.put("taxi:test:a", b"x", 1.0),
                lost.put_many([("taxi:test:a", b"x")], 1.0),
                lost.get_many(["taxi:test:a"]),
                lost.allow("x", 1.0, 1),
            ):
                with pytest.raises(BusUnavailableError):
                    await call
