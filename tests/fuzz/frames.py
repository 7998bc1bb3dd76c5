"""Frames of hostile clients: bytes without sense, values without sense, and good messages with something wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import msgpack
import msgspec
from hypothesis import strategies as st

Frame = bytes | str
_RECORDED: Final = Path(__file__).parents[1] / "recorded" / "protocol_v1_client.json"
MESSAGES: Final[list[dict[str, Any]]] = [
    msgspec.msgpack.decode(bytes.fromhex(form))
    for forms in json.loads(_RECORDED.read_text(encoding="utf-8")).values()
    for form in forms.values()
]
"""Each message that a client may send, with all its fields and with none that may be missing."""
_FIELDS: Final = sorted({name for message in MESSAGES for name in message})
_TAGS: Final = sorted({str(message["t"]) for message in MESSAGES})
_ODD: Final[list[Any]] = [
    None, True, False, 0, -1, 1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), 2**64 - 1, 0.0, -0.0, 1e308, 5e-324,
    float("nan"), float("inf"), float("-inf"), "", " ", "\x00", "\ufeff", "\u202e", "a" * 65, "trip:T1", "vehicle:V1",
    "trip:", ":", "../..", "872830828ffffff", "8f2830828ffffff", "ffffffffffffffff", "USD",
    "%00", b"", b"\xff", [], {}, [[]], [{}],
]  # fmt: skip

_scalars = st.one_of(
    st.sampled_from(_ODD),
    st.sampled_from(_TAGS),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.text(max_size=20),
    st.binary(max_size=8),
)
values = st.recursive(
    _scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(_FIELDS), st.text(max_size=5)), inner, max_size=4),
    ),
    max_leaves=8,
)


@st.composite
def near_messages(draw: st.DrawFn) -> Any:
    """A good message in which up to three things were changed, somewhere in its depth."""
    message = json.loads(json.dumps(draw(st.sampled_from(MESSAGES))))
    for _ in range(draw(st.integers(0, 3))):
        _change(draw, message)
    return message


def _change(draw: st.DrawFn, message: Any) -> None:
    place = message
    while isinstance(place, dict | list) and place:
        key: Any = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        inner = place[key]
        if isinstance(inner, dict | list) and inner and draw(st.booleans()):
            place = inner
            continue
        what = draw(st.sampled_from(("replace", "remove", "add")))
        if what == "replace":
            place[key] = _fresh(draw)
        elif what == "remove":
            del place[key]
        elif isinstance(place, dict):
            place[draw(st.sampled_from(_FIELDS))] = _fresh(draw)
        else:
            place.insert(draw(st.integers(0, len(place))), _fresh(draw))
        return


def _fresh(draw: st.DrawFn) -> Any:
    """A value of its own: a later change must not reach into what is drawn from again."""
    return deepcopy(draw(values))


@st.composite
def _spoilt(draw: st.DrawFn, encoded: bytes) -> bytes:
    """Bytes of which a few were changed, left out, doubled or put in."""
    frame = bytearray(encoded)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(frame)))
        what = draw(st.sampled_from(("flip", "cut", "insert", "end", "double")))
        if what == "flip" and at < len(frame):
            frame[at] ^= 1 << draw(st.integers(0, 7))
        elif what == "cut":
            del frame[at : at + draw(st.integers(1, 4))]
        elif what == "insert":
            frame[at:at] = draw(st.binary(min_size=1, max_size=6))
        elif what == "end":
            del frame[at:]
        else:
            frame[at:at] = frame[at : at + 16]
    return bytes(frame)


def _as_msgpack(value: Any) -> bytes:
    encoded: bytes = msgpack.packb(value)
    return encoded


def _as_json(value: Any) -> bytes:
    """As other people's encoders write it: ``NaN``, lone surrogates and all."""
    return json.dumps(value, default=repr).encode("utf-8", "surrogatepass")


def _deep(opening: bytes, closing: bytes) -> st.SearchStrategy[bytes]:
    return st.integers(1, 5_000).map(lambda depth: opening * depth + closing * depth)


def _frames(encode: Callable[[Any], bytes]) -> st.SearchStrategy[bytes]:
    whole = st.one_of(near_messages(), values).map(encode)
    return st.one_of(whole, whole, whole.flatmap(_spoilt), st.binary(max_size=64))


MSGPACK: Final[st.SearchStrategy[Frame]] = st.one_of(
    _frames(_as_msgpack), _deep(b"\x91", b"\xc0"), _deep(b"\x81\xa1t", b"\xc0"), st.text(max_size=40)
)
JSON: Final[st.SearchStrategy[Frame]] = st.one_of(
    _frames(_as_json),
    _frames(_as_json).map(lambda frame: frame.decode("utf-8", "replace")),
    _deep(b"[", b"]"),
    _deep(b'{"t":', b"}"),
    st.text(max_size=40),
)
