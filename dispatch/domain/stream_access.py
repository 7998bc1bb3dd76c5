"""Access to streams: which role may follow which trip or vehicle, and how far that reaches."""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final

from dispatch.domain.entity import Kind, Principal
from dispatch.values.roles import Role


class Reach(Enum):
    """How far a permission reaches. The values are the texts of ``docs/permissions.md``."""

    SELF = "own connection and profile"
    PUBLIC = "public data"
    OWN_CAR = "own signed-in vehicle"
    TRIP_OF_CAR = "trip of the signed-in vehicle"
    OWN_TRIP = "own trip"
    OWN_OR_SCANNED = "own trip, or the trip in the vehicle whose code was scanned"
    SHARED_TRIP = "the shared trip"
    ANY = "all"
    WITH_REFUND = "all, with the permission `refund`"


Cells = Mapping[Role, Reach]

DRIVER: Final[Cells] = {"driver": Reach.OWN_CAR}
DEVICE: Final[Cells] = {"device": Reach.OWN_CAR}
IN_CAR: Final[Cells] = {**DRIVER, **DEVICE}
DISPATCHER: Final[Cells] = {"dispatcher": Reach.ANY}

STREAMS: Final[Mapping[Kind, Cells]] = {
    "vehicle": {**IN_CAR, **DISPATCHER},
    "trip": {
        "driver": Reach.TRIP_OF_CAR,
        "device": Reach.TRIP_OF_CAR,
        "passenger": Reach.OWN_TRIP,
        "guest": Reach.SHARED_TRIP,
        **DISPATCHER,
    },
    "payment": {},
}
"""Which roles may follow which streams. Passengers and guests receive a vehicle's position only through the trip, from
the accepted offer to the drop-off."""

SEES_CAR_OF_TRIP: Final[frozenset[Role]] = frozenset({"passenger", "guest"})
"""Roles that receive the vehicle's position through a trip that they follow, and no other vehicle's position."""


def may_follow(
    kind: Kind,
    entity_id: str,
    principal: Principal,
    *,
    passengers: Iterable[str | None] = (),
    vehicle: str | None = None,
) -> bool:
    """Whether the principal may follow a stream. For a trip, pass its ``passengers`` and its ``vehicle``."""
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
