"""Personal keys and the data encrypted with them (AES-256-GCM by ``cryptography``).

    master key ──wraps──▶ a person's key ──encrypts──▶ the person's phone number

Rule 1. Destroying a person's key erases everything encrypted with it, in all copies and backups.
Rule 2. A key or text of one person cannot be decrypted for another: the person's name is authenticated with it.
Rule 3. A new master key wraps from then on; older wrapped keys can be opened as long as their master keys are present.
"""

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
    """A key is missing or wrong; the data stays encrypted."""


class WrappedKey(NamedTuple):
    """A wrapped key with the id of its master key."""

    master: str
    sealed: bytes


class Vault:
    """Wraps keys and encrypts texts. ``masters`` returns the master keys, newest first; it is called again for an
    unknown id. ``random_bytes`` generates keys and nonces."""

    def __init__(self, masters: Callable[[], Sequence[bytes]], random_bytes: Callable[[int], bytes]) -> None:
        self._read = masters
        self._random = random_bytes
        self._masters: dict[str, bytes] = {}

    @property
    def current(self) -> str:
        """The id of the newest master key. Raises ``VaultError`` if there is none."""
        self._masters = {key_id(key): key for key in self._read()}
        if not self._masters:
            raise VaultError("no master key")
        return next(iter(self._masters))

    def new_key(self) -> bytes:
        return self._random(KEY_BYTES)

    def wrap(self, key: bytes, person: str) -> WrappedKey:
        master = self.current
        return WrappedKey(master, self._seal(self._masters[master], key, person))

    def unwrap(self, wrapped: WrappedKey, person: str) -> bytes:
        """Raises ``VaultError``."""
        if wrapped.master not in self._masters:
            self._masters = {key_id(key): key for key in self._read()}
        master = self._masters.get(wrapped.master)
        if master is None:
            raise VaultError(f"master key {wrapped.master} is missing")
        return _open(master, wrapped.sealed, person)

    def seal(self, key: bytes, text: str, person: str) -> bytes:
        return self._seal(key, text.encode(), person)

    def _seal(self, key: bytes, content: bytes, person: str) -> bytes:
        nonce = self._random(_NONCE_BYTES)
        return nonce + AESGCM(key).encrypt(nonce, content, person.encode())


def decrypt(key: bytes, sealed: bytes, person: str) -> str:
    """Raises ``VaultError``."""
    return _open(key, sealed, person).decode()


def _open(key: bytes, sealed: bytes, person: str) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], person.encode())
    except (InvalidTag, ValueError) as error:
        raise VaultError(f"cannot decrypt data of {person}") from error


def lookup_digest(key: bytes, phone: str) -> str:
    """The digest by which a phone number is found: equal numbers give equal digests, which reveal nothing without the
    key."""
    return blake2b(phone.encode(), digest_size=24, key=key, person=b"taxi-phone").hexdigest()


def key_id(key: bytes) -> str:
    """The id of a master key; it reveals nothing about the key."""
    return blake2b(key, digest_size=6, person=b"taxi-master").hexdigest()


def read_masters(text: str) -> tuple[bytes, ...]:
    """Parse master keys: base64 of 32 bytes each, separated by white space, newest first. Raises ``VaultError``."""
    try:
        keys = tuple(urlsafe_b64decode(word) for word in text.split())
    except (Base64Error, ValueError) as error:
        raise VaultError("a master key must be 32 bytes in base64") from error
    if any(len(key) != KEY_BYTES for key in keys):
        raise VaultError("a master key must be 32 bytes in base64")
    return keys
