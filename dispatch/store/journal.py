"""The journal: a port for all state that must not be lost. An acknowledgement means that the state is committed.

Contract of every implementation (one conformance suite runs on all, ``tests/dispatch/store/journals/conformance.py``):

* ``commit`` writes a whole :class:`Batch` in one transaction, or writes nothing and returns a :class:`Conflict`.
  It raises :class:`JournalUnavailableError` if the outcome is unknown; the caller then drops its state, reloads and
  decides again.
* A stream's events are numbered from 1 without gaps. An append names the number that it expects to follow. If another
  writer was first, the whole batch is a conflict. There are no leases, and no locks are held between calls.
* One reply is stored for each command id. Callers may assume that it stays forever (its retention is a setting).
* A scheduled command is replaced by a later put of the same owner and name.
* An active assignment is unique by vehicle and by trip; a second one is a conflict.
* A row with a ``seq`` is never replaced by one with a lower ``seq``: a paused owner may still send stale rows.
* A row of :data:`APPEND_ONLY` is written once; a later row with the same id changes nothing.
* What ``commit`` has acknowledged is visible to every later call in every process, and survives the death of any
  process. It survives power loss as far as ``synchronous=FULL`` or ``synchronous_commit=on`` and the disk guarantee.
"""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Final, NamedTuple, Protocol
from zlib import crc32

import msgspec

from dispatch.domain.entity import ActiveAssignment, EntityKey, Row

APPEND_ONLY: Final = frozenset({"audit", "ledger", "payment_said"})
"""Tables whose rows are never changed."""


class StoredEvent(NamedTuple):
    """An event in the journal. ``body`` is the tagged event struct in MessagePack."""

    key: EntityKey
    seq: int
    at: float
    body: bytes


class Append(NamedTuple):
    """Events (``(city time, body)``) that must follow number ``expected`` of a stream."""

    key: EntityKey
    expected: int
    events: Sequence[tuple[float, bytes]]


class StoredReply(NamedTuple):
    """The reply to a command. ``digest`` distinguishes a repeated command from another command with the same id."""

    command_id: str
    digest: bytes
    key: EntityKey
    body: bytes


class StoredCommand(NamedTuple):
    """A scheduled command in the journal. ``target`` is an entity's key or a gateway's name."""

    owner: EntityKey
    name: str
    at: float
    target: str
    command: bytes


class StoredSnapshot(NamedTuple):
    """An entity's persistent state at ``seq``."""

    key: EntityKey
    seq: int
    body: bytes


class StoredHistory(NamedTuple):
    """The data that restores one entity: newest snapshot, events after it, and scheduled commands."""

    key: EntityKey
    snapshot: StoredSnapshot | None
    events: Sequence[StoredEvent]
    scheduled: Sequence[StoredCommand]


class Batch(msgspec.Struct):
    """One transaction. ``commands_done`` are ``(owner, name)``; removing an absent one is no conflict.

    A batch may contain many decisions. :mod:`dispatch.store.journals.write_plan` merges several decisions on one key.
    """

    appends: list[Append] = msgspec.field(default_factory=list)
    replies: list[StoredReply] = msgspec.field(default_factory=list)
    commands_put: list[StoredCommand] = msgspec.field(default_factory=list)
    commands_done: list[tuple[EntityKey, str]] = msgspec.field(default_factory=list)
    assignments: list[ActiveAssignment] = msgspec.field(default_factory=list)
    releases: list[ActiveAssignment] = msgspec.field(default_factory=list)
    rows: list[Row] = msgspec.field(default_factory=list)
    snapshots: list[StoredSnapshot] = msgspec.field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(
            self.appends
            or self.replies
            or self.commands_put
            or self.commands_done
            or self.assignments
            or self.releases
            or self.rows
            or self.snapshots
        )


class Committed(NamedTuple):
    """The batch is in the journal."""


class Conflict(NamedTuple):
    """Nothing was written: a stream is at another number, a reply exists, or an assignment is taken.

    If all fields are empty, the batch contradicts itself (two replies to one command), or the obstacle has gone in the
    meantime. Its commands must then be run again one by one.
    """

    streams: Mapping[EntityKey, int]
    """The actual last number of each appended stream, if it is not the expected one."""
    replies: Mapping[str, StoredReply]
    """The stored replies, by the command's id."""
    assignments: Sequence[ActiveAssignment]
    """The assignments of the batch that are taken."""


class JournalUnavailableError(Exception):
    """The journal did not answer, or not clearly: the transaction may or may not be committed."""


class Journal(Protocol):
    """See the module for the contract."""

    async def commit(self, batch: Batch) -> Committed | Conflict: ...

    async def load(self, keys: Sequence[EntityKey]) -> Sequence[StoredHistory]:
        """The histories of ``keys``, in their order; an unknown entity has an empty one."""

    async def heads(self, keys: Sequence[EntityKey]) -> Mapping[EntityKey, int]:
        """The last number of each of these streams; empty streams are left out."""

    async def events_after(self, key: EntityKey, seq: int, limit: int) -> Sequence[StoredEvent]:
        """At most ``limit`` events of a stream with numbers above ``seq``, in order."""

    async def reply(self, command_id: str) -> StoredReply | None: ...

    async def scheduled_commands(
        self, kind: str, shards: Sequence[int], *, until: float = inf
    ) -> Sequence[StoredCommand]:
        """Commands due by ``until`` (city seconds), the earliest first.

        Their owners are of ``kind`` and in one of ``shards`` (:func:`shard_of`).
        """

    async def meta(self, name: str, default: str) -> str:
        """A value that is fixed at first use: stores ``default`` if there is none, and returns the stored value."""

    async def close(self) -> None: ...


def shard_of(key: EntityKey, shards: int) -> int:
    """The shard of ``key`` among ``shards``: stable over processes, machines and versions.

    The number of shards is fixed when a journal is made.
    """
    return crc32(f"{key.kind}:{key.id}".encode()) % shards
