"""The two wire formats."""

from __future__ import annotations

import msgspec
import pytest

from dispatch.actors.core.protocol import Subscribed
from dispatch.domain.errors import ErrorCode
from tests.ws_gateway.session.builders import FIX, START, Talk, asked, closed, envelope, only
from ws_gateway.session.effects import SendMessage


@pytest.mark.parametrize(
    ("frame", "code", "field"),
    [
        (b"\xc1", ErrorCode.MALFORMED, None),
        (b"", ErrorCode.MALFORMED, None),
        (b"\x81\xa1t\xa1\xff", ErrorCode.MALFORMED, None),
        (b"\x91" * 50_000, ErrorCode.MALFORMED, None),
        ("text", ErrorCode.MALFORMED, None),
        (msgspec.msgpack.encode(5), ErrorCode.MALFORMED, None),
        (msgspec.msgpack.encode({}), ErrorCode.UNKNOWN_MESSAGE, "t"),
        (msgspec.msgpack.encode({"t": "teleport"}), ErrorCode.UNKNOWN_MESSAGE, "t"),
        (msgspec.msgpack.encode({"t": 7}), ErrorCode.UNKNOWN_MESSAGE, "t"),
        (msgspec.msgpack.encode({"t": "fix", "fix": [1, START, 91.0, 0.0]}), ErrorCode.INVALID_FIELD, "fix.lat"),
        (
            msgspec.msgpack.encode({"t": "fix", "fix": [1, START, float("nan"), 0.0]}),
            ErrorCode.INVALID_FIELD,
            "fix.lat",
        ),
        (
            msgspec.msgpack.encode({"t": "fixes", "fixes": [FIX, [2, START, 1.0, 181.0]]}),
            ErrorCode.INVALID_FIELD,
            "fixes[1].lng",
        ),
        (msgspec.msgpack.encode({"t": "online", "id": "c", "x": 1}), ErrorCode.INVALID_FIELD, "x"),
        (msgspec.msgpack.encode({"t": "accept", "id": "c"}), ErrorCode.INVALID_FIELD, "offer"),
        (
            msgspec.msgpack.encode({"t": "meter", "id": "c", "amount": -5, "currency": "USD"}),
            ErrorCode.INVALID_FIELD,
            "amount",
        ),
        (
            msgspec.msgpack.encode({"t": "meter", "id": "c", "amount": 5, "currency": "XYZ"}),
            ErrorCode.INVALID_FIELD,
            "currency",
        ),
    ],
)
def test_bad_frames_get_their_number_and_field(frame: bytes | str, code: ErrorCode, field: str | None) -> None:
    """What cannot be read or is out of range is refused by number and field, and the session goes on."""
    talk = Talk("driver D1 V1")
    effects = talk.raw(frame)
    message = only(effects)
    assert (message["code"], message.get("field")) == (code, field)
    assert closed(effects) is None
    assert asked(effects) == []
    assert asked(talk.say(t="break", id="next"))


def test_the_digest_knows_the_body_not_its_encoding() -> None:
    """The same command in JSON and in MessagePack has the same digest; another body has another."""
    binary, text = Talk("driver D1 V1"), Talk("driver D1 V1", protocol="taxi.v1.json")
    digests = [envelope(asked(talk.say(t="arrived", id="c1", trip="t1"))[0]).digest for talk in (binary, text)]
    assert digests[0] == digests[1]
    assert envelope(asked(Talk("driver D1 V1").say(t="arrived", id="c1", trip="t2"))[0]).digest != digests[0]


def test_json_clients_get_json() -> None:
    """What hosts say in MessagePack is rewritten for a JSON client."""
    talk = Talk("driver D1 V1", protocol="taxi.v1.json")
    [ask] = asked(talk.effects)
    snapshot = msgspec.msgpack.encode({"t": "snapshot", "stream": "vehicle:V1", "seq": 3, "recovered": False})
    [said_] = talk.answer(ask, Subscribed(seq=3, recovered=False, snapshot=snapshot))
    assert isinstance(said_, SendMessage)
    assert msgspec.json.decode(said_.message)["seq"] == 3
