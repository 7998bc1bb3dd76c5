"""The pieces that pass through a host's core: work to be decided, decisions on their way into the journal, effects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from dispatch.actors.core.entity_types import Shown
from dispatch.actors.core.protocol import Envelope, Reply, SubscribeReply
from dispatch.domain.commands import AnyCommand, AppendedElsewhere
from dispatch.domain.entity import Command, Decision, DomainNotice, Entity, EntityKey
from dispatch.domain.match_pool import MatchEntry
from dispatch.store.journal import StoredCommand, StoredReply


class PendingCommand(msgspec.Struct, eq=False):
    """A command for an entity. ``tokens`` are those of the callers who wait; ``due`` is the timer it comes from."""

    key: EntityKey
    envelope: Envelope
    command: AnyCommand | Command
    tokens: list[int]
    due: StoredCommand | None = None
    other_entities: dict[EntityKey, Entity] = msgspec.field(default_factory=dict)
    tries: int = 0
    rolled_back: bool = False
    """Its transaction failed."""
    isolate: bool = False
    """It goes alone now: perhaps the transaction failed for its sake."""

    @property
    def moved(self) -> bool:
        """Whether it tells what another entity's transaction wrote here."""
        return isinstance(self.command, AppendedElsewhere)


class Staged(msgspec.Struct, eq=False):
    """A decision that is applied in memory and not yet committed."""

    work: PendingCommand
    decision: Decision
    reply: Reply
    first_seq: int
    shown: list[Shown]
    listing: MatchEntry | None
    dues: list[StoredCommand]
    stored: StoredReply | None


class OutgoingCall(NamedTuple):
    """A due whose target is not this entity: to be sent until it is answered, then reported by ``call_done``."""

    due: StoredCommand
    envelope: Envelope | None
    """None where the target is a gateway of the outside world."""


class ListingChange(NamedTuple):
    """What the matcher is to know of an entity from now on."""

    key: EntityKey
    listing: MatchEntry | None


class EntityLoad(NamedTuple):
    """A decision waits for other entities as the journal has them."""

    work: PendingCommand
    keys: Sequence[EntityKey]


class ReplyLookup(NamedTuple):
    """A refusal waits for the journal: the command may have been answered before this host was born, or the entity
    moved by another owner since ``seq``, where it was refused."""

    work: PendingCommand
    refusal: Reply
    seq: int


class Failure(NamedTuple):
    """An entity broke down over a command or its own history: a bug, to be looked at by people."""

    where: str
    error: Exception


class Effects(msgspec.Struct):
    """What leaves the core after a commit."""

    replies: list[tuple[int, Reply]] = msgspec.field(default_factory=list)
    attached: list[tuple[int, SubscribeReply]] = msgspec.field(default_factory=list)
    calls: list[OutgoingCall] = msgspec.field(default_factory=list)
    listings: list[ListingChange] = msgspec.field(default_factory=list)
    notices: list[DomainNotice] = msgspec.field(default_factory=list)
    shown: list[tuple[EntityKey, Shown]] = msgspec.field(default_factory=list)
    counts: list[tuple[Literal["accepted", "refused"], str]] = msgspec.field(default_factory=list)
    failures: list[Failure] = msgspec.field(default_factory=list)

    def __bool__(self) -> bool:
        told = self.replies or self.attached or self.calls or self.shown
        return bool(told or self.listings or self.notices or self.counts or self.failures)
