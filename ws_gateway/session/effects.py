"""What a session wants done: it does nothing itself.

A session answers every input with effects. An :class:`Resolve` is answered later through ``Session.answer`` with its
number; everything else needs no answer.
"""

from __future__ import annotations

from typing import NamedTuple

from dispatch.actors.core.protocol import Done, Envelope, FixRow, Quote, Refused, Subscribed, SubscribeRequest
from dispatch.api.alarms import DriverBroadcast
from dispatch.domain.commands import VehicleProfile
from dispatch.domain.entity import Principal
from dispatch.domain.errors import CloseCode
from dispatch.values.roles import Audience


class SendMessage(NamedTuple):
    """Send these bytes to the client. A newer message of the same ``slot`` may take the place of an unsent one.

    ``refused`` is the number of the error where it is a refusal.
    """

    message: bytes
    slot: str | None = None
    refused: int = 0


class CloseSocket(NamedTuple):
    """Close the socket, after what was said before."""

    code: CloseCode


class SignedOn(NamedTuple):
    """The client is who it says; its role and id may have only one socket if it is a driver or a device."""

    principal: Principal


class Subscribe(NamedTuple):
    """Bring pushes for ``key`` as ``audience`` to this session."""

    key: str
    audience: Audience


class Unsubscribe(NamedTuple):
    """No longer bring them."""

    key: str
    audience: Audience


class WatchCells(NamedTuple):
    """Bring map frames of these cells, and counts of all cells if wanted, in place of those before."""

    cells: tuple[str, ...]
    counts: bool = False


class QuoteRequest(NamedTuple):
    """A road route, for an estimate."""

    pickup: tuple[float, float]
    dropoff: tuple[float, float]
    at: float


class RouteRequest(NamedTuple):
    """The way by road, to be drawn."""

    start: tuple[float, float]
    end: tuple[float, float]
    at: float


class ProfileRequest(NamedTuple):
    """What the registry knows of the car and the driver."""

    vehicle: str
    driver: str


class AuthorityRequest(NamedTuple):
    """What a dispatcher may do."""

    dispatcher: str


class ContactRequest(NamedTuple):
    """What stands for a caller's phone number in the journal."""

    phone: str


class RotatingWordRequest(NamedTuple):
    """The minute's word."""


class TodayRequest(NamedTuple):
    """Today's payments and totals of a vehicle, ``at`` a city time."""

    vehicle: str
    at: float


class SettleAlarmRequest(NamedTuple):
    """An alarm is to be settled, ``at`` a city time."""

    alarm: str
    by: str
    at: float
    note: str


class BroadcastRequest(NamedTuple):
    """Drivers are to be told something."""

    told: DriverBroadcast


class PlainValues(NamedTuple):
    """An answer from the books: plain values."""

    facts: dict[str, object]


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
"""``Refused`` with ``UNAVAILABLE`` where nobody answered in time."""


class Resolve(NamedTuple):
    """A question to somebody else; the answer is handed to the session under ``number``."""

    number: int
    request: Request


Effect = SendMessage | CloseSocket | SignedOn | Subscribe | Unsubscribe | WatchCells | Resolve | FixRow
