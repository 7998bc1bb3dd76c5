"""Pushes are kept until they are acknowledged, and gateways that fall behind are forgotten."""

from __future__ import annotations

import pytest

from dispatch.actors.core.protocol import Push
from dispatch.actors.core.push_queues import PushQueues, Subscriber
from dispatch.domain.commands import (
    AcceptOffer,
)
from tests.dispatch.actors.core.harness import (
    PASSENGER,
    City,
    Host,
    Poller,
    driver,
    trip_key,
    vehicle_key,
)

V, T = vehicle_key(), trip_key()


@pytest.fixture
def city() -> City:
    return City()


def push(seq: int, key: str = "trip:T1") -> Push:
    return Push(key, "passenger", seq, b"")


def test_inbox_redelivers_until_acknowledged() -> None:
    """What a poll brought comes again until the next poll's cursor says that it arrived."""
    queues = PushQueues("host")
    queues.open("g", 0.0)
    first = queues.fetch("g", "", 0, 0.0)
    queues.push("g", push(1))
    queues.push("g", push(2))
    got = queues.fetch("g", first.incarnation, first.cursor, 0.0)
    queues.push("g", push(3))
    again = queues.fetch("g", first.incarnation, first.cursor, 0.0)
    rest = queues.fetch("g", first.incarnation, got.cursor, 0.0)

    assert [p.seq for p in got.pushes] == [1, 2]
    assert [p.seq for p in again.pushes] == [1, 2, 3]
    assert [p.seq for p in rest.pushes] == [3]
    assert not queues.has_numbered("g", again.cursor)


def test_newest_counts_for_what_may_be_skipped() -> None:
    """Of positions only the newest of each stream, audience and kind is kept."""
    queues = PushQueues("host")
    queues.open("g", 0.0)
    born = queues.fetch("g", "", 0, 0.0)
    for body in (b"1", b"2"):
        queues.push_latest("g", Push("trip:T1", "passenger", 0, body), "car")
        queues.push_latest("g", Push("vehicle:V1", "driver", 0, body), "heard")

    assert queues.has_latest("g")
    assert not queues.has_numbered("g", born.cursor)
    assert [p.message for p in queues.fetch("g", born.incarnation, born.cursor, 0.0).pushes] == [b"2", b"2"]
    assert not queues.fetch("g", born.incarnation, born.cursor, 0.0).pushes


def test_news_are_what_was_put_in_since() -> None:
    """Polls are woken for what some gateway is to get, and not for what nobody follows."""
    queues = PushQueues("host")
    queues.open("g", 0.0)
    queues.push("stranger", push(1))
    queues.push_latest("stranger", push(0), "car")
    quiet = queues.take_new()
    queues.push("g", push(1))
    has_numbered = (queues.take_new(), queues.take_new())
    queues.push_latest("g", push(0), "car")

    assert not quiet
    assert has_numbered == (True, False)
    assert queues.take_new()


def test_silent_gateway_is_forgotten_and_learns_so() -> None:
    """A gateway that does not poll loses inbox and streams, and sees another incarnation when it comes back."""
    queues = PushQueues("host", forget_after_s=60)
    queues.open("g", 0.0)
    queues.open("other", 50.0)
    queues.subscribe(T, Subscriber("g", "passenger"))
    queues.subscribe(T, Subscriber("other", "passenger"))
    before = queues.fetch("g", "", 0, 0.0).incarnation
    queues.expire(61.0)

    assert queues.subscribers_of(T) == (Subscriber("other", "passenger"),)
    queues.push("g", push(1))
    after = queues.fetch("g", before, 0, 62.0)
    assert after.incarnation != before
    assert after.pushes == []


def test_gateway_that_falls_behind_is_forgotten_in_the_middle_of_a_push(city: City) -> None:
    """An inbox that is full does not disturb the others who follow the same stream."""
    host = Host(city, "trip", "small")
    host.queues._limit = 1
    city.hosts["trip"] = host
    city.online()
    city.request()
    host.queues.open("fast", 0.0)
    host.subscribe(T, PASSENGER, after=1)
    host.queues.subscribe(T, Subscriber("fast", "passenger"))
    fast = Poller(host, "fast")
    offer = city.offer()
    assert fast.numbers(T, "passenger") == [2]
    city.do(V, AcceptOffer(offer), driver())

    assert fast.numbers(T, "passenger") == [2, 3]
    assert host.queues.subscribers_of(T) == (Subscriber("fast", "passenger"),)
