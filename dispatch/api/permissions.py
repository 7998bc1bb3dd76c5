"""Permissions: which roles may send which message and read which address. Anything not listed here is forbidden.

Access to streams is in :mod:`dispatch.domain.stream_access`. The gateway's session rejects by role, entities reject by
ownership, both by these tables; ``docs/permissions.md`` is generated from them, and a test walks every cell over a
socket.
"""

from collections.abc import Mapping
from typing import Final, get_args

from dispatch.api import client_messages as m
from dispatch.api.client_messages import ClientMessage
from dispatch.domain.stream_access import DEVICE, DISPATCHER, DRIVER, IN_CAR, Cells, Reach
from dispatch.values.roles import Role

ROLES: Final[tuple[Role, ...]] = get_args(Role)

_EVERYBODY: Final[Cells] = dict.fromkeys(ROLES, Reach.SELF)
_DRIVERS_TRIP: Final[Cells] = {"driver": Reach.TRIP_OF_CAR}
_REFUNDER: Final[Cells] = {"dispatcher": Reach.WITH_REFUND}
_PASSENGER: Final[Cells] = {"passenger": Reach.SELF}


MESSAGES: Final[Mapping[type[ClientMessage], Cells]] = {
    m.Hello: _EVERYBODY,
    m.Attach: _EVERYBODY,
    m.Detach: _EVERYBODY,
    m.Ping: _EVERYBODY,
    m.StartShift: DRIVER,
    m.EndShift: DRIVER,
    m.StartBreak: DRIVER,
    m.GpsFix: IN_CAR,
    m.GpsFixes: IN_CAR,
    m.AcceptOffer: DRIVER,
    m.DeclineOffer: DRIVER,
    m.ArriveAtPickup: _DRIVERS_TRIP,
    m.StartRide: _DRIVERS_TRIP,
    m.StartHail: DRIVER,
    m.ReportMeter: IN_CAR,
    m.FinishRide: _DRIVERS_TRIP,
    m.ReturnTrip: _DRIVERS_TRIP,
    m.MeterHired: DEVICE,
    m.MeterVacant: DEVICE,
    m.Collect: _DRIVERS_TRIP,
    m.AgreeFare: _DRIVERS_TRIP,
    m.AskWord: {"driver": Reach.PUBLIC, "device": Reach.PUBLIC, "passenger": Reach.PUBLIC},
    m.AskToday: IN_CAR,
    m.Estimate: {"passenger": Reach.PUBLIC, "dispatcher": Reach.PUBLIC},
    m.AskRoute: {"driver": Reach.PUBLIC, "passenger": Reach.PUBLIC, "dispatcher": Reach.PUBLIC},
    m.RequestRide: _PASSENGER,
    m.CancelTrip: {"passenger": Reach.OWN_TRIP, **DISPATCHER},
    m.PayFare: {"passenger": Reach.OWN_OR_SCANNED},
    m.StopPay: {"passenger": Reach.OWN_OR_SCANNED, **_DRIVERS_TRIP, **DISPATCHER},
    m.Rate: {"passenger": Reach.OWN_TRIP},
    m.Watch: DISPATCHER,
    m.BookByPhone: DISPATCHER,
    m.AssignManually: DISPATCHER,
    m.TakeOutOfService: DISPATCHER,
    m.ReturnToService: DISPATCHER,
    m.Broadcast: DISPATCHER,
    m.SettleAlarm: DISPATCHER,
    m.RefundTrip: _REFUNDER,
    m.SettleTrip: _REFUNDER,
}
"""Senders of each message. ``attach`` and ``detach`` are further limited by stream (``stream_access.STREAMS``)."""

_APP_USERS: Final[Cells] = {"dispatcher": Reach.PUBLIC, "passenger": Reach.PUBLIC, "driver": Reach.PUBLIC}

READS: Final[Mapping[str, Cells]] = {
    "GET /v1/city": dict.fromkeys(ROLES, Reach.PUBLIC),
    "POST /v1/places": _APP_USERS,
    "POST /v1/places/at": _APP_USERS,
    "GET /v1/trips": DISPATCHER,
    "GET /v1/trips/{trip}": DISPATCHER,
    "GET /v1/vehicles": DISPATCHER,
    "GET /v1/vehicles/{vehicle}": DISPATCHER,
    "POST /v1/search": DISPATCHER,
    "GET /v1/alarms": DISPATCHER,
    "GET /v1/replay": DISPATCHER,
    "GET /v1/my/trips": {"passenger": Reach.OWN_TRIP},
    "GET /v1/my/trips/{trip}/receipt": {"passenger": Reach.OWN_TRIP},
    "POST /v1/my/trips/{trip}/share": {"passenger": Reach.OWN_TRIP},
    "GET /v1/my/shift": {"driver": Reach.SELF},
    "GET /v1/my/notices": {"driver": Reach.OWN_CAR},
}
"""Readers of each HTTP address."""

WITHOUT_TOKEN: Final = frozenset({"GET /v1/city"})
"""Public addresses."""

_SENDERS: Final[Mapping[type[ClientMessage], frozenset[Role]]] = {
    kind: frozenset(cells) for kind, cells in MESSAGES.items()
}
_NONE: Final = frozenset[Role]()


def senders_of(kind: type[ClientMessage]) -> frozenset[Role]:
    """The roles that may send a message; empty for a message outside the table."""
    return _SENDERS.get(kind, _NONE)


def readers_of(address: str) -> frozenset[Role]:
    """The roles that may read an address (``GET /v1/trips``); empty for a public address."""
    return _NONE if address in WITHOUT_TOKEN else frozenset(READS[address])
