"""Entities: objects without I/O that turn commands into events.

Vehicles, trips and payments are entities. Each has a stream of events in the journal, numbered from 1 without gaps; its
state is the fold of that stream. A host (``dispatch.actors.core.host_core``) passes an entity one command at a time.
The entity returns a :class:`Decision` or raises :class:`dispatch.domain.errors.DispatchError`, which writes nothing. No
effect of a decision leaves the host before its transaction is committed.
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
    """The address of an entity and the name of its stream: ``vehicle:V123``."""

    kind: Kind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> EntityKey:
        """Parse ``"vehicle:V123"``. Raises ``ValueError`` for any other form."""
        kind, _, entity_id = text.partition(":")
        if kind not in KINDS or not entity_id:
            raise ValueError(f"not an entity: {text!r}")
        return cls(kind, entity_id)


class Event(msgspec.Struct, frozen=True, tag_field="e", omit_defaults=True):
    """The base of all events: a fact about one entity, at a city time."""

    at: float


class Command(msgspec.Struct, frozen=True, tag_field="c", omit_defaults=True):
    """The base of all commands to entities."""


class Principal(msgspec.Struct, frozen=True):
    """The user or device on whose behalf a command is sent."""

    role: Literal["driver", "passenger", "dispatcher", "device", "guest", "system"]
    id: str
    """For a guest: the trip that it may follow."""
    vehicle: str = ""
    """The vehicle that a driver or device is signed in to."""


SYSTEM = Principal("system", "")


class ScheduledCommand(msgspec.Struct, frozen=True):
    """A command to be sent at a city time: a timer (to the entity itself) or a call (to another entity or a gateway).

    ``name`` is unique within the owner; scheduling a command under the same name replaces it. It is written by the
    transaction of its decision, survives crashes, and is removed by the transaction that records its outcome.
    ``target`` is an entity's key, or ``alipay:`` for the payment gateway.
    """

    name: str
    at: float
    target: str
    command: bytes


class AppendElsewhere(msgspec.Struct, frozen=True):
    """Events for another entity's stream in the same transaction; ``expected`` is that stream's current number."""

    key: EntityKey
    expected: int
    events: tuple[Event, ...]


class ActiveAssignment(msgspec.Struct, frozen=True):
    """The active assignment of a vehicle to a trip, unique for both: a second safeguard besides sequence numbers."""

    vehicle: str
    trip: str


class DomainNotice(msgspec.Struct, frozen=True):
    """A fact for dispatchers or metrics that no stream contains, such as an alarm; published after the commit."""

    name: str
    fields: dict[str, str | float | int | None]


class Decision(msgspec.Struct):
    """The outcome of a command; all of it is committed in one transaction, or none."""

    events: Sequence[Event] = ()
    reply: dict[str, object] | None = None
    appends_elsewhere: Sequence[AppendElsewhere] = ()
    put: Sequence[ScheduledCommand] = ()
    drop: Sequence[str] = ()
    assignments: Sequence[ActiveAssignment] = ()
    releases: Sequence[ActiveAssignment] = ()
    notices: Sequence[DomainNotice] = ()
    records: Sequence[Row] = ()
    """Rows that are written once and never changed: the ledger."""
    refusal: DispatchError | None = None
    """The error that the sender receives although the events are written, because the command itself was not
    possible."""


class NeedsEntityError(Exception):
    """A decision needs another entity as the journal has it; it is repeated with ``Context.other_entities`` filled."""

    def __init__(self, key: EntityKey) -> None:
        self.key = key
        super().__init__(str(key))


class Context(NamedTuple):
    """The inputs of a decision besides the entity's own state."""

    now: CityTime
    principal: Principal
    command_id: CommandId
    other_entities: Mapping[EntityKey, Entity]
    """Other entities as the journal has them; filled only after an append to their stream met a conflict."""


class Row(msgspec.Struct, frozen=True):
    """The current state of an entity as columns, kept beside its stream for lists and searches."""

    table: str
    id: str
    values: dict[str, object]


class Entity(Protocol):
    """A vehicle, trip or payment. ``seq`` is the number of the last applied event."""

    kind: ClassVar[Kind]
    id: str
    seq: int

    @property
    def state(self) -> str: ...

    def apply(self, event: Event) -> None:
        """Fold one event. Raises ``IllegalMoveError`` if the state machine forbids it."""

    def decide(self, command: Command, context: Context) -> Decision:
        """Decide on a command without changing the entity. Raises ``DispatchError`` to reject it."""

    def row(self) -> Row | None:
        """The entity's current row, or None for a kind without rows."""

    def snapshot(self) -> bytes:
        """The complete hard state, so that a long stream need not be folded from its start."""

    def match_entry(self) -> MatchEntry | None: ...

    def may_follow(self, principal: Principal) -> bool: ...
