"""The session: who may say what, what is refused with which number, and what is passed on."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.actors.core.protocol import Done, Refused
from dispatch.api.client_messages import ClientCommand, ClientMessage, FromClient
from dispatch.api.permissions import senders_of
from dispatch.domain.errors import CloseCode, ErrorCode
from dispatch.domain.vehicle.position_tracker import FixRow
from tests.ws_gateway.session.builders import FIX, START, Talk, asked, attachment, closed, envelope, only, said
from ws_gateway.session.command_flows import ENTITY_COMMANDS
from ws_gateway.session.effects import SignedOn, Subscribe, WatchCells

CELL = "872830828ffffff"


def test_hello_is_welcomed_and_a_driver_follows_its_vehicle() -> None:
    """A valid token opens the session; the vehicle's stream is asked for at once."""
    effects = Talk().say(t="hello", token="driver D1 V1")
    assert isinstance(effects[0], SignedOn)
    assert only(effects) == {
        "t": "welcome", "role": "driver", "subject": "D1", "session": "s1", "city_time": START, "speed": 1.0,
        "vehicle": "V1",
    }  # fmt: skip
    assert Subscribe("vehicle:V1", "driver") in effects
    request = attachment(asked(effects)[0])
    assert (request.key, request.after, request.principal.vehicle) == ("vehicle:V1", None, "V1")


def test_a_welcome_carries_no_surprise_for_other_roles() -> None:
    """A passenger and a dispatcher follow nothing until they ask."""
    for token in ("passenger P1", "dispatcher A1"):
        assert asked(Talk().say(t="hello", token=token)) == []


@pytest.mark.parametrize(
    ("message", "error", "close"),
    [
        ({"t": "hello", "token": "nonsense"}, ErrorCode.BAD_TOKEN, CloseCode.BAD_TOKEN),
        ({"t": "hello", "token": "expired"}, ErrorCode.TOKEN_EXPIRED, CloseCode.TOKEN_EXPIRED),
        ({"t": "hello"}, ErrorCode.INVALID_FIELD, CloseCode.PROTOCOL),
        ({"t": "hello", "token": ""}, ErrorCode.INVALID_FIELD, CloseCode.PROTOCOL),
        ({"t": "online", "id": "c1"}, ErrorCode.HELLO_EXPECTED, CloseCode.PROTOCOL),
        ({"t": "fix", "fix": FIX}, ErrorCode.HELLO_EXPECTED, CloseCode.PROTOCOL),
    ],
)
def test_nothing_passes_before_a_valid_hello(message: dict[str, Any], error: ErrorCode, close: CloseCode) -> None:
    """Whatever comes first and is no valid hello gets its number, closes the socket and reaches nobody."""
    talk = Talk()
    effects = talk.say(**message)
    assert only(effects)["code"] == error
    assert closed(effects) == close
    assert [type(effect).__name__ for effect in effects] == ["SendMessage", "CloseSocket"]
    assert talk.say(t="hello", token="driver D1 V1") == []


def test_silence_before_the_hello_closes() -> None:
    """A socket that says nothing is closed after the hello's time."""
    talk = Talk()
    talk.clock.advance(9.0)
    assert list(talk.session.tick()) == []
    talk.clock.advance(1.0)
    assert closed(talk.session.tick()) == CloseCode.HELLO_TIMEOUT


def test_a_token_that_runs_out_closes() -> None:
    """A session does not outlive its token."""
    talk = Talk("driver D1 V1")
    talk.clock.advance(3600.0)
    effects = list(talk.session.tick())
    assert only(effects)["code"] == ErrorCode.TOKEN_EXPIRED
    assert closed(effects) == CloseCode.TOKEN_EXPIRED


def test_a_refused_command_is_named() -> None:
    """Even where the rest of a command is wrong, its sender learns which one it was."""
    assert only(Talk("driver D1 V1").say(t="accept", id="c7"))["id"] == "c7"


@given(st.binary(max_size=200))
def test_no_bytes_break_the_session(frame: bytes) -> None:
    """Any bytes get one answer at most, and never an exception."""
    talk = Talk("driver D1 V1")
    assert len(said(talk.raw(frame))) <= 1


COMMAND_CLASSES: tuple[type[ClientMessage], ...] = get_args(FromClient)


@pytest.mark.parametrize("message", COMMAND_CLASSES, ids=lambda message: message.__name__)
def test_every_message_has_roles_and_an_answer(message: type[ClientMessage]) -> None:
    """No message is left without roles; every command is a conversation or answered by the session itself."""
    assert senders_of(message)
    by_session = {"Attach", "Detach", "Ping", "Watch"}
    assert not issubclass(message, ClientCommand) or message in ENTITY_COMMANDS or message.__name__ in by_session


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("passenger P1", {"t": "fix", "fix": FIX}),
        ("passenger P1", {"t": "accept", "id": "c", "offer": "o"}),
        ("driver D1 V1", {"t": "request", "id": "c", "pickup": {"lat": 37.7, "lng": -122.4}}),
        ("driver D1 V1", {"t": "take_out", "id": "c", "vehicle": "V2", "reason": "x"}),
        ("device M1 V1", {"t": "start", "id": "c", "trip": "t1", "code": "1234"}),
        ("dispatcher A1", {"t": "online", "id": "c"}),
        ("dispatcher A1", {"t": "rate", "id": "c", "trip": "t", "stars": 5}),
        ("driver D1 V1", {"t": "hello", "token": "dispatcher A1"}),
    ],
)
def test_a_message_of_another_role_is_refused(token: str, message: dict[str, Any]) -> None:
    """What a role may not send is refused with its number and reaches nobody."""
    effects = Talk(token).say(**message)
    assert only(effects)["code"] == ErrorCode.NOT_ALLOWED
    assert len(effects) == 1


def test_a_fix_becomes_a_row() -> None:
    """The phone's offset, measured at the hello, is taken off; the device is source 1."""
    talk = Talk()
    talk.say(t="hello", token="device M1 V1", clock=START + 100)
    rows = talk.say(t="fix", fix=[7, START + 101, 37.7, -122.4])
    assert rows == [FixRow("V1", 1, 7, START + 1, 37.7, -122.4)]
    talk.clock.advance(2.0)
    assert talk.say(t="fixes", fixes=[FIX, FIX])[0] == FixRow("V1", 1, 1, START - 100, 37.7, -122.4, 5.0, 90.0)


def test_a_fix_from_next_week_is_refused() -> None:
    """A fix beyond clock offset and tolerance is refused, alone and among gathered ones, and none is passed on."""
    talk = Talk("driver D1 V1")
    week = START + 7 * 86_400
    effects = talk.say(t="fix", fix=[1, week, 37.7, -122.4])
    assert (only(effects)["code"], only(effects)["field"]) == (ErrorCode.FIX_FROM_FUTURE, "fix.at")
    effects = talk.say(t="fixes", fixes=[FIX, [2, week, 37.7, -122.4]])
    assert (only(effects)["code"], only(effects)["field"]) == (ErrorCode.FIX_FROM_FUTURE, "fixes[1].at")


def test_too_large_a_frame_is_refused_and_closes() -> None:
    """A mebibyte of padding gets its number, then the socket is closed."""
    effects = Talk("driver D1 V1").raw(b"\x00" * 1_048_576)
    assert only(effects)["code"] == ErrorCode.TOO_LARGE
    assert closed(effects) == CloseCode.TOO_LARGE


def test_too_many_messages_are_refused_then_a_flood_closes() -> None:
    """Above the burst messages are refused, far above the socket is closed, and time gives tokens back."""
    talk = Talk(messages_per_s=10.0, burst=20)
    talk.say(t="hello", token="driver D1 V1")
    for _ in range(19):
        assert isinstance(talk.say(t="fix", fix=FIX)[0], FixRow)
    refused = only(talk.say(t="break", id="c1"))
    assert (refused["code"], refused["retryable"], refused["id"]) == (ErrorCode.TOO_MANY_MESSAGES, True, "c1")
    talk.clock.advance(1.0)
    assert isinstance(talk.say(t="fix", fix=FIX)[0], FixRow)
    ends = [closed(talk.say(t="fix", fix=FIX)) for _ in range(300)]
    assert ends.count(CloseCode.FLOOD) == 1
    assert ends.index(CloseCode.FLOOD) > 100


def test_a_command_goes_to_its_entity_and_its_answer_to_the_client() -> None:
    """The id is scoped by who sends; the answer carries stream, number and state."""
    talk = Talk("driver D1 V1")
    [ask] = asked(talk.say(t="arrived", id="c1", trip="t1"))
    command = envelope(ask)
    assert (command.key, command.command_id, command.principal.id) == ("vehicle:V1", "driver:D1:c1", "D1")
    assert only(talk.answer(ask, Done(seq=4, state="at_pickup", result={"x": 1}))) == {
        "t": "accepted", "id": "c1", "stream": "vehicle:V1", "seq": 4, "state": "at_pickup", "result": {"x": 1},
    }  # fmt: skip


def test_a_refusal_goes_to_the_client() -> None:
    """An entity's refusal arrives with its text, field and whether to send it again."""
    talk = Talk("driver D1 V1")
    [ask] = asked(talk.say(t="arrived", id="c1", trip="t1"))
    message = only(talk.answer(ask, Refused(ErrorCode.NOT_YOURS, field="trip", detail="t1")))
    assert (message["code"], message["field"], message["id"], message["retryable"]) == (2003, "trip", "c1", False)
    assert "t1" in message["text"]


def test_a_repeat_under_way_is_answered_with_the_first() -> None:
    """The same id sent twice before the answer asks once and is answered twice alike; another body is refused."""
    talk = Talk("driver D1 V1")
    [ask] = asked(talk.say(t="arrived", id="c1", trip="t1"))
    assert talk.say(t="arrived", id="c1", trip="t1") == []
    assert only(talk.say(t="arrived", id="c1", trip="t2"))["code"] == ErrorCode.COMMAND_ID_REUSED
    answers = said(talk.answer(ask, Done(seq=1, state="s")))
    assert len(answers) == 2
    assert answers[0] == answers[1]
    assert talk.session.commands_under_way == 0


def test_too_many_commands_at_once_are_refused() -> None:
    """A client that waits for no answer is told that the system is busy."""
    talk = Talk("driver D1 V1", commands_in_flight=2)
    talk.say(t="arrived", id="c1", trip="t1")
    talk.say(t="arrived", id="c2", trip="t1")
    assert only(talk.say(t="arrived", id="c3", trip="t1"))["code"] == ErrorCode.BUSY


def test_a_dispatcher_watches_cells() -> None:
    """Cells of the map's resolution are watched, each once; any other is named."""
    talk = Talk("dispatcher A1")
    effects = talk.say(t="watch", id="c1", cells=[CELL, CELL])
    assert WatchCells((CELL,)) in effects
    assert only(effects)["t"] == "accepted"
    for wrong in ("0" * 15, "882830828dfffff"):
        assert only(talk.say(t="watch", id="c2", cells=[CELL, wrong]))["field"] == "cells[1]"


def test_replaced_and_shut_down_close_for_good() -> None:
    """A replaced session says so, closes, and does nothing afterwards; a shut down one may come again."""
    talk = Talk("driver D1 V1")
    effects = list(talk.session.replaced())
    assert only(effects) == {"t": "replaced"}
    assert closed(effects) == CloseCode.REPLACED
    assert talk.say(t="break", id="c1") == []
    assert list(talk.session.shut_down()) == []
    assert closed(Talk("driver D1 V1").session.shut_down()) == CloseCode.RESTARTING


def test_an_answer_after_the_end_is_dropped() -> None:
    """When the socket is gone, late answers do nothing."""
    talk = Talk("driver D1 V1")
    [ask] = asked(talk.say(t="arrived", id="c1", trip="t1"))
    talk.session.end()
    assert talk.answer(ask, Done(seq=1, state="s")) == []
