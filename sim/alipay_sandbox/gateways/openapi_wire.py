"""The wire format of the openapi gateway: parameters in, JSON out, signed over the node's exact bytes in the body."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from sim.alipay_sandbox.gateways.request import CODECS, RequestParameters
from sim.alipay_sandbox.model.signature import MerchantKeys

_VECTOR: Final = bytes(16)
_BLOCK_BITS: Final = 128
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


def encrypt(key: str, content: bytes) -> str:
    padder = PKCS7(_BLOCK_BITS).padder()
    padded = padder.update(content) + padder.finalize()
    encryptor = _cipher(key).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode("ascii")


def decrypt(key: str, text: str) -> bytes:
    """Raises ``ValueError`` if ``text`` is not valid ciphertext."""
    decryptor = _cipher(key).decryptor()
    padded = decryptor.update(base64.b64decode(text, validate=True)) + decryptor.finalize()
    unpadder = PKCS7(_BLOCK_BITS).unpadder()
    return unpadder.update(padded) + unpadder.finalize()


def _cipher(key: str) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES(base64.b64decode(key)), modes.CBC(_VECTOR))


class OpenapiError(Exception):
    """The gateway refuses the call.

    ``signed``: the response is signed, which needs a known app. ``own_node``: the response stands under the method's
    node instead of ``error_response``.
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
        return failure(self.code, self.sub_code, self.sub_msg)


def read_request(raw: Mapping[bytes, bytes]) -> RequestParameters:
    """Decode merged parameters in their ``charset``. Raises :class:`OpenapiError`."""
    named = raw.get(b"charset", b"utf-8").decode("ascii", "replace").lower()
    if named not in CODECS:
        raise OpenapiError("40002", "isv.invalid-charset", "无效的字符集参数")
    codec = CODECS[named]
    try:
        return RequestParameters({name.decode(codec): value.decode(codec) for name, value in raw.items()}, codec)
    except UnicodeDecodeError:
        raise OpenapiError("40002", "isv.invalid-charset", "字符集错误") from None


def success(fields: Mapping[str, Any], code: str = "10000") -> Node:
    """The node of a business response: code and message first, blank fields left out."""
    return {"code": code, "msg": MESSAGES[code]} | {name: value for name, value in fields.items() if value != ""}


def failure(code: str, sub_code: str, sub_msg: str) -> Node:
    return {"code": code, "msg": MESSAGES[code], "sub_code": sub_code, "sub_msg": sub_msg}


def node_name(method: str) -> str:
    return f"{method.replace('.', '_')}_response"


def signed_json(
    name: str, node: Node, keys: MerchantKeys, sign_type: str, *, charset: str, cert_sn: str = "", content_key: str = ""
) -> bytes:
    """The body: the node, the signing certificate's number in certificate mode, and the signature of the node's bytes.

    With ``content_key`` the node is an encrypted JSON string; the signature covers its quotes too.
    """
    text = _dumped(node, charset)
    if content_key:
        text = f'"{encrypt(content_key, text)}"'.encode("ascii")
    sign = keys.sign(sign_type, text)
    certificate = f',"alipay_cert_sn":"{cert_sn}"' if cert_sn else ""
    return b'{"%b":%b%b,"sign":"%b"}' % (name.encode(), text, certificate.encode(), sign.encode())


def unsigned_json(name: str, node: Node, charset: str) -> bytes:
    return b'{"%b":%b}' % (name.encode(), _dumped(node, charset))


def _dumped(node: Node, charset: str) -> bytes:
    """Compact JSON with escaped slashes, as Alipay writes it; characters outside the charset are escaped."""
    for ascii_only in (False, True):
        text = json.dumps(node, ensure_ascii=ascii_only, separators=(",", ":")).replace("/", "\\/")
        try:
            return text.encode(charset)
        except UnicodeEncodeError:
            continue
    raise AssertionError("ASCII fits into every charset")
