"""What gateways, matchers and hosts say to each other: MessagePack bytes in calls of their own.

A caller gives a command its id and sends it again under that id until it has an answer; it acts once. Updates reach
a gateway through its inbox at each host, which it long-polls: at least once, in order for each stream, numbered, so
that the session behind the gateway can drop what it has and ask for what it missed.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import msgspec

from dispatch.domain.entity import EntityKey, Principal
from dispatch.values.money import Money
from dispatch.values.roles import Audience


class Envelope(msgspec.Struct, frozen=True, array_like=True):
    """A command on its way to an entity.

    ``digest`` is made from what the client said, so that the same id with another body is refused; facts that the
    gateway added do not enter it. ``keep`` says whether the reply is stored for repeats.
    """

    key: str
    command_id: str
    principal: Principal
    body: bytes
    digest: bytes = b""
    keep: bool = True


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The command is committed. ``seq`` and ``state`` are the entity's after it."""

    seq: int
    state: str
    result: dict[str, object] = {}


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The command was refused and wrote nothing (``code``: ``errors.ErrorCode``). ``amount`` is what it
    would have cost, where that is why."""

    code: int
    field: str | None = None
    detail: str | None = None
    amount: Money | None = None


Reply = Done | Refused


class FixRow(msgspec.Struct, array_like=True):
    """One GPS fix on its way to a vehicle: ``at`` is city time already, ``source`` 0 the driver's app, 1 the device."""

    vehicle: str
    source: int
    n: int
    at: float
    lat: float
    lng: float
    speed: float | None = None
    heading: float | None = None


class MatcherPosition(msgspec.Struct, frozen=True, array_like=True):
    """Where a free car is: degrees, and the city time of the fix."""

    vehicle: str
    lat: float
    lng: float
    at: float


class SubscribeRequest(msgspec.Struct, frozen=True, array_like=True):
    """A wish to follow a stream as ``audience``. ``after`` is the last number seen; ``None`` wants a snapshot.

    A passenger may follow the position of a trip's car: then ``key`` is the vehicle and ``trip`` the trip.
    """

    key: str
    principal: Principal
    after: int | None = None
    trip: str | None = None


class Subscribed(msgspec.Struct, frozen=True, tag="attached"):
    """The stream is followed. ``updates`` are encoded messages after ``after``; else ``snapshot`` is one."""

    seq: int
    recovered: bool
    updates: list[tuple[int, bytes]] = []
    snapshot: bytes | None = None
    heard: int = 0


SubscribeReply = Subscribed | Refused


class Push(msgspec.Struct, frozen=True, array_like=True):
    """One encoded server message for all of a gateway's sessions that follow ``key`` as ``audience``.

    ``seq`` is 0 for what is not part of the stream (``heard``, ``car``): only the newest of those counts.
    """

    key: str
    audience: Audience
    seq: int
    message: bytes


class PushBatch(msgspec.Struct, frozen=True, array_like=True):
    """What a poll brings: ``incarnation`` changes when the host was born again and knows no attachments."""

    incarnation: str
    cursor: int
    pushes: list[Push]


class Quote(msgspec.Struct, frozen=True):
    """A road route for an estimate, and how soon a free car could come (None: none is near)."""

    seconds: float
    meters: float
    pickup_s: float | None


class HostsUnavailableError(Exception):
    """No answer in time. The command may or may not have acted: send it again under the same id."""


class HostRestarted(NamedTuple):
    """A host was born again: every stream of these shards has to be attached anew from its last number."""

    host: str


class Hosts(Protocol):
    """The way from a gateway to the entities, wherever they live. Implemented on Ray by ``runtime.host_client``."""

    async def command(self, envelope: Envelope) -> Reply:
        """Send a command until it is answered. Raises ``HostsUnavailableError`` after the overall deadline."""
        ...

    def fixes(self, rows: list[FixRow]) -> None:
        """Hand over GPS fixes; they travel in batches. Lost ones are not heard, so that the app sends them again."""
        ...

    async def subscribe(self, request: SubscribeRequest) -> SubscribeReply:
        """Follow a stream. Pushes may arrive before this returns: the session drops what it has."""
        ...

    async def unsubscribe(self, key: str, audience: Audience) -> None:
        """This gateway has no more session that follows ``key`` as ``audience``."""
        ...

    async def pushes(self) -> list[Push | HostRestarted]:
        """The next pushes of any host, waiting for them."""
        ...

    async def quote(self, pickup: tuple[float, float], dropoff: tuple[float, float], at: float) -> Quote:
        """Ask the matcher of the region for a route. Raises ``HostsUnavailableError``."""
        ...

    async def why(self, key: EntityKey) -> dict[str, object]:
        """Why a trip waits, or a car gets nothing. Raises ``HostsUnavailableError``."""
        ...
