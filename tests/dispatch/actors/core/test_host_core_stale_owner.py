"""An owner who is not one any more, and does not know it, does no harm by what needs no event."""

from __future__ import annotations

import msgspec
import pytest

from dispatch.actors.core.protocol import Done
from dispatch.domain.commands import ArriveAtPickup, CancelTrip, StartBreak, StartRide, StartShift
from dispatch.store.journal import StoredCommand
from tests.dispatch.actors.core.harness import (
    CODE,
    PASSENGER,
    City,
    driver,
    following,
    profile,
    trip_key,
    vehicle_key,
)

V, T = vehicle_key(), trip_key()


@pytest.fixture
def city() -> City:
    return City()


def test_timer_of_a_lost_owner_writes_no_due(city: City) -> None:
    """A host that was replaced fires a timer on what it remembers: the timers that the journal has stay as they are."""
    city.online()
    city.request()
    city.offer()
    lost = city.trips
    city.bear("trip")
    city.do(T, CancelTrip("changed my mind"), PASSENGER)
    before: dict[str, StoredCommand] = dict(city.tables.dues.get(T, {}))
    city.clock.advance(400.0)
    lost.core.tick(city.clock.city())
    lost.pump()

    assert city.trip().state == "cancelled"
    assert "give_up" not in before
    assert city.tables.dues.get(T, {}) == before


def test_refusal_of_a_lost_owner_is_decided_anew(city: City) -> None:
    """What only the memory of a lost owner forbids is done."""
    city.online()
    lost = city.vehicles
    city.bear("vehicle")
    city.do(V, StartBreak(), driver())
    token = lost.submit(city.envelope(V, StartShift(profile()), driver()))
    lost.pump()

    assert isinstance(lost.replies[token], Done)
    assert city.events(V) == ["shift_started", "break_started", "shift_started"]


def test_follower_who_has_seen_more_than_its_host(city: City) -> None:
    """A host that is behind a follower reads the journal first, and never tells what the follower has left behind."""
    city.online()
    lost = city.vehicles
    city.bear("vehicle")
    city.do(V, StartBreak(), driver())
    city.do(V, StartShift(profile()), driver())
    token = lost.subscribe(V, driver(), after=2)
    lost.pump()

    answer = following(lost.attached[token])
    assert answer.recovered
    assert [msgspec.msgpack.decode(body)["seq"] for _, body in answer.updates] == [3]


def test_follower_who_has_seen_more_than_a_host_at_work(city: City) -> None:
    """The same while a command waits there for another entity: the follower waits too, and is told nothing old."""
    city.assign()
    city.do(V, ArriveAtPickup("T1"), driver())
    lost = city.vehicles
    city.bear("vehicle")
    city.do(V, StartRide("T1", CODE), driver())
    seen = city.tables.last(V)
    lost.submit(city.envelope(V, StartRide("T1", CODE), driver()))
    token = lost.subscribe(V, driver(), after=seen)
    at_once = dict(lost.attached)
    lost.pump()

    assert token not in at_once
    assert following(lost.attached[token]).seq == seen
