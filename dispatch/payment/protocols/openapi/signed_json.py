"""Answers of the openapi gateway: JSON whose signature covers the exact characters of one member.

    {"alipay_trade_query_response":{…},"alipay_cert_sn":"…","sign":"…"}

The signed text is the member's value exactly as it appears in the body, so it is cut out by a JSON decoder and never
re-encoded. A body with a duplicate member, or with both an answer and an ``error_response``, is ambiguous and refused.
"""

import json
from typing import Any, Final, NoReturn

import msgspec

from dispatch.payment.protocols.openapi.content_cipher import ContentCipher
from dispatch.payment.protocols.openapi.keys import OpenapiKeys
from dispatch.payment.protocols.signing import AnswerError

ERROR_NODE: Final = "error_response"
_SPACE: Final = " \t\r\n"


class Member(msgspec.Struct, frozen=True):
    """A member of the outer object: its value and its exact text."""

    value: object
    text: str


class Node(msgspec.Struct, frozen=True):
    """An answer's fields, and whether Alipay signed them."""

    fields: dict[str, Any]
    signed: bool


def node_name(method: str) -> str:
    return f"{method.replace('.', '_')}_response"


def read_node(body: bytes, method: str, keys: OpenapiKeys, cipher: ContentCipher | None = None) -> Node:
    """Read an answer and verify its signature. Raises :class:`AnswerError` if either fails.

    A node without a signature is returned with ``signed`` false; it counts as a failure only.
    """
    text, charset = _decoded(body)
    outer = members(text)
    found = [name for name in (node_name(method), ERROR_NODE) if name in outer]
    if len(found) != 1:
        raise AnswerError(f"{len(found)} answers in one")
    node, sign = outer[found[0]], _text_of(outer, "sign")
    signed = bool(sign)
    if signed and not keys.verify_by(_text_of(outer, "alipay_cert_sn"), node.text.encode(charset), sign):
        raise AnswerError("the signature does not verify")
    fields = node.value
    if isinstance(fields, str) and signed:
        fields = _decrypted(fields, cipher, charset)
    if not isinstance(fields, dict):
        raise AnswerError("the answer has no fields")
    return Node(fields, signed)


def members(text: str) -> dict[str, Member]:
    """The members of a JSON object. Raises :class:`AnswerError` for any other text."""
    found: dict[str, Member] = {}
    at = _expect(text, _skip(text, 0), "{")
    while True:
        key, at = _decode(text, at)
        at = _skip(text, _expect(text, at, ":"))
        value, end = _decode(text, at)
        if not isinstance(key, str) or key in found:
            raise AnswerError("a member occurs twice, or has no name")
        found[key] = Member(value, text[at:end])
        at = _skip(text, end)
        if text[at : at + 1] == "}":
            break
        at = _expect(text, at, ",")
    if _skip(text, at + 1) != len(text):
        raise AnswerError("more follows the answer")
    return found


def _decoded(body: bytes) -> tuple[str, str]:
    """Requests are in UTF-8, but some answers come in GBK."""
    for charset in ("utf-8", "gbk"):
        try:
            return body.decode(charset), charset
        except UnicodeDecodeError:
            continue
    raise AnswerError("in no charset that Alipay uses")


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] and text[at] in _SPACE:
        at += 1
    return at


def _expect(text: str, at: int, mark: str) -> int:
    at = _skip(text, at)
    if text[at : at + 1] != mark:
        raise AnswerError("not JSON")
    return at + 1


def _decode(text: str, at: int) -> tuple[object, int]:
    try:
        value, end = _DECODER.raw_decode(text, _skip(text, at))
    except (ValueError, RecursionError) as error:
        raise AnswerError("not JSON") from error
    return value, end


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field occurs twice")
    return fields


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


# Numbers stay text: an amount must not be converted to a float.
_DECODER: Final = json.JSONDecoder(object_pairs_hook=_once, parse_float=str, parse_int=str, parse_constant=_no_constant)


def _text_of(outer: dict[str, Member], name: str) -> str:
    value = outer[name].value if name in outer else ""
    return value if isinstance(value, str) else ""


def _decrypted(text: str, cipher: ContentCipher | None, charset: str) -> object:
    if cipher is None:
        raise AnswerError("encrypted, and no content_key is configured")
    try:
        value, _ = _DECODER.raw_decode(cipher.decrypt(text).decode(charset))
    except (ValueError, RecursionError) as error:
        raise AnswerError("cannot be decrypted") from error
    return value
