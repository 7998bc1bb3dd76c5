"""Hashes of secrets."""

from __future__ import annotations

import pytest

from ws_gateway.auth.passwords import SecretCheck, hash_secret


@pytest.mark.parametrize(
    ("stored", "secret", "matches"),
    [
        (hash_secret("1234"), "1234", True),
        (hash_secret("1234"), "1235", False),
        ("no hash at all", "1234", False),
        (None, "nobody has this secret", False),
    ],
    ids=["right", "wrong", "broken hash", "unknown name"],
)
async def test_only_the_right_secret_matches(stored: str | None, secret: str, *, matches: bool) -> None:
    """A wrong secret, a broken hash and an unknown name never match."""
    assert await SecretCheck().matches(stored, secret) is matches


def test_a_hash_does_not_repeat() -> None:
    """Each hash has its own salt, and names its cost."""
    one, two = hash_secret("1234"), hash_secret("1234")
    assert one != two
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
