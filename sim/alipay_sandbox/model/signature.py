"""Alipay's side of signatures: verifies merchants' requests, signs responses and notifications.

The signature covers all non-blank fields except ``sign`` and ``sign_type``, sorted by name, ``name=value`` joined with
``&``. In requests to the openapi gateway it covers ``sign_type`` too.
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
    """For mapi, and for notifications of both gateways."""
    return string_to_sign_openapi({name: value for name, value in fields.items() if name != "sign_type"})


def string_to_sign_openapi(params: Mapping[str, str]) -> str:
    """For requests to the openapi gateway: includes ``sign_type``."""
    names = sorted(name for name, value in params.items() if value and name != "sign")
    return "&".join(f"{name}={params[name]}" for name in names)


class MerchantKeys:
    """Parsed keys of one merchant: its own public key and Alipay's private key for it."""

    def __init__(self, merchant: Merchant) -> None:
        self._md5_key = merchant.md5_key.encode("ascii")
        self._merchant_key = _public(merchant.merchant_public_pem) if merchant.merchant_public_pem else None
        self._alipay_key = _private(merchant.alipay_private_pem) if merchant.alipay_private_pem else None

    def has_key(self, sign_type: str) -> bool:
        if sign_type == "MD5":
            return bool(self._md5_key)
        return self._merchant_key is not None and self._alipay_key is not None

    def sign(self, sign_type: str, text: bytes) -> str:
        """Alipay's signature. Raises ``KeyError`` without a key."""
        if sign_type == "MD5":
            return self._md5(text)
        if self._alipay_key is None:
            raise KeyError(sign_type)
        return base64.b64encode(self._alipay_key.sign(text, padding.PKCS1v15(), _digest(sign_type))).decode("ascii")

    def verify(self, sign_type: str, text: bytes, sign: str) -> bool:
        if sign_type == "MD5":
            return hmac.compare_digest(self._md5(text).encode(), sign.encode("utf-8", "replace"))
        if self._merchant_key is None:
            return False
        try:
            self._merchant_key.verify(
                base64.b64decode(sign, validate=True), text, padding.PKCS1v15(), _digest(sign_type)
            )
        except (ValueError, InvalidSignature):
            return False
        return True

    def _md5(self, text: bytes) -> str:
        return hashlib.md5(text + self._md5_key, usedforsecurity=False).hexdigest()


def _digest(sign_type: str) -> hashes.SHA1 | hashes.SHA256:
    return hashes.SHA256() if sign_type == "RSA2" else hashes.SHA1()  # noqa: S303 - the gateway's RSA is SHA1


def _public(pem: str) -> rsa.RSAPublicKey:
    key = serialization.load_pem_public_key(pem.encode("ascii"))
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("merchant public key is not RSA")
    return key


@functools.lru_cache(maxsize=64)  # loading a key checks its primes: 0.1 s
def _private(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode("ascii"), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("Alipay private key is not RSA")
    return key
