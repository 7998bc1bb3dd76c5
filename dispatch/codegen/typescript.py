"""Generates the TypeScript types of the protocol: ``python -m dispatch.codegen.typescript web/src/protocol``.

``messages.ts`` contains the WebSocket messages, ``reads.ts`` the HTTP bodies, ``tables.ts`` errors, close codes,
senders and states. A field that is omitted at its default value is optional.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, get_args

import msgspec
from msgspec import inspect

from dispatch.api import fields, http_bodies
from dispatch.api.client_messages import FromClient
from dispatch.api.permissions import senders_of
from dispatch.api.server_messages import FromServer
from dispatch.codegen.markdown import write_files
from dispatch.domain.errors import CLOSE_TEXTS, ERRORS, CloseCode, may_reconnect
from dispatch.domain.state_machine import NEW, StateMachine
from dispatch.domain.trip import trip_state
from dispatch.domain.vehicle import vehicle_state
from dispatch.payment.core import state as payment_state
from dispatch.values.place import Place
from dispatch.values.vehicle_states import MAP_STATES

_HEAD: Final = "// Generated from the structs in dispatch/ by `python -m dispatch.codegen.typescript`; do not edit.\n"
_SIMPLE: Final[dict[type[inspect.Type], str]] = {
    inspect.AnyType: "unknown",
    inspect.BoolType: "boolean",
    inspect.BytesType: "Uint8Array",
    inspect.CustomType: "unknown",
    inspect.FloatType: "number",
    inspect.IntType: "number",
    inspect.NoneType: "null",
    inspect.StrType: "string",
}

_Struct = type[msgspec.Struct]


def render_messages() -> str:
    """``messages.ts``: every message, its parts, and the two unions."""
    sides = {name: get_args(union) for name, union in (("FromClient", FromClient), ("FromServer", FromServer))}
    messages: list[_Struct] = [kind for kinds in sides.values() for kind in kinds]
    parts: list[_Struct] = [Place, *_structs_of(fields, msgspec.Struct)]
    unions = [f"export type {name} =\n  | " + "\n  | ".join(_names(kinds)) + ";\n" for name, kinds in sides.items()]
    return "\n".join([_HEAD, *(_declaration(kind) for kind in [*parts, *messages]), *unions])


def render_reads() -> str:
    kinds = [*_structs_of(http_bodies, http_bodies.ResponseBody), *_structs_of(http_bodies, http_bodies.RequestBody)]
    shared = sorted({name for kind in kinds for name in _mentioned(kind)} - set(_names(kinds)))
    imports = f"import type {{ {', '.join(shared)} }} from './messages';\n"
    return "\n".join([_HEAD, imports, *(_declaration(kind) for kind in kinds)])


def render_tables() -> str:
    """``tables.ts``: tables of codes, senders and states."""
    errors = {int(code): {"name": code.name, **spec._asdict()} for code, spec in ERRORS.items()}
    closes = {
        int(code): {"name": code.name, "text": CLOSE_TEXTS[code], "reconnect": may_reconnect(code)}
        for code in CloseCode
    }
    roles = {str(kind.__struct_config__.tag): sorted(senders_of(kind)) for kind in get_args(FromClient)}
    return "\n".join(
        [
            _HEAD,
            _constant("ERRORS", errors),
            _constant("CLOSE_CODES", closes),
            _constant("MAY_SEND", roles),
            _constant("VEHICLE_STATES", _states(vehicle_state.MACHINE)),
            _constant("TRIP_STATES", _states(trip_state.MACHINE)),
            _constant("PAYMENT_STATES", _states(payment_state.MACHINE)),
            _constant("MAP_STATES", list(MAP_STATES)),
            _constant("MAP_HALF_BOX_DEG", fields.MAP_HALF_BOX_DEG),
        ]
    )


FILES: Final[Mapping[str, Callable[[], str]]] = {
    "messages.ts": render_messages,
    "reads.ts": render_reads,
    "tables.ts": render_tables,
}


def _structs_of(module: object, base: _Struct) -> list[_Struct]:
    own = getattr(module, "__name__", "")
    found = (value for value in vars(module).values() if isinstance(value, type) and value.__module__ == own)
    return [
        kind
        for kind in found
        if issubclass(kind, base) and kind not in (http_bodies.ResponseBody, http_bodies.RequestBody)
    ]


def _names(kinds: Iterable[_Struct]) -> list[str]:
    return [kind.__name__ for kind in kinds]


def _states(machine: StateMachine) -> list[str]:
    ends = {after for moves in machine.table.values() for after in moves.values()}
    return [*(state for state in machine.table if state != NEW), *sorted(ends - set(machine.table))]


def _constant(name: str, value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return f"export const {name} = {text}{'' if isinstance(value, float) else ' as const'};\n"


def _info(kind: _Struct) -> inspect.StructType:
    info = inspect.type_info(kind)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"{kind} is not a struct")
    return info


def _declaration(kind: _Struct) -> str:
    info = _info(kind)
    about = "\n".join(f" * {line.strip()}".rstrip() for line in (kind.__doc__ or "").strip().splitlines())
    about = about.replace("``", "`")
    if info.array_like:
        items = ", ".join(
            f"{each.encode_name}{'' if each.required else '?'}: {_type(each.type)}" for each in info.fields
        )
        return f"/**\n{about}\n */\nexport type {kind.__name__} = [{items}];\n"
    tag = [f"  t: '{info.tag}';"] if isinstance(info.tag, str) else []
    lines = [*tag, *(f"  {_field(each, kind)}" for each in info.fields)]
    return f"/**\n{about}\n */\nexport interface {kind.__name__} {{\n" + "\n".join(lines) + "\n}\n"


def _field(field: inspect.Field, kind: _Struct) -> str:
    """A field that is omitted at its default None is typed without null."""
    text = _type(field.type)
    if not field.required and kind.__struct_config__.omit_defaults and field.default is None:
        text = text.removesuffix(" | null")
    return f"{field.encode_name}{'' if field.required else '?'}: {text};"


def _type(kind: inspect.Type) -> str:
    simple = _SIMPLE.get(type(kind))
    if simple is not None:
        return simple
    if isinstance(kind, inspect.StructType):
        return kind.cls.__name__
    if isinstance(kind, inspect.LiteralType):
        return " | ".join(f"'{value}'" for value in kind.values)
    if isinstance(kind, inspect.UnionType):
        return " | ".join(sorted((_type(each) for each in kind.types), key=lambda it: it == "null"))
    return _collection(kind)


def _collection(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.ListType):
        item = _type(kind.item_type)
        return f"({item})[]" if " | " in item else f"{item}[]"
    if isinstance(kind, inspect.TupleType):
        return f"[{', '.join(_type(each) for each in kind.item_types)}]"
    if isinstance(kind, inspect.DictType):
        return f"Record<{_type(kind.key_type)}, {_type(kind.value_type)}>"
    raise TypeError(f"no TypeScript for {kind}")


def _mentioned(kind: _Struct) -> set[str]:
    found: set[str] = set()
    waiting: list[inspect.Type] = [field.type for field in _info(kind).fields]
    while waiting:
        each = waiting.pop()
        if isinstance(each, inspect.StructType):
            found.add(each.cls.__name__)
        elif isinstance(each, inspect.UnionType):
            waiting.extend(each.types)
        elif isinstance(each, inspect.ListType):
            waiting.append(each.item_type)
        elif isinstance(each, inspect.TupleType):
            waiting.extend(each.item_types)
        elif isinstance(each, inspect.DictType):
            waiting.extend((each.key_type, each.value_type))
    return found


if __name__ == "__main__":
    for path in write_files(Path(sys.argv[1]), FILES):
        sys.stdout.write(f"{path}\n")
