"""Entities keep their shard: it is stored with their scheduled commands."""

from __future__ import annotations

from dispatch.domain.entity import EntityKey
from dispatch.store.journal import shard_of


def test_a_shard_never_changes() -> None:
    """The numbers are part of every journal that exists."""
    keys = [EntityKey("vehicle", "V1"), EntityKey("trip", "V1"), EntityKey("payment", "T1")]

    assert [shard_of(key, 256) for key in keys] == [93, 130, 181]


def test_shards_are_spread() -> None:
    """Each shard gets about its share of the entities."""
    counts = [0] * 16
    for number in range(1_600):
        counts[shard_of(EntityKey("vehicle", f"V{number}"), 16)] += 1

    assert min(counts) > 60
    assert max(counts) < 140
