"""Answers of the mapi gateway: XML in its own charset, parsed safely, and the text that its signature covers.

    <alipay><is_success>T</is_success><request>…</request>
     <response><alipay> …fields… </alipay></response><sign>…</sign><sign_type>MD5</sign_type></alipay>

The signed text consists of the children of the inner element, ``name=text``, sorted and joined like a request.
``is_success`` says only that the request was accepted; ``result_code`` among the fields is the business result.
"""

import re
from typing import Final
from xml.etree.ElementTree import Element, ParseError

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from dispatch.payment.protocols.signing import AnswerError, Signer, canonical

MAX_ANSWER_BYTES: Final = 256 * 1024
_DECLARATION: Final = re.compile(rb"^\s*<\?xml([^>]*)\?>")
_ENCODING: Final = re.compile(rb"""encoding\s*=\s*["']([A-Za-z0-9_.-]+)["']""")
_CODECS: Final = {"utf-8": "utf-8", "utf8": "utf-8", "gbk": "gbk", "gb2312": "gbk", "gb18030": "gb18030"}


class UnsignedRefusal(msgspec.Struct, frozen=True):
    """``is_success=F``: the gateway rejected the request, without a signature."""

    error: str


class SignedAnswer(msgspec.Struct, frozen=True):
    """The fields of a business answer with a valid signature."""

    fields: dict[str, str]


def read_answer(body: bytes, signer: Signer) -> SignedAnswer | UnsignedRefusal:
    """Read and verify an answer. Raises :class:`AnswerError` if it is unreadable or not signed by Alipay."""
    text, charset = _decoded(body)
    root = _parsed(text)
    if _text(root, "is_success") == "F" and _text(root, "error"):
        return UnsignedRefusal(_text(root, "error"))
    if _text(root, "is_success") != "T":
        raise AnswerError("neither accepted nor refused")
    inner = root.find("response/*")
    if inner is None:
        raise AnswerError("no response")
    _check_signature(root, inner, charset, signer)
    return SignedAnswer({child.tag: child.text or "" for child in inner if len(child) == 0})


def _decoded(body: bytes) -> tuple[str, str]:
    """The document without its declaration, and its charset (UTF-8 if none is declared, as XML prescribes)."""
    if len(body) > MAX_ANSWER_BYTES:
        raise AnswerError(f"more than {MAX_ANSWER_BYTES} bytes")
    declaration = _DECLARATION.match(body)
    encoding = _ENCODING.search(declaration.group(1)) if declaration else None
    charset = _CODECS.get(encoding.group(1).decode("ascii").lower() if encoding else "utf-8")
    if charset is None:
        raise AnswerError("declared in a charset that Alipay does not use")
    try:
        return body[declaration.end() if declaration else 0 :].decode(charset), charset
    except UnicodeDecodeError as error:
        raise AnswerError(f"not valid in its declared charset {charset}") from error


def _parsed(text: str) -> Element:
    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise AnswerError("not XML") from error
    for once in ("is_success", "response", "sign", "sign_type", "error"):
        if len(root.findall(once)) > 1:
            raise AnswerError(f"{once} occurs twice")
    return root


def _check_signature(root: Element, inner: Element, charset: str, signer: Signer) -> None:
    names = [child.tag for child in inner]
    if len(set(names)) != len(names) or len(root.findall("response/*")) > 1:
        raise AnswerError("a field occurs twice")
    sign, sign_type = _text(root, "sign"), _text(root, "sign_type")
    if not sign or sign_type != signer.sign_type:
        raise AnswerError(f"not signed with {signer.sign_type}")
    if not any(signer.verify(text.encode(charset), sign) for text in _signed_texts(inner)):
        raise AnswerError("the signature does not verify")


def _signed_texts(inner: Element) -> list[str]:
    """How nested lists are signed is not documented: published readers skip them or join their text.

    Their content is never used, so both variants are tried.
    """
    leaves = {child.tag: child.text or "" for child in inner if len(child) == 0}
    nested = {child.tag: "".join(child.itertext()) for child in inner if len(child)}
    return [canonical(leaves), canonical(leaves | nested)] if nested else [canonical(leaves)]


def _text(root: Element, name: str) -> str:
    return (root.findtext(name) or "").strip()
