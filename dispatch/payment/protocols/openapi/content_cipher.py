"""Content encryption of the openapi gateway: AES-128-CBC, a zero IV, PKCS#7, in base64.

It hides the business fields; their authenticity is ensured by the signature.
"""

import base64
import binascii

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from dispatch.payment.protocols.signing import KeyFormatError


class ContentCipher:
    """Encrypts and decrypts with a key of 16 bytes in base64. ``repr`` does not show it."""

    def __init__(self, key: str) -> None:
        try:
            raw = base64.b64decode(key, validate=True)
        except binascii.Error as error:
            raise KeyFormatError("content_key is not base64") from error
        if len(raw) != 16:
            raise KeyFormatError("content_key is not of 16 bytes")
        self._cipher = Cipher(AES128(raw), CBC(bytes(16)))

    def encrypt(self, text: bytes) -> str:
        """The value of ``biz_content``."""
        padder, encryptor = PKCS7(128).padder(), self._cipher.encryptor()
        padded = padder.update(text) + padder.finalize()
        return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode("ascii")

    def decrypt(self, text: str) -> bytes:
        """Raises ``ValueError`` for invalid input."""
        unpadder, decryptor = PKCS7(128).unpadder(), self._cipher.decryptor()
        padded = decryptor.update(base64.b64decode(text, validate=True)) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
