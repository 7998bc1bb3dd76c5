"""Encrypted content of the openapi gateway: AES-128-CBC with a zero IV, PKCS7 padding, in base64.

The key belongs to the merchant, 16 bytes in base64. Requests and responses are encrypted first and then signed.
"""

from __future__ import annotations

import base64
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

_VECTOR: Final = bytes(16)
_BLOCK_BITS: Final = 128


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
