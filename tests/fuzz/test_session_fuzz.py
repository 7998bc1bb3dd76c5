"""The decoders and the session under whatever a client may send: a number or a close code, never an exception."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.actors.core.protocol import Done, Quote, Refused, Subscribed
from dispatch.api.server_messages import FromServer
from dispatch.domain.commands import VehicleProfile
from dispatch.domain.errors import ERRORS, CloseCode, ErrorCode
from tests.fuzz.budget import tried
from tests.fuzz.frames import JSON, MSGPACK, Frame, values
from tests.ws_gateway.session.builders import Talk, asked
from ws_gateway.session.effects import Answer, Authority, CloseSocket, Effect, PlainValues, SendMessage

_read = {
    False: msgspec.msgpack.Decoder(FromServer).decode,
    True: msgspec.json.Decoder(FromServer).decode,
}
_TOKENS = (None, "driver D1 V1", "device M1 V1", "passenger P1", "dispatcher A1", "guest T1")
_FRAMES = {"taxi.v1.msgpack": MSGPACK, "taxi.v1.json": JSON}
_facts = st.dictionaries(st.text(max_size=5), values, max_size=3)
_answers: st.SearchStrategy[Answer] = st.one_of(
    st.builds(Refused, st.sampled_from([int(code) for code in ErrorCode]), st.none() | st.text(max_size=5)),
    st.builds(Done, st.integers(0, 9), st.text(max_size=5)),
    st.builds(Subscribed, st.integers(0, 9), st.booleans()),
    st.just(Quote(seconds=60.0, meters=500.0, pickup_s=20.0)),
    st.just(VehicleProfile("PL1", "D1", "Ann")),
    st.builds(PlainValues, _facts),
    st.just(Authority(("refund",))),
)


def _checked(talk: Talk, effects: Sequence[Effect]) -> list[Effect]:
    """Whatever is said is a message of ours, each refusal bears a known number, and each close a known code."""
    for effect in effects:
        if isinstance(effect, SendMessage):
            message = _read[talk.json](effect.message)
            assert isinstance(message, get_args(FromServer))
            assert not effect.refused or effect.refused in ERRORS
        elif isinstance(effect, CloseSocket):
            assert effect.code in CloseCode
    return list(effects)


def _may_be_silent(frame: Frame) -> bool:
    """No positions at all, and the repeat of a command under way."""
    text = frame if isinstance(frame, str) else frame.decode("latin-1")
    return "fixes" in text or "id" in text


def _play(talk: Talk, frames: Sequence[Frame], answers: Sequence[Answer]) -> None:
    pending = list(answers)
    for frame in frames:
        was_closed = talk.session.closed
        effects = _checked(talk, talk.raw(frame))
        assert effects or was_closed or _may_be_silent(frame), frame
        while pending and (questions := asked(effects)):
            effects = _checked(talk, talk.answer(questions[0], pending.pop()))
    _checked(talk, talk.session.tick())


@pytest.mark.parametrize("protocol", _FRAMES)
@tried(1_000)
@given(data=st.data(), token=st.sampled_from(_TOKENS))
def test_whatever_comes_is_answered(protocol: str, data: st.DataObject, token: str | None) -> None:
    """Before and after the hello, in each role and both formats: a number, a close code, or what was asked for."""
    talk = Talk(token, protocol=protocol)
    frames = data.draw(st.lists(_FRAMES[protocol], min_size=1, max_size=4))
    _play(talk, frames, data.draw(st.lists(_answers, max_size=4)))


@tried(200)
@given(frame=st.one_of(MSGPACK, JSON), token=st.sampled_from(_TOKENS))
def test_the_other_format_is_answered_too(frame: Frame, token: str | None) -> None:
    """JSON on a socket for MessagePack, text where bytes belong, and the reverse."""
    for protocol in _FRAMES:
        _play(Talk(token, protocol=protocol), [frame], [])


@pytest.mark.parametrize("protocol", _FRAMES)
@tried(200)
@given(data=st.data())
def test_a_refused_frame_changes_nothing(protocol: str, data: st.DataObject) -> None:
    """What is refused asks nobody anything, and moves no car."""
    talk = Talk("driver D1 V1", protocol=protocol)
    effects = talk.raw(data.draw(_FRAMES[protocol]))
    if any(isinstance(effect, SendMessage) and effect.refused for effect in effects):
        kinds: set[Any] = {type(effect) for effect in effects}
        assert kinds <= {SendMessage, CloseSocket}
