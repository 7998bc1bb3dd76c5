"""Match entries: the vehicles and trips that the matcher may match."""

import msgspec

from dispatch.values.ids import TripId, VehicleId
from dispatch.values.place import Place


class AvailableVehicle(msgspec.Struct, frozen=True):
    """A vehicle that can be offered a trip. Its position reaches the matcher with its fixes."""

    vehicle: VehicleId
    vehicle_class: str = "standard"
    seats: int = 4
    needs: tuple[str, ...] = ()
    idle_since: float = 0.0


class OpenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A trip that waits for a vehicle. ``seq`` is the number at which its stream is expected when an offer is made.

    Vehicles in ``excluded`` refused the trip and are not proposed again. The matcher sets ``max_pickup_s``.
    """

    trip: TripId
    seq: int = 0
    pickup: Place
    dropoff: Place | None = None
    vehicle_class: str = "standard"
    seats: int = 1
    needs: tuple[str, ...] = ()
    requested_at: float
    excluded: tuple[VehicleId, ...] = ()
    note: str = ""
    max_pickup_s: float = 900.0


MatchEntry = AvailableVehicle | OpenRequest
