"""Addresses of entities."""

from __future__ import annotations

import pytest

from dispatch.domain.entity import KINDS, EntityKey


@pytest.mark.parametrize("kind", KINDS)
def test_an_address_is_read_as_it_is_written(kind: str) -> None:
    """The text of an address leads back to it, whatever its id."""
    key = EntityKey.parse(f"{kind}:V1:2")

    assert (key.kind, key.id, str(key)) == (kind, "V1:2", f"{kind}:V1:2")


@pytest.mark.parametrize("text", ["", "vehicle", "vehicle:", "lorry:V1", ":V1"])
def test_anything_else_is_no_address(text: str) -> None:
    """A kind that does not exist, or an empty id, is refused."""
    with pytest.raises(ValueError, match="not an entity"):
        EntityKey.parse(text)
