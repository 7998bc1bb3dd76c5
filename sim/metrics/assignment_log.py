"""Assignments of trips to vehicles from the apps' point of view, and double assignments.

Rule: an assignment begins when the driver's app receives the confirmation of its accept. It ends when the app asks to
finish or to return the trip, or learns that the trip ended. If the server refuses the request, the assignment never
ended. Two assignments of one trip, or of one vehicle, at the same time are a double assignment.
"""

from __future__ import annotations

from typing import NamedTuple

from dispatch.values.ids import TripId, VehicleId


class DriverAssignment(NamedTuple):
    """City times; ``until`` is None before the end."""

    trip: TripId
    vehicle: VehicleId
    since: float
    until: float | None


class AssignmentLog:
    """All assignments of a run, in the order of the confirmations."""

    def __init__(self) -> None:
        self._ended: list[DriverAssignment] = []
        self._trips: dict[VehicleId, dict[TripId, float]] = {}
        self._vehicles: dict[TripId, dict[VehicleId, float]] = {}
        self._let_go: dict[tuple[TripId, VehicleId], float] = {}
        self.doubles: list[tuple[TripId, VehicleId]] = []
        self.trips_ever: set[TripId] = set()

    def assigned(self, trip: TripId, vehicle: VehicleId, at: float) -> None:
        """The driver's app was informed of the trip. Repeats have no effect."""
        trips = self._trips.setdefault(vehicle, {})
        if trip in trips:
            return
        vehicles = self._vehicles.setdefault(trip, {})
        if trips or vehicles:
            self.doubles.append((trip, vehicle))
        self.trips_ever.add(trip)
        trips[trip] = vehicles[vehicle] = at

    def let_go(self, trip: TripId, vehicle: VehicleId, at: float) -> None:
        since = self._trips.get(vehicle, {}).pop(trip, None)
        if since is None:
            return
        self._vehicles[trip].pop(vehicle)
        if not self._vehicles[trip]:
            del self._vehicles[trip]
        self._let_go[trip, vehicle] = since
        self._ended.append(DriverAssignment(trip, vehicle, since, at))

    def restored(self, trip: TripId, vehicle: VehicleId) -> None:
        """The request to end the assignment was refused: it never ended."""
        since = self._let_go.pop((trip, vehicle), None)
        if since is None:
            return
        self._ended = [a for a in self._ended if (a.trip, a.vehicle, a.since) != (trip, vehicle, since)]
        self.assigned(trip, vehicle, since)

    def all(self) -> list[DriverAssignment]:
        """Ended assignments first, then those that last."""
        lasting = [
            DriverAssignment(trip, vehicle, since, None)
            for vehicle, trips in self._trips.items()
            for trip, since in trips.items()
        ]
        return [*self._ended, *lasting]

    @property
    def lasting(self) -> int:
        return sum(map(len, self._trips.values()))
