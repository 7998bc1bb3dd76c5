"""Which car a passenger or guest sees, and when."""

from __future__ import annotations

import msgspec

from dispatch.actors.core.protocol import Subscribed
from dispatch.api.fields import CarView, TripView
from dispatch.api.server_messages import CarPosition, Snapshot, Update
from dispatch.domain.errors import ErrorCode
from tests.ws_gateway.session.builders import KEY, START, Talk, asked, attached, attachment, passenger, said
from ws_gateway.session.effects import SendMessage, Subscribe, Unsubscribe


def trip_message(seq: int, state: str, *, vehicle: str | None = None, snapshot: bool = False) -> bytes:
    car = None if vehicle is None else CarView(vehicle, "PL1", "Ann")
    view = TripView("t1", state, "app", "standard", START, car=car)
    if snapshot:
        return msgspec.msgpack.encode(Snapshot("trip:t1", seq, recovered=False, trip=view))
    return msgspec.msgpack.encode(Update("trip:t1", seq, "e", START, trip=view))


def test_a_passenger_sees_the_car_while_it_comes() -> None:
    """From assignment to the end of the ride the car's position is followed, for this trip only, and then no more."""
    talk, effects = passenger()
    effects = talk.answer(asked(effects)[0], attached(1, updates=[(1, trip_message(1, "matching"))]))
    assert asked(effects) == []
    effects = talk.push("trip:t1", 2, trip_message(2, "assigned", vehicle="V1"))
    assert Subscribe(KEY, "passenger") in effects
    [ask] = asked(effects)
    assert (attachment(ask).key, attachment(ask).trip, attachment(ask).after) == (KEY, "t1", None)
    ours = msgspec.msgpack.encode(CarPosition("t1", 1, START, 37.7, -122.4))
    other = msgspec.msgpack.encode(CarPosition("t2", 1, START, 37.7, -122.4))
    [told] = talk.answer(ask, Subscribed(seq=0, recovered=False, snapshot=ours))
    assert isinstance(told, SendMessage)
    assert told.slot == f"car {KEY}"
    assert talk.push(KEY, 0, other) == []
    assert len(talk.push(KEY, 0, ours)) == 1
    assert asked(talk.push("trip:t1", 3, trip_message(3, "in_progress", vehicle="V1"))) == []
    assert Unsubscribe(KEY, "passenger") in talk.push("trip:t1", 4, trip_message(4, "fare_due", vehicle="V1"))
    assert talk.push(KEY, 0, ours) == []


def test_the_car_never_goes_back_in_time() -> None:
    """A host that was born again hears old fixes once more: its passenger has seen newer ones."""
    talk, effects = passenger()
    effects = talk.answer(asked(effects)[0], attached(1, updates=[(1, trip_message(1, "assigned", vehicle="V1"))]))
    talk.answer(asked(effects)[0], Subscribed(seq=0, recovered=True))
    told = [
        len(talk.push(KEY, 0, msgspec.msgpack.encode(CarPosition("t1", n, START + n, 37.7, -122.4))))
        for n in (1, 5, 3, 5, 6)
    ]

    assert told == [1, 1, 0, 1, 1]


def test_another_car_takes_the_place_of_the_first() -> None:
    """When a driver gives the trip back and another comes, the passenger sees the other car."""
    talk, effects = passenger()
    talk.answer(asked(effects)[0], attached(1, updates=[(1, trip_message(1, "assigned", vehicle="V1"))]))
    effects = talk.push("trip:t1", 2, trip_message(2, "assigned", vehicle="V2"))
    assert [effect for effect in effects if isinstance(effect, Subscribe | Unsubscribe)] == [
        Unsubscribe(KEY, "passenger"),
        Subscribe("vehicle:V2", "passenger"),
    ]


def test_a_resumed_ride_finds_its_car() -> None:
    """Where a resumed trip has no news, its state is looked up, untold, so that the car is seen again."""
    talk, effects = passenger(after=5)
    [look] = asked(talk.answer(asked(effects)[0], attached(5)))
    assert attachment(look).after is None
    snapshot = trip_message(5, "in_progress", vehicle="V1", snapshot=True)
    effects = talk.answer(look, Subscribed(seq=5, recovered=False, snapshot=snapshot))
    assert said(effects) == []
    assert attachment(asked(effects)[0]).trip == "t1"
    assert attachment(asked(talk.note(talk.session.host_lost()))[1]).trip == "t1"


def test_a_guest_follows_its_trip_and_that_trips_car() -> None:
    """As the passenger does; no other trip, and no car by itself."""
    talk = Talk()
    [ask] = asked(talk.say(t="hello", token="guest t1", resume=[{"stream": "trip:t1", "seq": 0}]))
    assert attachment(ask).principal.role == "guest"
    updates = [(1, trip_message(1, "assigned", vehicle="V1"))]
    effects = talk.answer(ask, attached(1, updates=updates))
    assert Subscribe("vehicle:V1", "guest") in effects
    [car] = asked(effects)
    assert (attachment(car).key, attachment(car).trip) == ("vehicle:V1", "t1")
    for stream in ("trip:t2", "vehicle:V1"):
        [refused] = said(talk.say(t="attach", id="c1", stream=stream))
        assert refused["code"] == ErrorCode.NOT_ALLOWED
    over = talk.push("trip:t1", 2, trip_message(2, "ended"))
    assert Unsubscribe("vehicle:V1", "guest") in over
