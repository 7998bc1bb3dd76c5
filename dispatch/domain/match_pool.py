"""What vehicles and trips show to the matcher: cars that may be offered a trip, and trips that look for one."""

from __future__ import annotations

import msgspec

from dispatch.values.place import Place


class AvailableVehicle(msgspec.Struct, frozen=True):
    """A vehicle that may be offered a trip. Its position goes to the matcher on the way of the fixes."""

    vehicle: str
    vehicle_class: str
    seats: int
    needs: tuple[str, ...]
    idle_since: float


class OpenRequest(msgspec.Struct, frozen=True):
    """A trip that looks for a car. ``seq`` is the number its stream must stand at when an offer is made."""

    trip: str
    seq: int
    pickup: Place
    dropoff: Place | None
    vehicle_class: str
    seats: int
    needs: tuple[str, ...]
    requested_at: float
    excluded: tuple[str, ...]
    note: str = ""


MatchEntry = AvailableVehicle | OpenRequest
