"""Keys of persons: what is sealed opens for the same person by the same keys, and for nobody else."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.personal_keys import VaultError, WrappedKey, decrypt, key_id, lookup_digest, read_masters
from tests.dispatch.domain.key_fixtures import NEW, OLD, Masters, vault


@given(st.text(max_size=40), st.text(min_size=1, max_size=20))
def test_what_is_sealed_opens_for_its_person(text: str, person: str) -> None:
    """Any text comes back; under another name, changed or cut it does not open, and it does not show."""
    ours = vault()
    key = ours.new_key()
    sealed = ours.seal(key, text, person)
    assert decrypt(key, sealed, person) == text
    assert ours.seal(key, text, person) != sealed
    for wrong in (sealed[:-1], sealed[:5], bytes([sealed[0] ^ 1]) + sealed[1:]):
        with pytest.raises(VaultError):
            decrypt(key, wrong, person)
    with pytest.raises(VaultError):
        decrypt(key, sealed, person + "x")


def test_a_new_master_key_wraps_and_the_old_one_opens() -> None:
    """After a change both open, as long as both are there; one that was taken away opens nothing."""
    masters = Masters(OLD)
    ours = vault(masters)
    key = ours.new_key()
    before = ours.wrap(key, "P1")
    masters.keys = (NEW, OLD)
    after = ours.wrap(key, "P1")
    assert (before.master, after.master) == (key_id(OLD), key_id(NEW))
    assert ours.unwrap(before, "P1") == ours.unwrap(after, "P1") == key
    masters.keys = (NEW,)
    fresh = vault(masters)
    assert fresh.unwrap(after, "P1") == key
    for wrong in (before, WrappedKey(after.master, before.sealed)):
        with pytest.raises(VaultError):
            fresh.unwrap(wrong, "P1")
    masters.keys = ()
    with pytest.raises(VaultError, match="no master key"):
        ours.wrap(key, "P1")


def test_a_number_is_found_by_its_name() -> None:
    """The same number has the same name under one key, another key or number another one."""
    assert lookup_digest(OLD, "+1415") == lookup_digest(OLD, "+1415")
    assert len({lookup_digest(OLD, "+1415"), lookup_digest(NEW, "+1415"), lookup_digest(OLD, "+1416")}) == 3


def test_master_keys_as_they_are_written() -> None:
    """Base64 of 32 bytes each; anything else is refused."""
    text = [urlsafe_b64encode(key).decode() for key in (NEW, OLD)]
    assert read_masters("\n".join(text)) == (NEW, OLD)
    for wrong in ("short", "x", text[0][:-8], f"{text[0]} AAAA"):
        with pytest.raises(VaultError):
            read_masters(wrong)
