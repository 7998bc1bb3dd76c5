"""Who may do and see what: role by message, by stream and by address of what is looked up. What stands nowhere here
is forbidden.

A role reaches as far as its :class:`Reach` says. The gateway's session refuses by role, its streams and the entities
by ownership, both by this table; ``docs/permissions.md`` is made from it, and a test walks every cell over a socket.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final, get_args

from dispatch.api import messages as m
from dispatch.api.fields import Role
from dispatch.api.messages import ClientMessage, FromClient
from dispatch.domain.entity import Kind, Principal


class Reach(Enum):
    """How far a permission reaches. The value is what documents say."""

    SELF = "oneself"
    PUBLIC = "what is everybody's"
    OWN_CAR = "the car that one signed in for"
    TRIP_OF_CAR = "the trip of that car"
    OWN_TRIP = "one's own trip"
    OWN_OR_SCANNED = "one's own trip, or the one in the car whose code was scanned"
    SHARED_TRIP = "the trip that the link is for"
    ANY = "all"
    WITH_REFUND = "all, with the permission `refund`"


Cells = Mapping[Role, Reach]

ROLES: Final[tuple[Role, ...]] = get_args(Role)

_EVERYBODY: Final[Cells] = dict.fromkeys(ROLES, Reach.SELF)
_DRIVER: Final[Cells] = {"driver": Reach.OWN_CAR}
_DEVICE: Final[Cells] = {"device": Reach.OWN_CAR}
_IN_CAR: Final[Cells] = {**_DRIVER, **_DEVICE}
_DRIVERS_TRIP: Final[Cells] = {"driver": Reach.TRIP_OF_CAR}
_DISPATCHER: Final[Cells] = {"dispatcher": Reach.ANY}
_REFUNDER: Final[Cells] = {"dispatcher": Reach.WITH_REFUND}
_PASSENGER: Final[Cells] = {"passenger": Reach.SELF}

STREAMS: Final[Mapping[Kind, Cells]] = {
    "vehicle": {**_IN_CAR, **_DISPATCHER},
    "trip": {
        "driver": Reach.TRIP_OF_CAR,
        "device": Reach.TRIP_OF_CAR,
        "passenger": Reach.OWN_TRIP,
        "guest": Reach.SHARED_TRIP,
        **_DISPATCHER,
    },
    "payment": {},
}
"""Who may follow which stream. Where a car is, a passenger or guest hears of through the trip alone, from the accepted
offer to the drop-off."""

SEES_CAR_OF_TRIP: Final[frozenset[Role]] = frozenset({"passenger", "guest"})
"""Who hears the position of the car of a trip that it may follow, and of no other car."""

MESSAGES: Final[Mapping[type[ClientMessage], Cells]] = {
    m.Hello: _EVERYBODY,
    m.Attach: _EVERYBODY,
    m.Detach: _EVERYBODY,
    m.Ping: _EVERYBODY,
    m.GoOnline: _DRIVER,
    m.GoOffline: _DRIVER,
    m.TakeBreak: _DRIVER,
    m.GpsFix: _IN_CAR,
    m.GpsFixes: _IN_CAR,
    m.AcceptOffer: _DRIVER,
    m.DeclineOffer: _DRIVER,
    m.Arrived: _DRIVERS_TRIP,
    m.StartRide: _DRIVERS_TRIP,
    m.StartHail: _DRIVER,
    m.MeterReading: _IN_CAR,
    m.FinishRide: _DRIVERS_TRIP,
    m.DriverCancel: _DRIVERS_TRIP,
    m.MeterHired: _DEVICE,
    m.MeterVacant: _DEVICE,
    m.Collect: _DRIVERS_TRIP,
    m.AgreeOnFare: _DRIVERS_TRIP,
    m.AskWord: {"driver": Reach.PUBLIC, "device": Reach.PUBLIC, "passenger": Reach.PUBLIC},
    m.AskToday: _IN_CAR,
    m.Estimate: {"passenger": Reach.PUBLIC, "dispatcher": Reach.PUBLIC},
    m.AskRoute: {"driver": Reach.PUBLIC, "passenger": Reach.PUBLIC, "dispatcher": Reach.PUBLIC},
    m.RequestRide: _PASSENGER,
    m.CancelTrip: {"passenger": Reach.OWN_TRIP, **_DISPATCHER},
    m.Pay: {"passenger": Reach.OWN_OR_SCANNED},
    m.StopPay: {"passenger": Reach.OWN_OR_SCANNED, **_DRIVERS_TRIP, **_DISPATCHER},
    m.Rate: {"passenger": Reach.OWN_TRIP},
    m.Watch: _DISPATCHER,
    m.BookByPhone: _DISPATCHER,
    m.AssignByHand: _DISPATCHER,
    m.TakeOutOfService: _DISPATCHER,
    m.PutBackInService: _DISPATCHER,
    m.Broadcast: _DISPATCHER,
    m.SettleAlarm: _DISPATCHER,
    m.RefundTrip: _REFUNDER,
    m.SettleTrip: _REFUNDER,
}
"""Who may send what, about what. Of an ``attach`` and a ``detach``, the stream says more (:data:`STREAMS`)."""

_WHO_RIDES: Final[Cells] = {"dispatcher": Reach.PUBLIC, "passenger": Reach.PUBLIC, "driver": Reach.PUBLIC}

READS: Final[Mapping[str, Cells]] = {
    "GET /v1/city": dict.fromkeys(ROLES, Reach.PUBLIC),
    "POST /v1/places": _WHO_RIDES,
    "POST /v1/places/at": _WHO_RIDES,
    "GET /v1/trips": _DISPATCHER,
    "GET /v1/trips/{trip}": _DISPATCHER,
    "GET /v1/vehicles": _DISPATCHER,
    "GET /v1/vehicles/{vehicle}": _DISPATCHER,
    "POST /v1/search": _DISPATCHER,
    "GET /v1/alarms": _DISPATCHER,
    "GET /v1/replay": _DISPATCHER,
    "GET /v1/my/trips": {"passenger": Reach.OWN_TRIP},
    "GET /v1/my/trips/{trip}/receipt": {"passenger": Reach.OWN_TRIP},
    "POST /v1/my/trips/{trip}/share": {"passenger": Reach.OWN_TRIP},
    "GET /v1/my/shift": {"driver": Reach.SELF},
    "GET /v1/my/notices": {"driver": Reach.OWN_CAR},
}
"""Who may look up what."""

WITHOUT_TOKEN: Final = frozenset({"GET /v1/city"})
"""What may be looked up by whoever asks."""

_SENDERS: Final[Mapping[type[ClientMessage], frozenset[Role]]] = {
    kind: frozenset(cells) for kind, cells in MESSAGES.items()
}
_NOBODY: Final = frozenset[Role]()


def senders_of(kind: type[ClientMessage]) -> frozenset[Role]:
    """The roles that may send a message; none for one that is not in the table."""
    return _SENDERS.get(kind, _NOBODY)


def readers_of(address: str) -> frozenset[Role]:
    """The roles whose token opens an address (``GET /v1/trips``); none where no token is needed."""
    return _NOBODY if address in WITHOUT_TOKEN else frozenset(READS[address])


def may_follow(
    kind: Kind,
    entity_id: str,
    principal: Principal,
    *,
    passengers: Iterable[str | None] = (),
    vehicle: str | None = None,
) -> bool:
    """Whether somebody may follow one stream. Of a trip, ``passengers`` are whose it is, ``vehicle`` is its car."""
    if principal.role == "system":
        return True
    owned = {
        Reach.ANY: True,
        Reach.OWN_CAR: principal.vehicle == entity_id,
        Reach.TRIP_OF_CAR: vehicle is not None and principal.vehicle == vehicle,
        Reach.OWN_TRIP: principal.id in passengers,
        Reach.SHARED_TRIP: principal.id == entity_id,
    }
    reach = STREAMS[kind].get(principal.role)
    return reach is not None and owned.get(reach, False)


_HEAD: Final = """\
# Who may do what

Made from `dispatch/api/permissions.py` by `render_permissions_markdown()`; do not edit.

What is not in these tables is forbidden. A message of another role is answered by error 2002 and goes nowhere; what is
somebody else's by 2003, decided by the trip or car itself, or over HTTP by 404, as if it were not there. Tokens that
expired, were forged or are revoked do nothing at all ([security.md](security.md)).
"""


def render_permissions_markdown() -> str:
    """The text of ``docs/permissions.md``."""
    messages = {f"`{kind.__struct_config__.tag}`": MESSAGES[kind] for kind in get_args(FromClient)}
    streams = {f"`{kind}:…`": cells for kind, cells in STREAMS.items()}
    reads = {f"`{address}`": cells for address, cells in READS.items()}
    follow = (
        "A passenger, and a guest by a shared link, hears where a car is only through a trip that it may follow, from "
        "the accepted offer to the drop-off."
    )
    phones = (
        "A caller's phone number is told whole to the driver of the trip, and to a dispatcher with the permission "
        "`phones` who looks it up; else its last three digits."
    )
    return "\n".join(
        [
            _HEAD,
            *_table("Messages", "message", messages),
            *_table("Streams", "stream", streams),
            follow,
            "",
            *_table("What is looked up", "address", reads),
            phones,
            "",
            f"Without a token: {', '.join(f'`{each}`' for each in sorted(WITHOUT_TOKEN))}.",
            "",
        ]
    )


def _table(title: str, head: str, rows: Mapping[str, Cells]) -> Iterable[str]:
    yield from (f"## {title}", "", f"| {head} | {' | '.join(ROLES)} |", f"|---|{'---|' * len(ROLES)}")
    for name, cells in rows.items():
        told = (cells[role].value if role in cells else "—" for role in ROLES)
        yield f"| {name} | {' | '.join(told)} |"
    yield ""
