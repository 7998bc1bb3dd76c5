"""Generates the WebSocket documentation from the message structs: AsyncAPI 3, JSON Schema and Markdown.

Fields, ranges, roles and defaults come from the structs, numbers from ``dispatch.domain.errors``; only the prose
between the sections is written here.
"""

from collections.abc import Iterable
from typing import Any, Final, get_args

import msgspec
from msgspec import NODEFAULT, inspect

from dispatch.api import client_messages, fields
from dispatch.api.client_messages import SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK, ClientCommand, ClientMessage, FromClient
from dispatch.api.permissions import senders_of
from dispatch.api.server_messages import FromServer, ServerMessage
from dispatch.codegen.examples import EXAMPLES
from dispatch.domain.errors import CLOSE_TEXTS, ERRORS, CloseCode, may_reconnect
from dispatch.values.place import Place

ADDRESS: Final = "/v1/ws"
_VERSION: Final = "1"
_TITLE: Final = "Taxi dispatch"
_CLIENT: Final[tuple[type[ClientMessage], ...]] = get_args(FromClient)
_SERVER: Final[tuple[type[ServerMessage], ...]] = get_args(FromServer)
_PARTS: Final[tuple[type[msgspec.Struct], ...]] = (
    Place,
    fields.Fix,
    fields.Cursor,
    fields.MoneyView,
    fields.FareLineView,
    fields.FareView,
    fields.CarView,
    fields.PhraseView,
    fields.PaymentView,
    fields.OfferView,
    fields.MeterView,
    fields.TripView,
    fields.VehicleView,
)


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of every message; ``FromClient`` and ``FromServer`` under ``$defs`` are the two unions."""
    defs = _components("#/$defs/{name}")
    for name, kinds in (("FromClient", _CLIENT), ("FromServer", _SERVER)):
        defs[name] = {"oneOf": [{"$ref": f"#/$defs/{kind.__name__}"} for kind in kinds]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": _TITLE,
        "description": _about(client_messages).partition("\n\n")[2],
        "oneOf": [{"$ref": "#/$defs/FromClient"}, {"$ref": "#/$defs/FromServer"}],
        "$defs": defs,
    }


def asyncapi() -> dict[str, Any]:
    """An AsyncAPI 3 document: one channel, the messages in both directions, the error and close codes."""
    kinds: tuple[type[ClientMessage | ServerMessage], ...] = (*_CLIENT, *_SERVER)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": _TITLE, "version": _VERSION, "description": _about(client_messages).partition("\n\n")[2]},
        "defaultContentType": "application/msgpack",
        "channels": {
            "socket": {
                "address": ADDRESS,
                "title": "The WebSocket of every client",
                "description": f"Subprotocol `{SUBPROTOCOL_MSGPACK}`, or `{SUBPROTOCOL_JSON}` for people.",
                "messages": {kind.__name__: {"$ref": f"#/components/messages/{kind.__name__}"} for kind in kinds},
                "bindings": {"ws": {"method": "GET"}},
            }
        },
        "operations": {
            "receive": _operation("receive", "Messages from clients.", _CLIENT),
            "send": _operation("send", "Messages from the server.", _SERVER),
        },
        "components": {
            "messages": {kind.__name__: _message(kind) for kind in kinds},
            "schemas": _components("#/components/schemas/{name}"),
        },
        "x-errors": [
            {"code": int(code), "name": code.name, "text": spec.text, "retryable": spec.retryable}
            for code, spec in ERRORS.items()
        ],
        "x-close-codes": [
            {"code": int(code), "name": code.name, "text": CLOSE_TEXTS[code], "reconnect": may_reconnect(code)}
            for code in CloseCode
        ],
    }


def _operation(action: str, summary: str, kinds: Iterable[type[msgspec.Struct]]) -> dict[str, Any]:
    refs = [{"$ref": f"#/channels/socket/messages/{kind.__name__}"} for kind in kinds]
    return {"action": action, "channel": {"$ref": "#/channels/socket"}, "summary": summary, "messages": refs}


def _message(kind: type[ClientMessage | ServerMessage]) -> dict[str, Any]:
    message: dict[str, Any] = {
        "name": _tag(kind),
        "summary": _about(kind),
        "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
    }
    if issubclass(kind, ClientMessage):
        message["x-roles"] = sorted(senders_of(kind))
    return message


def _components(template: str) -> dict[str, Any]:
    kinds = (*_CLIENT, *_SERVER)
    _, components = msgspec.json.schema_components(kinds, schema_hook=plain_value, ref_template=template)
    return components


def plain_value(kind: type) -> dict[str, Any]:
    """Schema hook: results of commands are plain values of any type."""
    if kind is object:
        return {"description": "any value"}
    raise TypeError(f"no schema for {kind}")


def _about(thing: object) -> str:
    return (thing.__doc__ or "").strip().replace("``", "`")


def _tag(kind: type[msgspec.Struct]) -> str:
    return str(kind.__struct_config__.tag)


_RESUME: Final = """\
## Streams and resume

- A stream (`trip:T`, `vehicle:V`) is numbered from 1 without gaps. `update` carries the number; `snapshot` carries the
  state of the stream at a number.
- A driver and a device follow their vehicle's stream from `hello` on. A passenger follows each trip that it requests or
  pays for. Everything else is followed with `attach`.
- After a connection loss, connect again (to any gateway) and send the last number of each stream in `hello.resume`. The
  missed updates follow. If they are no longer kept, a `snapshot` with `recovered: false` follows instead.
- On one connection, each number arrives at most once and in order. `heard`, `car` and `map` are not numbered: a newer
  one replaces an older one that was not sent yet.
- Send a command again under the same id until it is answered. It takes effect once, and every repeat gets the same
  answer. Answers to concurrent commands may arrive in any order; a client that needs an order waits for each answer.
- A driver or device has one socket: a newer one closes the older one, with `replaced` and code 4502. Passengers and
  dispatchers may have several.
"""


def render_protocol_markdown() -> str:
    return "\n".join(
        [
            "# Protocol",
            "",
            "Generated from `dispatch/api/client_messages.py` and `dispatch/api/server_messages.py`; do not edit.",
            "",
            _about(client_messages).partition("\n\n")[2],
            "",
            f"Address: `GET {ADDRESS}` with one of the subprotocols. The first message is `hello` with a token from",
            "sign-in; tokens are never part of an address. A field with a default may be left out; clients ignore",
            "unknown fields, the server rejects them.",
            "",
            _RESUME,
            "## From clients",
            "",
            *sections(_CLIENT),
            "## From the server",
            "",
            *sections(_SERVER),
            "## Parts",
            "",
            *sections(_PARTS),
            *_error_table(),
            *_close_table(),
            *_example_sections(),
        ]
    )


def sections(kinds: Iterable[type[msgspec.Struct]]) -> Iterable[str]:
    """One Markdown section per struct: description, senders, fields."""
    for kind in kinds:
        yield f"### {_heading(kind)}"
        yield ""
        yield _about(kind)
        yield ""
        if issubclass(kind, ClientMessage):
            answer = " Answered by `accepted` or `rejected`." if issubclass(kind, ClientCommand) else ""
            yield f"Sent by: {', '.join(sorted(senders_of(kind)))}.{answer}"
            yield ""
        yield from _field_table(kind)


def _heading(kind: type[msgspec.Struct]) -> str:
    return f"`{_tag(kind)}`" if kind.__struct_config__.tag else kind.__name__


def _field_table(kind: type[msgspec.Struct]) -> Iterable[str]:
    info = inspect.type_info(kind)
    if not isinstance(info, inspect.StructType) or not info.fields:
        return
    if info.array_like:
        yield "An array, in this order:"
        yield ""
    yield "| field | type | |"
    yield "|---|---|---|"
    for field in info.fields:
        yield f"| `{field.encode_name}` | {_type_text(field.type)} | {_need(field)} |"
    yield ""


def _need(field: inspect.Field) -> str:
    if field.required:
        return "required"
    default = (
        field.default_factory() if field.default is NODEFAULT and callable(field.default_factory) else field.default
    )
    return f"default `{msgspec.json.encode(default).decode()}`"


def _type_text(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.UnionType):
        return " or ".join(_type_text(each) for each in kind.types)
    if isinstance(kind, inspect.ListType):
        most = f", {_range(kind.min_length, kind.max_length)} items" if kind.max_length is not None else ""
        return f"list of {_type_text(kind.item_type)}{most}"
    if isinstance(kind, inspect.TupleType):
        return f"({', '.join(_type_text(each) for each in kind.item_types)})"
    if isinstance(kind, inspect.LiteralType):
        return ", ".join(f"`{value}`" for value in kind.values)
    if isinstance(kind, inspect.StructType):
        return kind.cls.__name__
    return _scalar_text(kind)


def _scalar_text(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.StrType):
        length = f", {_range(kind.min_length, kind.max_length)} characters" if kind.max_length is not None else ""
        pattern = f", `{kind.pattern}`".replace("|", r"\|") if kind.pattern else ""
        return f"text{length}{pattern}"
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        name = "integer" if isinstance(kind, inspect.IntType) else "number"
        bounds = [f"{sign} {limit:g}" for sign, limit in (("≥", kind.ge), ("≤", kind.le)) if limit is not None]
        return f"{name} {', '.join(bounds)}".strip()
    return _NAMES[type(kind)]


_NAMES: Final[dict[type[inspect.Type], str]] = {
    inspect.BoolType: "yes or no",
    inspect.NoneType: "null",
    inspect.BytesType: "bytes",
    inspect.AnyType: "anything",
    inspect.DictType: "map of names to values",
}


def _range(least: int | None, most: int | None) -> str:
    return f"{least or 0} to {most}"


def _error_table() -> Iterable[str]:
    yield from ("## Errors", "", "| code | name | text | retry |", "|---|---|---|---|")
    for code, spec in ERRORS.items():
        yield f"| {int(code)} | {code.name} | {spec.text} | {'yes' if spec.retryable else 'no'} |"
    yield ""


def _close_table() -> Iterable[str]:
    yield from ("## Close codes", "", "| code | name | text | reconnect |", "|---|---|---|---|")
    for code in CloseCode:
        again = "yes, and resume" if may_reconnect(code) else "no, until the cause is fixed"
        yield f"| {int(code)} | {code.name} | {CLOSE_TEXTS[code]} | {again} |"
    yield ""


def _example_sections() -> Iterable[str]:
    yield from ("## Examples", "", "In the JSON subprotocol: `→` from the client, `←` from the server.", "")
    for title, lines in EXAMPLES.items():
        yield from (f"### {title}", "", "```text")
        for message in lines:
            arrow = "→" if isinstance(message, ClientMessage) else "←"
            yield f"{arrow} {msgspec.json.encode(message).decode()}"
        yield from ("```", "")
