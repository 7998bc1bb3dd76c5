"""Content encryption agrees with two published clients."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.payment.protocols.openapi.content_cipher import ContentCipher
from dispatch.payment.protocols.signing import KeyFormatError
from tests.dispatch.payment.protocols.openapi.content_cipher_samples import KEY, VECTORS


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["ciphertext"][:8])
def test_vectors(vector: dict[str, Any]) -> None:
    """The same text in the same key gives the same cipher text, both ways."""
    cipher = ContentCipher(vector["key"])

    assert cipher.encrypt(vector["plaintext"].encode()) == vector["ciphertext"]
    assert cipher.decrypt(vector["ciphertext"]).decode() == vector["plaintext"]


@given(st.binary(max_size=80))
def test_round_trip(text: bytes) -> None:
    """Any text comes back."""
    assert ContentCipher(KEY).decrypt(ContentCipher(KEY).encrypt(text)) == text


@pytest.mark.parametrize("text", ["", "%", "AAAA", "ILpoMowjIQjfYMR847rnFA=="])
def test_rubbish_is_a_value_error(text: str) -> None:
    """What was not encrypted with the key is told as that."""
    try:
        ContentCipher(KEY).decrypt(text)
    except ValueError:
        return
    pytest.fail("decrypted")


@pytest.mark.parametrize("key", ["", "?", "AAAA"])
def test_unusable_keys(key: str) -> None:
    """A key that is no 16 bytes in base64 is one clear error."""
    with pytest.raises(KeyFormatError, match="content_key"):
        ContentCipher(key)
