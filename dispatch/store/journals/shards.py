"""Which shard an entity is in. The number of shards is fixed when a journal is made."""

from __future__ import annotations

from zlib import crc32

from dispatch.domain.entity import EntityKey


def shard_of(key: EntityKey, shards: int) -> int:
    """The shard of ``key`` among ``shards``: stable over processes, machines and versions."""
    return crc32(f"{key.kind}:{key.id}".encode()) % shards
