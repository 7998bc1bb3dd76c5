"""Effects: what a session asks its connection to do. A session performs no I/O itself.

A session answers every input with effects. The answer to a :class:`Resolve` comes later, through ``Session.resolve``
with its number (:class:`PendingRequests`); no other effect has an answer.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from dispatch.actors.core.protocol import Done, Envelope, Quote, Refused, Subscribed, SubscribeRequest
from dispatch.api.alarms import DriverBroadcast
from dispatch.domain.commands import VehicleProfile
from dispatch.domain.entity import Principal
from dispatch.domain.errors import CloseCode
from dispatch.domain.vehicle.position_tracker import FixRow
from dispatch.values.roles import Audience


class SendMessage(NamedTuple):
    """Send these bytes to the client. A newer message of the same ``slot`` replaces one that is not sent yet.

    ``refused`` is the error number of a refusal, else 0.
    """

    message: bytes
    slot: str | None = None
    refused: int = 0


class CloseSocket(NamedTuple):
    """Close the socket after the messages that are already queued."""

    code: CloseCode


class SignedOn(NamedTuple):
    """The client is authenticated. A driver or device may have only one socket."""

    principal: Principal


class Subscribe(NamedTuple):
    """Deliver pushes for ``key`` as ``audience`` to this session."""

    key: str
    audience: Audience


class Unsubscribe(NamedTuple):
    """Stop delivering them."""

    key: str
    audience: Audience


class WatchCells(NamedTuple):
    """Deliver map frames of these cells, and vehicle counts if wanted; replaces the previous set."""

    cells: tuple[str, ...]
    counts: bool = False


class QuoteRequest(NamedTuple):
    """Estimate a ride along the road network."""

    pickup: tuple[float, float]
    dropoff: tuple[float, float]
    at: float


class RouteRequest(NamedTuple):
    """The road route between two points, for drawing."""

    start: tuple[float, float]
    end: tuple[float, float]
    at: float


class ProfileRequest(NamedTuple):
    """The registry's record of a vehicle and its driver."""

    vehicle: str
    driver: str


class AuthorityRequest(NamedTuple):
    """The permissions of a dispatcher."""

    dispatcher: str


class ContactRequest(NamedTuple):
    """The reference that replaces a caller's phone number in the journal."""

    phone: str


class RotatingWordRequest(NamedTuple):
    """The verification word of this minute."""


class TodayRequest(NamedTuple):
    """A vehicle's payments and totals of the day that contains city time ``at``."""

    vehicle: str
    at: float


class SettleAlarmRequest(NamedTuple):
    """Mark an alarm as settled at city time ``at``."""

    alarm: str
    by: str
    at: float
    note: str


class BroadcastRequest(NamedTuple):
    """Send a notice to drivers."""

    broadcast: DriverBroadcast


class PlainValues(NamedTuple):
    """An answer of plain values."""

    values: dict[str, object]


class Authority(NamedTuple):
    """A dispatcher's permissions."""

    permissions: tuple[str, ...]


Request = (
    Envelope
    | SubscribeRequest
    | QuoteRequest
    | RouteRequest
    | ProfileRequest
    | TodayRequest
    | AuthorityRequest
    | RotatingWordRequest
    | ContactRequest
    | SettleAlarmRequest
    | BroadcastRequest
)
Answer = Done | Refused | Subscribed | Quote | VehicleProfile | PlainValues | Authority
"""``Refused`` with ``UNAVAILABLE`` if no host answered in time."""


class Resolve(NamedTuple):
    """Resolve a request outside the session; the answer goes to the session under ``number``."""

    number: int
    request: Request


Effect = SendMessage | CloseSocket | SignedOn | Subscribe | Unsubscribe | WatchCells | Resolve | FixRow


Continuation = Callable[[Answer], Sequence[Effect]]


class PendingRequests:
    """Numbers requests from 1 and holds the continuation of each until its answer arrives."""

    def __init__(self) -> None:
        self._continuations: dict[int, Continuation] = {}
        self._last = 0

    def register(self, request: Request, continuation: Continuation) -> Resolve:
        """The effect that has ``request`` resolved; its answer goes to ``continuation``."""
        self._last += 1
        self._continuations[self._last] = continuation
        return Resolve(self._last, request)

    def resolve(self, number: int, answer: Answer) -> Sequence[Effect]:
        """Hand over an answer. Answers to unknown numbers are dropped."""
        continuation = self._continuations.pop(number, None)
        return () if continuation is None else continuation(answer)

    def clear(self) -> None:
        self._continuations.clear()

    def __len__(self) -> int:
        return len(self._continuations)
