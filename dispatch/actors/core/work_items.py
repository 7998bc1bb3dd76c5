"""Values that pass through a host's core: pending commands, staged decisions, effects."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from dispatch.actors.core.entity_types import StreamUpdate
from dispatch.actors.core.protocol import Envelope, Reply, SubscribeReply
from dispatch.domain.commands import AnyCommand, AppendedElsewhere
from dispatch.domain.entity import Command, Decision, DomainNotice, Entity, EntityKey
from dispatch.domain.match_pool import MatchEntry
from dispatch.store.journal import StoredCommand, StoredReply


class PendingCommand(msgspec.Struct, eq=False):
    """A command for an entity. ``tokens`` belong to the waiting callers; ``timer`` is the timer it came from."""

    key: EntityKey
    envelope: Envelope
    command: AnyCommand | Command
    tokens: list[int]
    timer: StoredCommand | None = None
    other_entities: dict[EntityKey, Entity] = msgspec.field(default_factory=dict)
    tries: int = 0
    rolled_back: bool = False
    """Its transaction has failed before."""
    isolate: bool = False
    """It is decided in a transaction of its own: it may have caused the failure of the last one."""

    @property
    def is_append_notice(self) -> bool:
        return isinstance(self.command, AppendedElsewhere)


class Staged(msgspec.Struct, eq=False):
    """A decision that is applied in memory and not yet committed."""

    work: PendingCommand
    decision: Decision
    reply: Reply
    first_seq: int
    updates: list[StreamUpdate]
    listing: MatchEntry | None
    scheduled: list[StoredCommand]
    stored: StoredReply | None


class OutgoingCall(NamedTuple):
    """A scheduled command for another entity or for Alipay: sent until answered, then reported by ``call_done``."""

    scheduled: StoredCommand
    envelope: Envelope | None
    """None if the target is a payment gateway."""


class ListingChange(NamedTuple):
    """The new match entry of an entity, or None and the ``reason``: the entity's state."""

    key: EntityKey
    listing: MatchEntry | None
    reason: str


class EntityLoad(NamedTuple):
    """A decision that waits for other entities as the journal has them."""

    work: PendingCommand
    keys: Sequence[EntityKey]


class ReplyLookup(NamedTuple):
    """A refusal that is confirmed in the journal before it is sent.

    The command may have been answered by a former incarnation of this host, or another owner may have appended to
    the entity since ``seq``, where the command was refused.
    """

    work: PendingCommand
    refusal: Reply
    seq: int


class Failure(NamedTuple):
    """An unexpected exception in an entity: a bug, logged as an error."""

    where: str
    error: Exception


class Effects(msgspec.Struct):
    """Everything that leaves the core. All of it belongs to committed transactions."""

    replies: list[tuple[int, Reply]] = msgspec.field(default_factory=list)
    subscribed: list[tuple[int, SubscribeReply]] = msgspec.field(default_factory=list)
    calls: list[OutgoingCall] = msgspec.field(default_factory=list)
    listings: list[ListingChange] = msgspec.field(default_factory=list)
    notices: list[DomainNotice] = msgspec.field(default_factory=list)
    updates: list[tuple[EntityKey, StreamUpdate]] = msgspec.field(default_factory=list)
    failures: list[Failure] = msgspec.field(default_factory=list)
