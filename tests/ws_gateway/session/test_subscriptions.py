"""Following streams: nothing twice, nothing out of order, nothing left out, whatever order pushes and answers take."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from dispatch.actors.core.protocol import Done, Refused, Subscribed
from dispatch.api.fields import CarView, TripView
from dispatch.api.server_messages import CarPosition, Heard, Snapshot, Update
from dispatch.domain.errors import CloseCode, ErrorCode
from tests.ws_gateway.session.builders import START, Talk, asked, attached, attachment, closed, said, update
from ws_gateway.session.effects import Effect, SendMessage, Subscribe, Unsubscribe
from ws_gateway.session.stream_cursor import StreamCursor

KEY = "vehicle:V1"


def seqs(effects: Any) -> list[int]:
    return [message["seq"] for message in said(effects) if message["t"] == "update"]


def trip_message(seq: int, state: str, *, vehicle: str | None = None, snapshot: bool = False) -> bytes:
    car = None if vehicle is None else CarView(vehicle, "PL1", "Ann")
    view = TripView("t1", state, "app", "standard", START, car=car)
    if snapshot:
        return msgspec.msgpack.encode(Snapshot("trip:t1", seq, recovered=False, trip=view))
    return msgspec.msgpack.encode(Update("trip:t1", seq, "e", START, trip=view))


def passenger(after: int | None = 0) -> tuple[Talk, list[Effect]]:
    """A passenger who resumes a trip; the effects of the hello."""
    talk = Talk()
    cursor = [{"stream": "trip:t1", "seq": after}]
    return talk, talk.say(t="hello", token="passenger P1", resume=cursor)


def test_pushes_that_overtake_the_answer_are_merged() -> None:
    """What was pushed before the attachment's answer comes after what the answer brings, each number once."""
    talk = Talk()
    [ask] = asked(talk.say(t="hello", token="driver D1 V1", resume=[{"stream": KEY, "seq": 2}]))
    assert attachment(ask).after == 2
    assert talk.push(KEY, 4, update(KEY, 4)) == []
    assert talk.push(KEY, 5, update(KEY, 5)) == []
    effects = talk.answer(ask, attached(4, updates=[(3, update(KEY, 3)), (4, update(KEY, 4))]))
    assert seqs(effects) == [3, 4, 5]
    assert seqs(talk.push(KEY, 5, update(KEY, 5))) == []
    assert seqs(talk.push(KEY, 6, update(KEY, 6))) == [6]


def test_a_gap_is_asked_for() -> None:
    """A number that is missing makes the session ask again from its cursor, and nothing is told twice."""
    talk = Talk("driver D1 V1")
    [ask] = asked(talk.effects)
    talk.answer(ask, attached(1, updates=[(1, update(KEY, 1))], recovered=False))
    [again] = asked(talk.push(KEY, 4, update(KEY, 4)))
    assert attachment(again).after == 1
    assert talk.push(KEY, 5, update(KEY, 5)) == []
    missed = [(n, update(KEY, n)) for n in (2, 3, 4)]
    assert seqs(talk.answer(again, attached(4, updates=missed))) == [2, 3, 4, 5]


@given(
    total=st.integers(1, 20),
    cursor=st.integers(0, 20),
    data=st.data(),
)
def test_every_number_once_and_in_order(total: int, cursor: int, data: st.DataObject) -> None:
    """However pushes are lost, repeated or overtake, the client hears each number after its cursor once, in order."""
    start = min(cursor, total)
    following = StreamCursor(start)
    heard: list[int] = []

    def note(messages: list[bytes]) -> None:
        heard.extend(int(message) for message in messages)

    def answer(upto: int) -> None:
        seen = following.cursor or 0
        note(following.subscribed(Subscribed(upto, True, [(n, b"%d" % n) for n in range(seen + 1, upto + 1)])))

    def asking() -> bool:
        return following.asking

    pushes = data.draw(st.lists(st.integers(1, total), max_size=40))
    for seq in pushes:
        note(following.pushed(seq, b"%d" % seq))
        if asking() and data.draw(st.booleans()):
            answer(data.draw(st.integers(max(following.cursor or 0, seq), total)))
    while asking():
        answer(total)
    note(following.pushed(total, b"%d" % total))
    while asking():
        answer(total)
    assert heard == list(range(start + 1, total + 1))


def test_a_lost_host_is_asked_from_the_cursor() -> None:
    """After a host's rebirth the stream is asked for from the last number; if that was under way, it is repeated."""
    talk = Talk("driver D1 V1")
    [ask] = asked(talk.effects)
    assert asked(talk.note(talk.session.host_lost())) == []
    [again] = asked(talk.answer(ask, attached(3, recovered=False)))
    assert attachment(again).after == 3
    assert asked(talk.answer(again, attached(3))) == []
    [once_more] = asked(talk.note(talk.session.host_lost()))
    assert seqs(talk.answer(once_more, attached(4, updates=[(4, update(KEY, 4))]))) == [4]


def test_nobody_answers_an_attachment() -> None:
    """Where hosts are lost for good the client shall connect again; a plain no is told and changes nothing else."""
    talk = Talk("driver D1 V1")
    [ask] = asked(talk.effects)
    assert closed(talk.answer(ask, Refused(ErrorCode.UNAVAILABLE))) == CloseCode.LOST_HOST
    talk, effects = passenger()
    effects = talk.answer(asked(effects)[0], Refused(ErrorCode.NOT_YOURS))
    assert said(effects)[0]["code"] == ErrorCode.NOT_YOURS
    assert Unsubscribe("trip:t1", "passenger") in effects
    assert closed(effects) is None


def test_heard_is_told_and_has_a_slot() -> None:
    """How far fixes were heard comes with the attachment and by pushes; only the newest has to be sent."""
    talk = Talk("driver D1 V1")
    effects = talk.answer(asked(talk.effects)[0], Subscribed(seq=0, recovered=False, heard=17))
    effects += talk.push(KEY, 0, msgspec.msgpack.encode(Heard(18)))
    assert [message["n"] for message in said(effects)] == [17, 18]
    assert {effect.slot for effect in effects if isinstance(effect, SendMessage)} == {f"heard {KEY}"}


def test_attach_and_detach() -> None:
    """A dispatcher follows any stream by command, is told how it went, and may stop."""
    talk = Talk("dispatcher A1")
    [ask] = asked(talk.say(t="attach", id="c1", stream=KEY, after=3))
    effects = talk.answer(ask, attached(4, updates=[(4, update(KEY, 4))]))
    assert [message["t"] for message in said(effects)] == ["accepted", "update"]
    assert said(effects)[0]["result"] == {"recovered": True}
    effects = talk.say(t="detach", id="c2", stream=KEY)
    assert Unsubscribe(KEY, "dispatcher") in effects
    assert talk.push(KEY, 5, update(KEY, 5)) == []
    [ask] = asked(talk.say(t="attach", id="c3", stream=KEY))
    refused = said(talk.answer(ask, Refused(ErrorCode.UNAVAILABLE)))[0]
    assert (refused["code"], refused["id"]) == (ErrorCode.UNAVAILABLE, "c3")


def test_streams_of_others_are_refused() -> None:
    """A driver follows no other vehicle and a passenger none at all, by command or by resume."""
    driver = Talk("driver D1 V1").say(t="attach", id="c1", stream="vehicle:V2")
    assert said(driver)[0]["code"] == ErrorCode.NOT_YOURS
    rider = Talk("passenger P1").say(t="attach", id="c1", stream="vehicle:V2")
    assert said(rider)[0]["code"] == ErrorCode.NOT_ALLOWED
    hello = Talk().say(t="hello", token="passenger P1", resume=[{"stream": "vehicle:V2", "seq": 1}])
    assert (said(hello)[1]["code"], said(hello)[1]["field"]) == (ErrorCode.NOT_ALLOWED, "resume")
    assert asked(hello) == []


def test_too_many_streams_are_refused() -> None:
    """A connection follows a bounded number of streams."""
    talk = Talk("dispatcher A1", streams_max=1)
    talk.say(t="attach", id="c1", stream="trip:t1")
    assert said(talk.say(t="attach", id="c2", stream="trip:t2"))[0]["code"] == ErrorCode.NOT_ALLOWED
    assert asked(talk.say(t="attach", id="c3", stream="trip:t1"))


def test_a_passenger_follows_the_trip_it_asked_for() -> None:
    """After an accepted request the trip's stream is followed without asking."""
    talk = Talk("passenger P1")
    [ask] = asked(talk.say(t="request", id="c1", pickup={"lat": 37.7, "lng": -122.4}))
    effects = talk.answer(ask, Done(seq=1, state="matching"))
    assert said(effects)[0]["t"] == "accepted"
    assert attachment(asked(effects)[0]).key == said(effects)[0]["stream"]


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
