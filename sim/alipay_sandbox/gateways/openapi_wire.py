"""The openapi gateway's wire: parameters in, JSON out, the signature over the node as it stands in the body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from sim.alipay_sandbox.gateways.mapi_wire import CODECS
from sim.alipay_sandbox.gateways.openapi_cipher import encrypted
from sim.alipay_sandbox.model.signature import Seal

Node = dict[str, Any]

MESSAGES: Final = {
    "10000": "Success",
    "10003": "order success pay inprocess",
    "20000": "Service Currently Unavailable",
    "20001": "Insufficient Token Permissions",
    "40001": "Missing Required Arguments",
    "40002": "Invalid Arguments",
    "40003": "Insufficient Conditions",
    "40004": "Business Failed",
    "40006": "Insufficient Permissions",
}


class Refused(Exception):  # noqa: N818 - the word of the documents
    """The gateway does not serve the call.

    ``signed`` says whether the answer is signed, which it is once the app is known; ``own_node`` whether it stands
    under the method's node or under ``error_response``.
    """

    def __init__(
        self, code: str, sub_code: str, sub_msg: str = "", *, signed: bool = False, own_node: bool = False
    ) -> None:
        self.code = code
        self.sub_code = sub_code
        self.sub_msg = sub_msg or sub_code
        self.signed = signed
        self.own_node = own_node
        super().__init__(f"{code} {sub_code}")

    def node(self) -> Node:
        """As it is answered."""
        return failure(self.code, self.sub_code, self.sub_msg)


class Ask(msgspec.Struct, frozen=True):
    """A request's parameters, of query and body together, and the codec they came in."""

    params: dict[str, str]
    charset: str

    @property
    def method(self) -> str:
        """What is asked for; blank if nothing."""
        return self.params.get("method", "")


def read_ask(raw: Mapping[bytes, bytes]) -> Ask:
    """Decode merged parameters in their ``charset``. Raises :class:`Refused`."""
    named = raw.get(b"charset", b"utf-8").decode("ascii", "replace").lower()
    if named not in CODECS:
        raise Refused("40002", "isv.invalid-charset", "无效的字符集参数")
    codec = CODECS[named]
    try:
        return Ask({name.decode(codec): value.decode(codec) for name, value in raw.items()}, codec)
    except UnicodeDecodeError:
        raise Refused("40002", "isv.invalid-charset", "字符集错误") from None


def success(fields: Mapping[str, Any], code: str = "10000") -> Node:
    """A business answer: code and message first, fields without a value left out."""
    return {"code": code, "msg": MESSAGES[code]} | {name: value for name, value in fields.items() if value != ""}


def failure(code: str, sub_code: str, sub_msg: str) -> Node:
    """An error's node."""
    return {"code": code, "msg": MESSAGES[code], "sub_code": sub_code, "sub_msg": sub_msg}


def node_name(method: str) -> str:
    """``alipay.trade.query`` as the member that holds its answer."""
    return f"{method.replace('.', '_')}_response"


def signed_json(
    name: str, node: Node, seal: Seal, sign_type: str, *, charset: str, cert_sn: str = "", content_key: str = ""
) -> bytes:
    """The body: the node, in certificate mode whose key signed it, and the signature over the node's very bytes.

    With ``content_key`` the node is encrypted: a JSON string, which is signed with its quotes.
    """
    text = _dumped(node, charset)
    if content_key:
        text = f'"{encrypted(content_key, text)}"'.encode("ascii")
    sign = seal.sign(sign_type, text)
    certificate = f',"alipay_cert_sn":"{cert_sn}"' if cert_sn else ""
    return b'{"%b":%b%b,"sign":"%b"}' % (name.encode(), text, certificate.encode(), sign.encode())


def unsigned_json(name: str, node: Node, charset: str) -> bytes:
    """The body of a refusal that nobody signed."""
    return b'{"%b":%b}' % (name.encode(), _dumped(node, charset))


def _dumped(node: Node, charset: str) -> bytes:
    """Compact, slashes escaped as Alipay does; what the charset lacks as escapes."""
    for ascii_only in (False, True):
        text = json.dumps(node, ensure_ascii=ascii_only, separators=(",", ":")).replace("/", "\\/")
        try:
            return text.encode(charset)
        except UnicodeEncodeError:
            continue
    raise AssertionError("ASCII fits into every charset")
