"""Signatures of Alipay's gateways: the signed string, and MD5, RSA and RSA2 over its bytes.

The rules (Antom documents, ``gr/apispec``): omit the signature's own fields and blank values, sort by key, join
``key=value`` with ``&``, with raw values. ``MD5`` appends the merchant's key to that text and gives lower-case hex;
``RSA`` is SHA1withRSA and ``RSA2`` SHA256withRSA, both PKCS#1 v1.5 in base64.

The mapi gateway omits both ``sign`` and ``sign_type``; the openapi gateway signs ``sign_type`` in requests.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Collection, Mapping
from typing import Final, Literal, Self

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

SignType = Literal["MD5", "RSA", "RSA2"]

MAPI_LEFT_OUT: Final = frozenset({"sign", "sign_type"})
"""Fields that the signatures of mapi and of asynchronous notifications do not cover."""


class KeyFormatError(ValueError):
    """A key's text cannot be used; the message names the key but never contains it."""


class AnswerError(ValueError):
    """An answer cannot be read, or its signature is wrong. None of its content may be used."""


def canonical(fields: Mapping[str, str], *, left_out: Collection[str] = MAPI_LEFT_OUT, keep_blank: bool = False) -> str:
    """The string to sign: ``a=1&b=2``, sorted by key, with raw values.

    ``keep_blank`` serves notifications only: whether a blank value is signed differs between Alipay's pages.
    """
    kept = sorted((k, v) for k, v in fields.items() if k not in left_out and (v or keep_blank))
    return "&".join(f"{key}={value}" for key, value in kept)


class Credentials(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A merchant's keys as text. ``repr`` shows none of them.

    ``md5_key``: the 32 characters for MD5. ``private_key``: our RSA key, ``alipay_public_key``: theirs; each as
    PEM or as the bare base64 of Alipay's key tool. Only the keys that ``sign_type`` needs are required.
    """

    sign_type: SignType
    md5_key: str = ""
    private_key: str = ""
    alipay_public_key: str = ""

    def __repr__(self) -> str:
        held = [name for name in ("md5_key", "private_key", "alipay_public_key") if getattr(self, name)]
        return f"Credentials(sign_type={self.sign_type!r}, holds={held})"


class Signer:
    """Signs with our key and verifies with Alipay's, by one sign type. Keys are parsed once, here.

    Raises :class:`KeyFormatError` if a key that the sign type needs is missing or cannot be read.
    """

    def __init__(self, credentials: Credentials) -> None:
        self.sign_type: Final = credentials.sign_type
        self._scheme = _scheme(credentials)

    @classmethod
    def from_keys(cls, sign_type: SignType, **keys: str) -> Self:
        """A signer from keys by name: ``md5_key``, ``private_key``, ``alipay_public_key``."""
        return cls(Credentials(sign_type=sign_type, **keys))

    def __repr__(self) -> str:
        return f"Signer({self.sign_type})"

    def sign(self, text: bytes) -> str:
        return self._scheme.sign(text)

    def verify(self, text: bytes, sign: str) -> bool:
        """Whether Alipay signed ``text``. Never raises, whatever ``sign`` contains."""
        return self._scheme.verify(text, sign)


class _Md5:
    """MD5 over the text followed by the key. The same key signs and verifies."""

    def __init__(self, key: str) -> None:
        if not key:
            raise KeyFormatError("sign type MD5 needs md5_key")
        self._key = key.encode("ascii")

    def sign(self, text: bytes) -> str:
        # The gateway prescribes MD5; nothing else relies on it.
        return hashlib.md5(text + self._key, usedforsecurity=False).hexdigest()

    def verify(self, text: bytes, sign: str) -> bool:
        return hmac.compare_digest(self.sign(text).encode(), sign.encode("utf-8", "replace"))


class _Rsa:
    """PKCS#1 v1.5 with SHA-1 (``RSA``) or SHA-256 (``RSA2``)."""

    def __init__(
        self, private: rsa.RSAPrivateKey, public: rsa.RSAPublicKey, digest: hashes.SHA1 | hashes.SHA256
    ) -> None:
        self._private, self._public, self._digest = private, public, digest

    def sign(self, text: bytes) -> str:
        return base64.b64encode(self._private.sign(text, padding.PKCS1v15(), self._digest)).decode("ascii")

    def verify(self, text: bytes, sign: str) -> bool:
        try:
            raw = base64.b64decode(sign, validate=True)
            self._public.verify(raw, text, padding.PKCS1v15(), self._digest)
        except (binascii.Error, ValueError, InvalidSignature):
            return False
        return True


def _scheme(credentials: Credentials) -> _Md5 | _Rsa:
    if credentials.sign_type == "MD5":
        return _Md5(credentials.md5_key)
    # The gateway's sign type RSA means SHA-1; prefer RSA2.
    digest = hashes.SHA1() if credentials.sign_type == "RSA" else hashes.SHA256()  # noqa: S303
    private = load_private_key(credentials.private_key)
    return _Rsa(private, load_public_key(credentials.alipay_public_key), digest)


def load_private_key(text: str) -> rsa.RSAPrivateKey:
    """Our RSA key from PEM or bare base64 (PKCS#1 or PKCS#8). Raises :class:`KeyFormatError`."""
    try:
        if text.lstrip().startswith("-----"):
            key = serialization.load_pem_private_key(text.encode("ascii"), password=None)
        else:
            key = serialization.load_der_private_key(_der(text), password=None)
    except (ValueError, TypeError) as error:
        raise KeyFormatError("private_key is no RSA private key in PEM or base64") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise KeyFormatError("private_key is not an RSA key")
    return key


def load_public_key(text: str) -> rsa.RSAPublicKey:
    """Alipay's RSA key from PEM or bare base64. Raises :class:`KeyFormatError`."""
    try:
        if text.lstrip().startswith("-----"):
            key = serialization.load_pem_public_key(text.encode("ascii"))
        else:
            key = serialization.load_der_public_key(_der(text))
    except ValueError as error:
        raise KeyFormatError("alipay_public_key is no RSA public key in PEM or base64") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise KeyFormatError("alipay_public_key is not an RSA key")
    return key


def _der(text: str) -> bytes:
    return base64.b64decode("".join(text.split()), validate=True)
