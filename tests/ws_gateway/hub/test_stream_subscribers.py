"""Streams stay subscribed at the hosts while a connection here needs them, and a little longer."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from ws_gateway.hub.connection import Connection
from ws_gateway.hub.stream_subscribers import StreamSubscribers


class Subscriber:
    """As much of a connection as is needed here."""

    def __init__(self) -> None:
        self.subscriptions: dict[tuple[str, str], None] = {}


def connection() -> Connection:
    """A connection without subscriptions."""
    return cast("Connection", Subscriber())


async def settle() -> None:
    """Let timers without a delay run."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_the_last_connection_leaves_the_stream() -> None:
    """With the first of two gone nothing happens; with the last one, the host is told once."""
    left: list[Any] = []
    subscribers = StreamSubscribers(lambda key, audience: left.append((key, audience)), 0.0)
    one, two = connection(), connection()
    for each in (one, two):
        subscribers.add(each, "trip:t1", "passenger")
    subscribers.add(one, "vehicle:V1", "passenger")
    assert subscribers.connections("trip:t1", "passenger") == [one, two]
    subscribers.remove_all(one)
    await settle()
    assert left == [("vehicle:V1", "passenger")]
    assert subscribers.connections("trip:t1", "passenger") == [two]
    for _ in range(2):
        subscribers.remove(two, "trip:t1", "passenger")
        await settle()
    assert left == [("vehicle:V1", "passenger"), ("trip:t1", "passenger")]
    assert subscribers.entries == 0


async def test_a_client_that_comes_back_in_time_keeps_the_stream() -> None:
    """The stream is not left; audiences are counted apart."""
    left: list[Any] = []
    subscribers = StreamSubscribers(lambda key, audience: left.append((key, audience)), 3600.0)
    first, again = connection(), connection()
    subscribers.add(first, "trip:t1", "passenger")
    subscribers.remove(first, "trip:t1", "passenger")
    assert subscribers.entries == 1
    subscribers.add(again, "trip:t1", "passenger")
    assert subscribers.connections("trip:t1", "dispatcher") == []
    assert subscribers.entries == 1
    subscribers.remove_all(again)
    subscribers.stop()
    await settle()
    assert left == []
