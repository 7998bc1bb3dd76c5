"""What an entity is: a plain object that turns commands into events and never does I/O.

A vehicle, a trip and a payment are entities. Each has a stream of events in the journal, numbered from 1 without
gaps; its state is the fold of that stream. A host (``dispatch.actors.core.host_core``) gives an entity one command at a
time; the entity answers with a :class:`Decision` or raises :class:`dispatch.domain.errors.DispatchError`, which writes
nothing. Nothing of a decision leaves the host before its transaction is committed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, Literal, NamedTuple, Protocol, get_args

import msgspec

from dispatch.domain.errors import DispatchError
from dispatch.domain.match_pool import MatchEntry
from dispatch.values.ids import CommandId
from dispatch.values.units import CityTime

Kind = Literal["vehicle", "trip", "payment"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


class EntityKey(NamedTuple):
    """The address of an entity, and the name of its stream: ``vehicle:V123``."""

    kind: Kind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> EntityKey:
        """Read ``"vehicle:V123"``. Raises ``ValueError`` on any other shape."""
        kind, _, entity_id = text.partition(":")
        if kind not in KINDS or not entity_id:
            raise ValueError(f"not an entity: {text!r}")
        return cls(kind, entity_id)


class Event(msgspec.Struct, frozen=True, tag_field="e", omit_defaults=True):
    """The base of all events: something that has happened to one entity, at a city time."""

    at: float


class Command(msgspec.Struct, frozen=True, tag_field="c", omit_defaults=True):
    """The base of all commands to entities."""


class Principal(msgspec.Struct, frozen=True):
    """On whose behalf a command is sent."""

    role: Literal["driver", "passenger", "dispatcher", "device", "guest", "system"]
    id: str
    """Of a guest: the trip that it may follow."""
    vehicle: str = ""
    """The car that a driver or a device signed in for."""


SYSTEM = Principal("system", "")


class ScheduledCommand(msgspec.Struct, frozen=True):
    """A command that is to be sent at a city time: a timer (to itself) or a call (to another entity or a gateway).

    ``name`` is unique within the owner; putting a due again under its name replaces it. A due is written by the
    transaction of the decision that asks for it, survives every crash, and is removed by the transaction that
    records what came of it. ``target`` is an entity's key, or ``alipay:`` for the payment gateway.
    """

    name: str
    at: float
    target: str
    command: bytes


class AppendElsewhere(msgspec.Struct, frozen=True):
    """Events for another entity's stream, in the same transaction, at the sequence number that is expected there."""

    key: EntityKey
    expected: int
    events: tuple[Event, ...]


class ActiveAssignment(msgspec.Struct, frozen=True):
    """The active assignment of a vehicle to a trip: unique for either, as a wall behind the sequence numbers."""

    vehicle: str
    trip: str


class DomainNotice(msgspec.Struct, frozen=True):
    """Something to be told after the commit that no stream carries (an alarm, a metric)."""

    name: str
    fields: dict[str, str | float | int | None]


class Decision(msgspec.Struct):
    """What an entity decided: all of it in one transaction, or none."""

    events: Sequence[Event] = ()
    reply: dict[str, object] | None = None
    appends_elsewhere: Sequence[AppendElsewhere] = ()
    put: Sequence[ScheduledCommand] = ()
    drop: Sequence[str] = ()
    assignments: Sequence[ActiveAssignment] = ()
    releases: Sequence[ActiveAssignment] = ()
    notices: Sequence[DomainNotice] = ()
    records: Sequence[Row] = ()
    """Rows that are written once and never changed: the books."""
    refusal: DispatchError | None = None
    """What the sender is told although the events are written: the command itself could not be done."""


class NeedsEntityError(Exception):
    """A decision needs another entity as the journal has it; it is repeated with ``Context.other_entities`` filled."""

    def __init__(self, key: EntityKey) -> None:
        self.key = key
        super().__init__(str(key))


class Context(NamedTuple):
    """What an entity may know beside its own state while it decides."""

    now: CityTime
    principal: Principal
    command_id: CommandId
    other_entities: Mapping[EntityKey, Entity]
    """Other entities as the journal has them; filled only after an append to their stream met a conflict."""


class Row(msgspec.Struct, frozen=True):
    """The present state of an entity as columns, kept beside its stream for lists and searches."""

    table: str
    id: str
    values: dict[str, object]


class Entity(Protocol):
    """A vehicle, trip or payment. ``seq`` is the number of the last event that was applied."""

    kind: ClassVar[Kind]
    id: str
    seq: int

    @property
    def state(self) -> str:
        """The name of the state that the entity is in."""
        ...

    def apply(self, event: Event) -> None:
        """Fold one event. Raises ``IllegalMoveError`` where the state machine forbids it."""
        ...

    def decide(self, command: Command, context: Context) -> Decision:
        """Decide on a command without changing anything. Raises ``DispatchError`` to refuse it."""
        ...

    def row(self) -> Row | None:
        """The entity's present row, or None for a kind that has none."""
        ...

    def snapshot(self) -> bytes:
        """All hard state, so that a long stream need not be folded from its beginning."""
        ...

    def match_entry(self) -> MatchEntry | None:
        """What the matcher is to know of the entity now; None: nothing."""
        ...

    def may_follow(self, principal: Principal) -> bool:
        """Whether somebody may follow this entity's stream."""
        ...
