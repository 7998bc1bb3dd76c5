"""A vault for tests: keys that count up, so that nothing depends on chance."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from dispatch.domain.personal_keys import KEY_BYTES, Vault
from dispatch.store.database import Database
from dispatch.store.queries.personal_data import SqlPersonalData

OLD, NEW = b"o" * KEY_BYTES, b"n" * KEY_BYTES


class Masters:
    """Master keys that may change."""

    def __init__(self, *keys: bytes) -> None:
        self.keys: Sequence[bytes] = keys or (OLD,)

    def __call__(self) -> Sequence[bytes]:
        return self.keys


def vault(masters: Masters | None = None) -> Vault:
    """A vault under ``OLD``, or under these."""
    count = itertools.count(1)
    return Vault(masters or Masters(), lambda size: next(count).to_bytes(size, "big"))


def persons(database: Database) -> SqlPersonalData:
    """Who seals phone numbers of this database."""
    return SqlPersonalData(database, vault())
