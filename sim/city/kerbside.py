"""Where passengers meet drivers: the physical world, of which the system knows nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from dispatch.values.ids import TripId, VehicleId
from dispatch.values.units import LatLng


class Rider(Protocol):
    """Somebody who gets into a car."""

    @property
    def code(self) -> str:
        """The ride code that the rider's phone shows, to be told to the driver."""
        ...

    @property
    def destination(self) -> LatLng:
        """Where the rider asks to be driven."""
        ...

    def seated(self, vehicle: VehicleId, trip: TripId) -> None:
        """The ride begins."""
        ...

    def set_down(self, vehicle: VehicleId) -> None:
        """The ride is over; the car's QR code is in view."""
        ...

    def turned_away(self) -> None:
        """The driver cannot take a walk-up passenger after all."""
        ...


class Kerbside:
    """Riders and drivers of one trip find each other, whichever comes first."""

    def __init__(self) -> None:
        self._riders: dict[TripId, Rider] = {}
        self._drivers: dict[TripId, Callable[[Rider], None]] = {}

    def board(self, trip: TripId, rider: Rider) -> None:
        """The rider is at the kerb."""
        self._riders[trip] = rider
        self._meet(trip)

    def wait_for_rider(self, trip: TripId, on_rider: Callable[[Rider], None]) -> None:
        """The driver waits at the kerb."""
        self._drivers[trip] = on_rider
        self._meet(trip)

    def leave(self, trip: TripId) -> None:
        """The rider goes away."""
        self._riders.pop(trip, None)

    def drive_off(self, trip: TripId) -> None:
        """The driver goes away."""
        self._drivers.pop(trip, None)

    def _meet(self, trip: TripId) -> None:
        if trip in self._riders and trip in self._drivers:
            self._drivers.pop(trip)(self._riders.pop(trip))
