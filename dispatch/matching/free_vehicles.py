"""The free vehicles of a region as arrays. Each vehicle ever announced has one row; its handle is the row number."""

import numpy as np

from dispatch.domain.match_pool import AvailableVehicle
from dispatch.matching.category_codes import CapabilityBits, CategoryCodes
from dispatch.matching.growable_arrays import grown
from dispatch.matching.types import Bools, Floats, Ints
from dispatch.values.ids import TripId, VehicleId


class FreeVehicles:
    """Capabilities, last fix times and holds of the free vehicles.

    Positions are in the candidates' index alone. A vehicle keeps its handle forever, so that a late batch of
    positions can never move another vehicle.
    """

    def __init__(self, classes: CategoryCodes, capabilities: CapabilityBits) -> None:
        self._classes = classes
        self._capabilities = capabilities
        self._handles: dict[VehicleId, int] = {}
        self.ids: list[VehicleId] = []
        self.held_for: dict[int, TripId] = {}
        self.held_until: dict[int, float] = {}
        self.free_count = 0
        self.at = np.zeros(0)
        self.free, self.held = np.zeros(0, dtype=np.bool_), np.zeros(0, dtype=np.bool_)
        self.vehicle_class = np.zeros(0, dtype=np.int64)
        self.seats = np.zeros(0, dtype=np.int64)
        self.capabilities = np.zeros(0, dtype=np.int64)
        self._rank = np.zeros(0, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.ids)

    def handle(self, vehicle_id: VehicleId) -> int | None:
        return self._handles.get(vehicle_id)

    def announce(self, vehicle: AvailableVehicle, at: float) -> int:
        """Mark a vehicle as free. Returns its handle."""
        handle = self._handles.get(vehicle.vehicle)
        if handle is None:
            handle = self._add(vehicle.vehicle)
        self.at[handle] = at
        self.vehicle_class[handle] = self._classes.number(vehicle.vehicle_class)
        self.capabilities[handle] = self._capabilities.mask(vehicle.needs)
        self.seats[handle] = vehicle.seats
        self.free_count += not self.free[handle]
        self.free[handle] = True
        return handle

    def leave(self, handle: int) -> None:
        self.free_count -= bool(self.free[handle])
        self.free[handle] = False

    def observe(self, handles: Ints, at: Floats) -> Ints:
        """Record the fix times of free vehicles. Returns the rows of the batch that are not older than the last fix.

        If a batch holds two fixes of one vehicle, the later row counts.
        """
        known = handles < len(self.ids)
        known[known] = self.free[handles[known]] & (at[known] >= self.at[handles[known]])
        taken = np.flatnonzero(known)
        cars = handles[taken]
        self.at[cars] = at[taken]
        return taken

    def hold(self, handle: int, trip_id: TripId, until: float) -> None:
        self.held[handle] = True
        self.held_for[handle] = trip_id
        self.held_until[handle] = until

    def release(self, handle: int, trip_id: TripId | None = None) -> None:
        """End the hold; with ``trip_id``, only a hold for that trip."""
        if trip_id is None or self.held_for.get(handle) == trip_id:
            self.held[handle] = False
            self.held_for.pop(handle, None)
            self.held_until.pop(handle, None)

    def release_overdue(self, now: float) -> list[TripId]:
        """End the holds that have expired. Returns their trips, the earliest first."""
        overdue = []
        for handle, until in self.held_until.items():  # all holds last equally long, so they expire in insertion order
            if until > now:
                break
            overdue.append(handle)
        trips = [self.held_for[handle] for handle in overdue]
        for handle in overdue:
            self.release(handle)
        return trips

    def stale(self, since: float) -> Ints:
        """Handles of free vehicles without a fix at ``since`` or later."""
        return np.flatnonzero(self.free & (self.at < since))

    def fresh(self, since: float) -> Bools:
        """A mask by handle: vehicles with a fix at ``since`` or later."""
        return self.at >= since

    def rank(self) -> Ints:
        """For each handle, the position of its id in sorted order."""
        if self._rank.size != len(self.ids):
            order = sorted(range(len(self.ids)), key=self.ids.__getitem__)
            self._rank = np.empty(len(self.ids), dtype=np.int64)
            self._rank[order] = np.arange(len(self.ids))
        return self._rank

    def _add(self, vehicle_id: VehicleId) -> int:
        handle = self._handles[vehicle_id] = len(self.ids)
        self.ids.append(vehicle_id)
        size = handle + 1
        self.at = grown(self.at, size)
        self.free, self.held = grown(self.free, size), grown(self.held, size)
        self.vehicle_class, self.seats = grown(self.vehicle_class, size), grown(self.seats, size)
        self.capabilities = grown(self.capabilities, size)
        return handle
