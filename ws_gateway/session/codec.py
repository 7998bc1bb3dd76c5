"""The two wire formats, and the numbered error for a frame that cannot be decoded, with the name of the wrong field.

Hosts and gateways exchange MessagePack; for a client that chose JSON each message is transcoded.
"""

import re
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Final, Protocol

import msgspec

from dispatch.api.client_messages import SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK, ClientMessage, FromClient
from dispatch.api.fields import Fix
from dispatch.api.server_messages import ServerMessage
from dispatch.domain.errors import DispatchError, ErrorCode

_to_msgpack = msgspec.msgpack.Encoder()
_to_json = msgspec.json.Encoder()
_anything = msgspec.msgpack.Decoder()
_FIX_FIELDS: Final = tuple(field.name for field in msgspec.structs.fields(Fix))
_FIX_INDEX: Final = re.compile(r"^(fix|fixes\[\d+\])\[(\d+)\]$")
_NAMED: Final = re.compile(r"field `([^`]+)`")
_AT: Final = re.compile(r" - at `\$\.?(.*)`$")


class _JustId(msgspec.Struct):
    """Partial decode of an invalid message: only its command id."""

    id: str


_id_msgpack = msgspec.msgpack.Decoder(_JustId)
_id_json = msgspec.json.Decoder(_JustId)


class Codec(Protocol):
    """One wire format; ``text`` says whether text frames carry it."""

    text: bool
    read: Callable[[Any], ClientMessage]
    """Decodes a frame. Raises ``ValueError``, ``TypeError`` or ``RecursionError``: see :func:`unreadable`."""

    def command_id(self, frame: bytes | str) -> str | None:
        """The id in a message that is invalid otherwise, so that the rejection can name its command."""

    def encode(self, message: ServerMessage) -> bytes: ...

    def relay(self, message: bytes) -> bytes:
        """Transcode a host's MessagePack message for this client."""


class MsgpackCodec:
    """``taxi.v1.msgpack``: binary frames; messages of hosts are passed through."""

    text = False

    def __init__(self) -> None:
        self.read: Callable[[Any], ClientMessage] = msgspec.msgpack.Decoder(FromClient).decode

    def command_id(self, frame: bytes | str) -> str | None:
        return None if isinstance(frame, str) else _id_in(_id_msgpack, frame)

    def encode(self, message: ServerMessage) -> bytes:
        return _to_msgpack.encode(message)

    def relay(self, message: bytes) -> bytes:
        return message


class JsonCodec:
    """``taxi.v1.json``: text frames. A binary frame with JSON text is accepted too."""

    text = True

    def __init__(self) -> None:
        self.read: Callable[[Any], ClientMessage] = msgspec.json.Decoder(FromClient).decode

    def command_id(self, frame: bytes | str) -> str | None:
        return _id_in(_id_json, frame)

    def encode(self, message: ServerMessage) -> bytes:
        return _to_json.encode(message)

    def relay(self, message: bytes) -> bytes:
        return _to_json.encode(_anything.decode(message))


CODECS: Final[dict[str, Codec]] = {SUBPROTOCOL_MSGPACK: MsgpackCodec(), SUBPROTOCOL_JSON: JsonCodec()}


def unreadable(error: Exception) -> DispatchError:
    """Convert an error of msgspec into a numbered error."""
    if not isinstance(error, msgspec.ValidationError):
        return DispatchError(ErrorCode.MALFORMED)
    text = str(error)
    field = _field_of(text)
    if field == "t":
        return DispatchError(ErrorCode.UNKNOWN_MESSAGE, field="t")
    if field is None:
        return DispatchError(ErrorCode.MALFORMED)
    return DispatchError(ErrorCode.INVALID_FIELD, field=field, detail=_AT.sub("", text))


def _field_of(text: str) -> str | None:
    """The path in msgspec's text with the protocol's field names: ``fixes[3].lat`` for ``$.fixes[3][2]``."""
    at, named = _AT.search(text), _NAMED.search(text)
    path = at.group(1) if at else ""
    if named:
        return f"{path}.{named.group(1)}" if path else named.group(1)
    element = _FIX_INDEX.match(path)
    if element and int(element.group(2)) < len(_FIX_FIELDS):
        return f"{element.group(1)}.{_FIX_FIELDS[int(element.group(2))]}"
    return path or None


def _id_in(decoder: msgspec.msgpack.Decoder[_JustId] | msgspec.json.Decoder[_JustId], frame: bytes | str) -> str | None:
    try:
        found = decoder.decode(frame)  # type: ignore[arg-type]
    except (ValueError, RecursionError):
        return None
    return found.id if len(found.id) <= 64 else None


def digest_of(message: ClientMessage) -> bytes:
    """A digest of 16 bytes, equal for equal messages in both formats and any field order."""
    return blake2b(_to_msgpack.encode(message), digest_size=16).digest()


def kind_of(message: bytes) -> str:
    """The tag of an encoded server message, read without decoding: ``t`` is always the first field."""
    return message[4 : 4 + (message[3] & 0x1F)].decode()
