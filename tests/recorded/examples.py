"""One example of everything that is stored or sent: ``python -m tests.recorded.examples`` records what is new.

What a file of ``tests/recorded`` holds is never changed nor removed: an event, command or message that was written once
is read for ever. Only examples that are not recorded yet are added.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, get_args

import msgspec
from msgspec import inspect

from dispatch.api.client_messages import FromClient
from dispatch.api.server_messages import FromServer
from dispatch.domain.commands import AnyCommand, decode_command, encode_command
from dispatch.domain.events import (
    TripEvent,
    VehicleEvent,
    decode_trip_event,
    decode_vehicle_event,
    encode_event,
)
from dispatch.payment.core.events import PaymentEvent, decode_payment_event
from dispatch.values.money import Money

FOLDER: Final = Path(__file__).parent
_SAMPLES: Final[dict[type, Any]] = {
    inspect.BytesType: b"\x01\x02",
    inspect.NoneType: None,
    inspect.AnyType: "any",
    inspect.CustomType: "any",
    inspect.FloatType: 12.5,
}
_TEXTS: Final = ("+14155550101", "trip:T1", "4711", "USD", "2088102122458832", "280000000000000000", "87283082affffff")
"""For fields of a given form."""


class Recorded(NamedTuple):
    """A file of examples: its name, the types, how one is written, and how what was written is read."""

    file: str
    types: tuple[type[msgspec.Struct], ...]
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]


_encode = msgspec.msgpack.Encoder().encode
ALL: Final = (
    Recorded("events_vehicle.json", get_args(VehicleEvent), encode_event, decode_vehicle_event),
    Recorded("events_trip.json", get_args(TripEvent), encode_event, decode_trip_event),
    Recorded("events_payment.json", get_args(PaymentEvent), encode_event, decode_payment_event),
    Recorded("commands.json", get_args(AnyCommand), encode_command, decode_command),
    Recorded("protocol_v1_client.json", get_args(FromClient), _encode, msgspec.msgpack.Decoder(FromClient).decode),
    Recorded("protocol_v1_server.json", get_args(FromServer), _encode, msgspec.msgpack.Decoder(FromServer).decode),
)


def tag_of(kind: type[msgspec.Struct]) -> str:
    """The name by which a message is known."""
    return str(kind.__struct_config__.tag)


def example(kind: type[msgspec.Struct], *, whole: bool) -> msgspec.Struct:
    """A struct with each field filled, or only those that have to be."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    made: msgspec.Struct = _struct(info, whole=whole)
    return made


def _struct(info: inspect.StructType, *, whole: bool) -> Any:
    if info.cls is Money:
        return Money(1234, "USD")
    return info.cls(**{field.name: _value(field, whole=whole) for field in info.fields if whole or field.required})


def _value(field: inspect.Field, *, whole: bool) -> Any:
    value = _sample(field.type, field.name, whole=whole)
    return not value if isinstance(value, bool) and value == field.default else value


def _sample(info: inspect.Type, name: str, *, whole: bool) -> Any:  # noqa: C901, PLR0911 - a line for each type
    match info:
        case inspect.Metadata(type=inner):
            return _sample(inner, name, whole=whole)
        case inspect.UnionType(types=types):
            return _sample(next(each for each in types if not isinstance(each, inspect.NoneType)), name, whole=whole)
        case inspect.StructType():
            return _struct(info, whole=whole)
        case inspect.ListType(item_type=item):
            return [_sample(item, name, whole=whole)]
        case inspect.VarTupleType(item_type=item):
            return (_sample(item, name, whole=whole),)
        case inspect.TupleType(item_types=items):
            return tuple(_sample(item, name, whole=whole) for item in items)
        case inspect.DictType(key_type=key, value_type=value):
            return {_sample(key, name, whole=whole): _sample(value, name, whole=whole)}
        case inspect.LiteralType(values=values):
            return values[-1]
        case inspect.EnumType(cls=cls):
            return list(cls)[-1]
        case inspect.BoolType():
            return True
        case inspect.IntType(le=most):
            return min(7, most) if most is not None else 7
        case inspect.StrType(pattern=pattern):
            texts = (f"a {name}", name, *_TEXTS)
            return next(text for text in texts if pattern is None or re.search(pattern, text))
    return _SAMPLES[type(info)]


def record(recorded: Recorded) -> None:
    """Add what is not in the file yet."""
    path = FOLDER / recorded.file
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for kind in recorded.types:
        if tag_of(kind) not in known:
            whole, least = (recorded.encode(example(kind, whole=each)) for each in (True, False))
            known[tag_of(kind)] = {"whole": whole.hex(), "least": least.hex()}
    path.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    for each in ALL:
        record(each)
