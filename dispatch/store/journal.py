"""The journal: a port. All that must not be lost is here, and an acknowledgement means that it is committed.

Contract, for every implementation (one conformance suite runs on all, ``conformance/py``):

* ``commit`` writes a whole :class:`Batch` in one transaction, or nothing and returns a :class:`Conflict`.
  It raises :class:`JournalUnavailableError` where it cannot tell (the caller forgets, reloads and decides again).
* A stream's events are numbered from 1 without gaps. An append names the number it expects to follow; if another
  writer was first, the whole batch is a conflict. There are no leases and no locks held between calls.
* A reply is stored once for each command id, for ever as far as the caller is concerned (retention is a setting).
* A due is replaced by a later put of the same owner and name.
* A claim is unique by vehicle and by trip; a second one is a conflict.
* A row with a ``seq`` never goes back to a lower one: a paused owner may still send what it knows.
* A row of :data:`BOOKS` is written once: a later one with its id changes nothing.
* What ``commit`` has acknowledged is seen by every later call of every process, and survives the death of any
  process; power loss as far as ``synchronous=FULL`` / ``synchronous_commit=on`` and the disk promise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Final, NamedTuple, Protocol

import msgspec

from dispatch.domain.entity import ActiveAssignment, EntityKey, Row

BOOKS: Final = frozenset({"audit", "ledger", "payment_said"})
"""Tables whose rows are never changed."""


class StoredEvent(NamedTuple):
    """One event as the journal has it. ``body`` is the event struct in MessagePack, tagged."""

    key: EntityKey
    seq: int
    at: float
    body: bytes


class Append(NamedTuple):
    """Events (``(city time, body)``) that are to follow number ``expected`` of a stream."""

    key: EntityKey
    expected: int
    events: Sequence[tuple[float, bytes]]


class StoredReply(NamedTuple):
    """The answer that a command got. ``digest`` tells the same command from another body under the same id."""

    command_id: str
    digest: bytes
    key: EntityKey
    body: bytes


class StoredCommand(NamedTuple):
    """A due command as the journal has it. ``target`` is an entity's key or a gateway's name."""

    owner: EntityKey
    name: str
    at: float
    target: str
    command: bytes


class StoredSnapshot(NamedTuple):
    """An entity's hard state at ``seq``."""

    key: EntityKey
    seq: int
    body: bytes


class StoredHistory(NamedTuple):
    """What is needed to restore one entity: the newest snapshot, the events after it, and its dues."""

    key: EntityKey
    snapshot: StoredSnapshot | None
    events: Sequence[StoredEvent]
    scheduled: Sequence[StoredCommand]


class Batch(msgspec.Struct):
    """One transaction. ``dues_done`` are ``(owner, name)``; removing what is not there is no conflict.

    A batch may gather many decisions; how several on one key become one is in ``journals.write_plan``.
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
    """Nothing was written: streams stand elsewhere, replies exist, claims are taken.

    With nothing named, the batch contradicts itself (two replies to one command), or what stood in the way has
    gone since: its commands are to be run again one by one.
    """

    streams: Mapping[EntityKey, int]
    """The last number of each appended stream that is not the expected one."""
    replies: Mapping[str, StoredReply]
    """The stored replies, by the command's id."""
    assignments: Sequence[ActiveAssignment]
    """Those of the batch that cannot be had."""


class JournalUnavailableError(Exception):
    """The journal did not answer, or not clearly: what was sent may or may not be written."""


class Journal(Protocol):
    """See the module for the contract."""

    async def commit(self, batch: Batch) -> Committed | Conflict:
        """Write all of ``batch``, or nothing."""
        ...

    async def load(self, keys: Sequence[EntityKey]) -> Sequence[StoredHistory]:
        """The histories of ``keys``, in their order; an entity never heard of has an empty one."""
        ...

    async def heads(self, keys: Sequence[EntityKey]) -> Mapping[EntityKey, int]:
        """The last number of each of these streams that has one."""
        ...

    async def events_after(self, key: EntityKey, seq: int, limit: int) -> Sequence[StoredEvent]:
        """At most ``limit`` events of a stream with numbers above ``seq``, in order."""
        ...

    async def reply(self, command_id: str) -> StoredReply | None:
        """The stored answer to a command."""
        ...

    async def scheduled_commands(
        self, kind: str, shards: Sequence[int], *, until: float = inf
    ) -> Sequence[StoredCommand]:
        """All dues whose owner is of ``kind`` and in one of ``shards`` (``shards.shard_of``).

        Those alone that are due at ``until`` (city seconds); the earliest first.
        """
        ...

    async def meta(self, name: str, default: str) -> str:
        """A setting that is fixed at first use: stores ``default`` if there is none, returns what is there."""
        ...

    async def close(self) -> None:
        """Give back connections and threads."""
        ...
