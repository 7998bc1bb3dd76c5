"""Keys of persons, and what is sealed with them (AES-256-GCM by ``cryptography``).

    master key ──wraps──▶ a person's key ──seals──▶ the person's phone number

Rule 1. Who destroys a person's key has erased what was sealed with it, wherever copies of it are.
Rule 2. What was wrapped or sealed for one person opens for no other: the person's name is authenticated with it.
Rule 3. A new master key wraps from then on; what older ones have wrapped opens as long as they are there.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class VaultError(Exception):
    """A key is missing or wrong; what it sealed stays closed."""


class WrappedKey(NamedTuple):
    """A key as it is kept: by which master key, and how."""

    master: str
    sealed: bytes


class Vault:
    """``masters`` gives the master keys, the newest first; it is asked again for one that is not known yet.
    ``random_bytes`` makes keys and nonces."""

    def __init__(self, masters: Callable[[], Sequence[bytes]], random_bytes: Callable[[int], bytes]) -> None:
        self._read = masters
        self._random = random_bytes
        self._masters: dict[str, bytes] = {}

    @property
    def current(self) -> str:
        """The name of the master key that wraps now. Raises ``VaultError`` where there is none."""
        self._masters = {key_id(key): key for key in self._read()}
        if not self._masters:
            raise VaultError("there is no master key")
        return next(iter(self._masters))

    def new_key(self) -> bytes:
        """A key for a person."""
        return self._random(KEY_BYTES)

    def wrap(self, key: bytes, person: str) -> WrappedKey:
        """A person's key, to be kept."""
        master = self.current
        return WrappedKey(master, self._seal(self._masters[master], key, person))

    def unwrap(self, wrapped: WrappedKey, person: str) -> bytes:
        """A person's key as it was. Raises ``VaultError``."""
        if wrapped.master not in self._masters:
            self._masters = {key_id(key): key for key in self._read()}
        master = self._masters.get(wrapped.master)
        if master is None:
            raise VaultError(f"the master key {wrapped.master} is not there")
        return _open(master, wrapped.sealed, person)

    def seal(self, key: bytes, text: str, person: str) -> bytes:
        """Text that only the person's key opens."""
        return self._seal(key, text.encode(), person)

    def _seal(self, key: bytes, content: bytes, person: str) -> bytes:
        nonce = self._random(_NONCE_BYTES)
        return nonce + AESGCM(key).encrypt(nonce, content, person.encode())


def decrypt(key: bytes, sealed: bytes, person: str) -> str:
    """Sealed text. Raises ``VaultError``."""
    return _open(key, sealed, person).decode()


def _open(key: bytes, sealed: bytes, person: str) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], person.encode())
    except (InvalidTag, ValueError) as error:
        raise VaultError(f"what was sealed for {person} does not open") from error


def lookup_digest(key: bytes, phone: str) -> str:
    """What a phone number is found by: the same for the same number, and nothing to be read from it without the key."""
    return blake2b(phone.encode(), digest_size=24, key=key, person=b"taxi-phone").hexdigest()


def key_id(key: bytes) -> str:
    """The name of a master key; tells nothing of it."""
    return blake2b(key, digest_size=6, person=b"taxi-master").hexdigest()


def read_masters(text: str) -> tuple[bytes, ...]:
    """Master keys as they are written: base64 of 32 bytes each, separated by spaces or lines, the newest first.

    Raises ``VaultError``.
    """
    try:
        keys = tuple(urlsafe_b64decode(word) for word in text.split())
    except (Base64Error, ValueError) as error:
        raise VaultError("a master key is base64 of 32 bytes") from error
    if any(len(key) != KEY_BYTES for key in keys):
        raise VaultError("a master key is base64 of 32 bytes")
    return keys
