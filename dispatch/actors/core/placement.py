"""The host of each entity: a small policy, the same in every process.

*Sharded* (the default): an entity's id is hashed to a shard, and shards are distributed over the hosts of its kind.
There are many more shards than hosts; the journal fixes their number. *Dedicated*: each entity has a host of its own
(a Ray actor), which is created on first use.
"""

from typing import Final, Literal

import msgspec

from dispatch.domain.entity import KINDS, EntityKey, Kind
from dispatch.store.journal import shard_of

CONSOLES: Final = 16
"""Number of console channels that the dedicated hosts of a kind share."""


class Placement(msgspec.Struct, frozen=True):
    """The placement policy. ``hosts`` is the number of host processes of each kind (sharded)."""

    policy: Literal["sharded", "dedicated"]
    shards: int
    hosts: dict[Kind, int]

    def host_of(self, key: EntityKey) -> str:
        if self.policy == "dedicated":
            return f"{key.kind}/{key.id}"
        return f"{key.kind}-{shard_of(key, self.shards) % self.hosts[key.kind]}"

    def standing_hosts(self) -> list[str]:
        if self.policy == "dedicated":
            return []
        return [f"{kind}-{number}" for kind in KINDS for number in range(self.hosts[kind])]

    def console_of(self, host: str) -> str:
        entity = self.dedicated_to(host)
        return host if entity is None else f"{entity.kind}-{shard_of(entity, CONSOLES)}"

    def consoles(self) -> list[str]:
        if self.policy == "dedicated":
            return [f"{kind}-{number}" for kind in KINDS for number in range(CONSOLES)]
        return self.standing_hosts()

    def map_names(self) -> list[str]:
        return [name for name in self.consoles() if name.startswith("vehicle-")]

    def shards_of(self, host: str) -> list[int]:
        kind, _, number = host.rpartition("-")
        count = next(count for name, count in self.hosts.items() if name == kind)
        return [shard for shard in range(self.shards) if shard % count == int(number)]

    def dedicated_to(self, host: str) -> EntityKey | None:
        """The one entity of a dedicated host; None for a standing host."""
        kind, slash, entity = host.partition("/")
        return EntityKey.parse(f"{kind}:{entity}") if slash else None


def kind_of(host: str) -> Kind:
    return next(kind for kind in KINDS if host.startswith((f"{kind}-", f"{kind}/")))
