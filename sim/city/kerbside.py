"""The place where passengers meet drivers, outside of the system."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from dispatch.values.ids import TripId, VehicleId
from dispatch.values.units import LatLng


class Rider(Protocol):
    """A passenger at the kerb. ``code``: the ride code on the phone."""

    @property
    def code(self) -> str: ...

    @property
    def destination(self) -> LatLng: ...

    def seated(self, vehicle: VehicleId, trip: TripId) -> None: ...

    def set_down(self, vehicle: VehicleId) -> None: ...

    def turned_away(self) -> None: ...


class Kerbside:
    """Pairs rider and driver of a trip, in any order of arrival."""

    def __init__(self) -> None:
        self._riders: dict[TripId, Rider] = {}
        self._drivers: dict[TripId, Callable[[Rider], None]] = {}

    def board(self, trip: TripId, rider: Rider) -> None:
        self._riders[trip] = rider
        self._meet(trip)

    def wait_for_rider(self, trip: TripId, on_rider: Callable[[Rider], None]) -> None:
        self._drivers[trip] = on_rider
        self._meet(trip)

    def leave(self, trip: TripId) -> None:
        self._riders.pop(trip, None)

    def drive_off(self, trip: TripId) -> None:
        self._drivers.pop(trip, None)

    def _meet(self, trip: TripId) -> None:
        if trip in self._riders and trip in self._drivers:
            self._drivers.pop(trip)(self._riders.pop(trip))
