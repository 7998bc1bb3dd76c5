"""The wire format of the mapi gateway: form parameters in, XML out, each in its own charset."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from sim.alipay_sandbox.gateways.request import CODECS, ConflictingParametersError, RequestParameters, merge_parameters
from sim.alipay_sandbox.model.signature import MerchantKeys, string_to_sign


class MapiError(Exception):
    """The gateway's own, unsigned refusal with ``code``."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def read_request(query: bytes, body: bytes) -> RequestParameters:
    """Merge query and body and decode them in ``_input_charset``. Raises :class:`MapiError`."""
    try:
        raw = merge_parameters(query, body)
    except ConflictingParametersError:
        raise MapiError("ILLEGAL_ARGUMENT") from None
    # notify_verify is sent in ASCII, without a charset.
    default = b"utf-8" if raw.get(b"service") == b"notify_verify" else b""
    named = raw.get(b"_input_charset", default).decode("ascii", "replace").lower()
    if named not in CODECS:
        raise MapiError("ILLEGAL_CHARSET")
    return RequestParameters(_decoded(raw, CODECS[named]), CODECS[named])


def _decoded(raw: Mapping[bytes, bytes], charset: str) -> dict[str, str]:
    try:
        params = {name.decode(charset): value.decode(charset) for name, value in raw.items()}
    except UnicodeDecodeError:
        raise MapiError("INVALID_CHARACTER_SET") from None
    # The response repeats the request, and XML cannot hold control characters.
    if any(ord(c) < 32 and c not in "\t\n\r" for text in (*params, *params.values()) for c in text):
        raise MapiError("ILLEGAL_ARGUMENT")
    return params


def error_xml(code: str, charset: str) -> bytes:
    return _document(f"<is_success>F</is_success><error>{escape(code)}</error>", charset)


def response_xml(
    request: RequestParameters, fields: Mapping[str, str], keys: MerchantKeys, charset: str, *, node: str = "alipay"
) -> bytes:
    """The repeated request, the response's fields in alphabetical order, and Alipay's signature of these fields."""
    # A character outside the charset must be signed in the form in which it is sent.
    fields = {name: value.encode(charset, "replace").decode(charset) for name, value in fields.items() if value}
    sign_type = request.params["sign_type"]
    echo = "".join(f"<param name={quoteattr(k)}>{escape(v)}</param>" for k, v in request.params.items())
    inner = "".join(f"<{name}>{escape(fields[name])}</{name}>" for name in sorted(fields))
    sign = keys.sign(sign_type, string_to_sign(fields).encode(charset))
    return _document(
        f"<is_success>T</is_success><request>{echo}</request><response><{node}>{inner}</{node}></response>"
        f"<sign>{escape(sign)}</sign><sign_type>{sign_type}</sign_type>",
        charset,
    )


def _document(content: str, charset: str) -> bytes:
    text = f'<?xml version="1.0" encoding="{charset.upper()}"?><alipay>{content}</alipay>'
    return text.encode(charset, "xmlcharrefreplace")
