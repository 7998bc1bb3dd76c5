"""The messages between gateways, matchers and hosts: MessagePack in RPC calls.

A caller gives each command an id and repeats it under that id until it is answered; the command acts once. Updates
reach a gateway by long polls of each host: at least once, numbered, in order for each stream. The session behind the
gateway drops duplicates and requests what it missed.
"""

from typing import NamedTuple, Protocol

import msgspec

from dispatch.domain.entity import EntityKey, Principal
from dispatch.domain.vehicle.position_tracker import FixRow
from dispatch.values.money import Money
from dispatch.values.roles import Audience


class Envelope(msgspec.Struct, frozen=True, array_like=True):
    """A command for an entity.

    ``digest`` covers the client's message, without the facts that the gateway added: the same id with another body is
    refused. ``keep`` tells whether the reply is stored for repeats.
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
    """The command was refused and wrote nothing (``code``: ``errors.ErrorCode``).

    ``amount`` is the cost that the client has not confirmed, if that is the reason.
    """

    code: int
    field: str | None = None
    detail: str | None = None
    amount: Money | None = None


Reply = Done | Refused


class MatcherPosition(msgspec.Struct, frozen=True, array_like=True):
    """The position of an available vehicle in degrees, and the city time of its fix."""

    vehicle: str
    lat: float
    lng: float
    at: float


class SubscribeRequest(msgspec.Struct, frozen=True, array_like=True):
    """A request to subscribe to a stream. ``after`` is the last number received; None requests a snapshot.

    For the position of a trip's vehicle, ``key`` is the vehicle and ``trip`` the trip.
    """

    key: str
    principal: Principal
    after: int | None = None
    trip: str | None = None


class Subscribed(msgspec.Struct, frozen=True, tag="attached"):
    """The reply to a subscription: the encoded ``updates`` after ``after``, or a ``snapshot``.

    ``heard`` is the number of the audience's last safe GPS fix.
    """

    seq: int
    recovered: bool
    updates: list[tuple[int, bytes]] = []
    snapshot: bytes | None = None
    heard: int = 0


SubscribeReply = Subscribed | Refused


class Push(msgspec.Struct, frozen=True, array_like=True):
    """One encoded server message for all sessions of a gateway that are subscribed to ``key`` as ``audience``.

    ``seq`` is 0 for messages outside the stream (``heard``, ``car``), of which only the latest counts.
    """

    key: str
    audience: Audience
    seq: int
    message: bytes


class PushBatch(msgspec.Struct, frozen=True, array_like=True):
    """The result of a poll. ``incarnation`` changes when the host has lost its subscriptions by a restart."""

    incarnation: str
    cursor: int
    pushes: list[Push]


class Quote(msgspec.Struct, frozen=True):
    """A road route for an estimate, and the pick-up time of the nearest available vehicle (None: none is near)."""

    seconds: float
    meters: float
    pickup_s: float | None


class HostsUnavailableError(Exception):
    """No answer in time. The command may have acted: repeat it under the same id."""


class HostRestarted(NamedTuple):
    """A host restarted: its streams must be subscribed to again, each from its last number."""

    host: str


class Hosts(Protocol):
    """Access of a gateway to the entities. Implemented by ``runtime.host_client.HostClient``."""

    async def command(self, envelope: Envelope) -> Reply:
        """Send a command until it is answered. Raises ``HostsUnavailableError`` after a deadline."""

    def fixes(self, rows: list[FixRow]) -> None:
        """Send GPS fixes in batches. Lost fixes are not acknowledged, so the app sends them again."""

    async def subscribe(self, request: SubscribeRequest) -> SubscribeReply:
        """Subscribe to a stream. Pushes may arrive before this returns; the session drops duplicates."""

    async def unsubscribe(self, key: str, audience: Audience) -> None:
        """Unsubscribe when no session of this gateway needs ``key`` as ``audience`` any more."""

    async def pushes(self) -> list[Push | HostRestarted]:
        """Wait for the next pushes of any host."""

    async def quote(self, pickup: tuple[float, float], dropoff: tuple[float, float], at: float) -> Quote:
        """A route from a matcher. Raises ``HostsUnavailableError``."""

    async def why(self, key: EntityKey) -> dict[str, object]:
        """Why a trip waits or a vehicle gets no offer, by matcher. Raises ``HostsUnavailableError``."""
