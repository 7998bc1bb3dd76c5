"""Alipay's half of signatures: checks merchants' requests, signs answers and notifications.

Signed are all fields but ``sign`` and ``sign_type``, blanks dropped, sorted by name, ``name=value`` joined with ``&``;
in requests to the openapi gateway ``sign_type`` is signed too.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sim.alipay_sandbox.model.merchants import Merchant

SIGN_TYPES: Final = ("MD5", "RSA", "RSA2")


def string_to_sign(fields: Mapping[str, str]) -> str:
    """What a signature covers."""
    names = sorted(name for name, value in fields.items() if value and name not in ("sign", "sign_type"))
    return "&".join(f"{name}={fields[name]}" for name in names)


def string_to_sign_openapi(params: Mapping[str, str]) -> str:
    """What the signature of a request to the openapi gateway covers."""
    names = sorted(name for name, value in params.items() if value and name != "sign")
    return "&".join(f"{name}={params[name]}" for name in names)


class Seal:
    """One merchant's keys at Alipay, ready to use."""

    def __init__(self, merchant: Merchant) -> None:
        self._md5_key = merchant.md5_key.encode("ascii")
        self._theirs = _public(merchant.public_key_pem) if merchant.public_key_pem else None
        self._ours = _private(merchant.alipay_private_key_pem) if merchant.alipay_private_key_pem else None

    def has_key(self, sign_type: str) -> bool:
        """Whether the merchant and Alipay have agreed on keys for ``sign_type``."""
        if sign_type == "MD5":
            return bool(self._md5_key)
        return self._theirs is not None and self._ours is not None

    def sign(self, sign_type: str, text: bytes) -> str:
        """Sign as Alipay. ``KeyError`` where no key is there."""
        if sign_type == "MD5":
            return self._md5(text)
        if self._ours is None:
            raise KeyError(sign_type)
        return base64.b64encode(self._ours.sign(text, padding.PKCS1v15(), _digest(sign_type))).decode("ascii")

    def verify(self, sign_type: str, text: bytes, sign: str) -> bool:
        """Whether the merchant signed ``text``."""
        if sign_type == "MD5":
            return hmac.compare_digest(self._md5(text).encode(), sign.encode("utf-8", "replace"))
        if self._theirs is None:
            return False
        try:
            self._theirs.verify(base64.b64decode(sign, validate=True), text, padding.PKCS1v15(), _digest(sign_type))
        except (ValueError, InvalidSignature):
            return False
        return True

    def _md5(self, text: bytes) -> str:
        return hashlib.md5(text + self._md5_key, usedforsecurity=False).hexdigest()


def _digest(sign_type: str) -> hashes.SHA1 | hashes.SHA256:
    return hashes.SHA256() if sign_type == "RSA2" else hashes.SHA1()  # noqa: S303 - what RSA means at the gateway


def _public(pem: str) -> rsa.RSAPublicKey:
    key = serialization.load_pem_public_key(pem.encode("ascii"))
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("a merchant's public key is not RSA")
    return key


@functools.lru_cache(maxsize=64)  # reading one checks its primes: a tenth of a second
def _private(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode("ascii"), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("Alipay's private key is not RSA")
    return key
