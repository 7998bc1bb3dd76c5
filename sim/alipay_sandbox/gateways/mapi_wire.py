"""The mapi gateway's wire: parameters in, XML out, each in its own charset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_to_bytes
from xml.sax.saxutils import escape, quoteattr

import msgspec

from sim.alipay_sandbox.model.signature import Seal, string_to_sign

CODECS: Final = {"utf-8": "utf-8", "gbk": "gbk", "gb2312": "gbk"}
"""What ``_input_charset`` may name, in small letters, and the codec that reads it."""


class WireError(Exception):
    """The request cannot be read; ``code`` is what the gateway answers."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Call(msgspec.Struct, frozen=True):
    """A request's parameters, of query and body together, and the codec they came in."""

    params: dict[str, str]
    charset: str


def merged(query: bytes, body: bytes) -> dict[bytes, bytes]:
    """Query and body as one. Raises :class:`WireError`.

    The same name twice is accepted with the same value only: which one counts is not documented.
    """
    raw: dict[bytes, bytes] = {}
    for part in (*query.split(b"&"), *body.split(b"&")):
        name, _, value = (unquote_to_bytes(half) for half in part.replace(b"+", b" ").partition(b"="))
        if name and raw.setdefault(name, value) != value:
            raise WireError("ILLEGAL_ARGUMENT")
    return raw


def read_call(query: bytes, body: bytes) -> Call:
    """Merge query and body and decode them in ``_input_charset``. Raises :class:`WireError`."""
    raw = merged(query, body)
    # notify_verify is asked with ASCII alone, and without a charset.
    silent = b"utf-8" if raw.get(b"service") == b"notify_verify" else b""
    named = raw.get(b"_input_charset", silent).decode("ascii", "replace").lower()
    if named not in CODECS:
        raise WireError("ILLEGAL_CHARSET")
    return Call(_decoded(raw, CODECS[named]), CODECS[named])


def _decoded(raw: Mapping[bytes, bytes], charset: str) -> dict[str, str]:
    try:
        params = {name.decode(charset): value.decode(charset) for name, value in raw.items()}
    except UnicodeDecodeError:
        raise WireError("INVALID_CHARACTER_SET") from None
    # The answer repeats the request, and XML cannot hold control characters.
    if any(ord(c) < 32 and c not in "\t\n\r" for text in (*params, *params.values()) for c in text):
        raise WireError("ILLEGAL_ARGUMENT")
    return params


def refused_xml(code: str, charset: str) -> bytes:
    """``is_success=F``: no request, no response, no signature."""
    return _document(f"<is_success>F</is_success><error>{escape(code)}</error>", charset)


def answer_xml(call: Call, fields: Mapping[str, str], seal: Seal, charset: str, *, node: str = "alipay") -> bytes:
    """The request repeated, the answer's fields in alphabetical order, and Alipay's signature over them."""
    # A character that the charset lacks would be signed as one thing and sent as another.
    fields = {name: _fitting(value, charset) for name, value in fields.items() if value}
    sign_type = call.params["sign_type"]
    echo = "".join(f"<param name={quoteattr(k)}>{escape(v)}</param>" for k, v in call.params.items())
    inner = "".join(f"<{name}>{escape(fields[name])}</{name}>" for name in sorted(fields))
    sign = seal.sign(sign_type, string_to_sign(fields).encode(charset))
    return _document(
        f"<is_success>T</is_success><request>{echo}</request><response><{node}>{inner}</{node}></response>"
        f"<sign>{escape(sign)}</sign><sign_type>{sign_type}</sign_type>",
        charset,
    )


def _fitting(value: str, charset: str) -> str:
    return value.encode(charset, "replace").decode(charset)


def _document(content: str, charset: str) -> bytes:
    text = f'<?xml version="1.0" encoding="{charset.upper()}"?><alipay>{content}</alipay>'
    return text.encode(charset, "xmlcharrefreplace")
