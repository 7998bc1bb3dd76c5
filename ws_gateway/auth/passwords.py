"""Hashes of PINs, passwords and keys: argon2id with OWASP's minimal profile (19 MiB, two passes, one lane)."""

import asyncio
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_AT_ONCE: Final = 4


def hash_secret(secret: str) -> str:
    return _hasher.hash(secret)


def _matches(stored: str, secret: str) -> bool:
    try:
        return _hasher.verify(stored, secret)
    except (VerificationError, InvalidHashError):
        return False


class SecretCheck:
    """Checks secrets in threads, a few at a time, to bound memory and keep the event loop free."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._nobody = hash_secret("nobody has this secret")

    async def matches(self, stored: str | None, secret: str) -> bool:
        """Whether ``secret`` made the hash. None (an unknown name) takes as long and never matches."""
        async with self._slots:
            right = await asyncio.to_thread(_matches, stored or self._nobody, secret)
        return right and stored is not None
