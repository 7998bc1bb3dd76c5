"""Match entries: the vehicles and trips that the matcher may match."""

from __future__ import annotations

import msgspec

from dispatch.values.place import Place


class AvailableVehicle(msgspec.Struct, frozen=True):
    """A vehicle that can be offered a trip. Its position reaches the matcher with its fixes."""

    vehicle: str
    vehicle_class: str
    seats: int
    needs: tuple[str, ...]
    idle_since: float


class OpenRequest(msgspec.Struct, frozen=True):
    """A trip that waits for a vehicle. ``seq`` is the number at which its stream is expected when an offer is made."""

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
