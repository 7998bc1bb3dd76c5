"""Following streams: nothing twice, nothing out of order, nothing left out, whatever order pushes and answers take."""

from __future__ import annotations

from typing import Any

import msgspec

from dispatch.actors.core.protocol import Done, Refused, Subscribed
from dispatch.api.server_messages import Heard
from dispatch.domain.errors import CloseCode, ErrorCode
from tests.ws_gateway.session.builders import KEY, Talk, asked, attached, attachment, closed, passenger, said, update
from ws_gateway.session.effects import SendMessage, Unsubscribe


def seqs(effects: Any) -> list[int]:
    return [message["seq"] for message in said(effects) if message["t"] == "update"]


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
