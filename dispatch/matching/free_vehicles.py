"""The free cars of a region in arrays, one row for each car ever seen; its handle is the row's number."""

from __future__ import annotations

import numpy as np

from dispatch.matching.category_codes import Bits, Vocabulary
from dispatch.matching.growable_arrays import grown
from dispatch.matching.types import Bools, Floats, FreeCar, Ints
from dispatch.values.ids import TripId, VehicleId


class Fleet:
    """Where the cars are, what they can do, and who is held for a proposal.

    A vehicle keeps its handle for good, so that a late batch of positions can never move another car.
    """

    def __init__(self, classes: Vocabulary, capabilities: Bits) -> None:
        self._classes = classes
        self._capabilities = capabilities
        self._handles: dict[VehicleId, int] = {}
        self.ids: list[VehicleId] = []
        self.held_for: dict[int, TripId] = {}
        self.held_until: dict[int, float] = {}
        self.free_count = 0
        self.lat, self.lng, self.at = np.zeros(0), np.zeros(0), np.zeros(0)
        self.free, self.held = np.zeros(0, dtype=np.bool_), np.zeros(0, dtype=np.bool_)
        self.vehicle_class = np.zeros(0, dtype=np.int64)
        self.seats = np.zeros(0, dtype=np.int64)
        self.capabilities = np.zeros(0, dtype=np.int64)
        self._rank = np.zeros(0, dtype=np.int64)
        self._by_rank = np.zeros(0, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.ids)

    def handle(self, vehicle_id: VehicleId) -> int | None:
        """The car's handle, None for a car never announced."""
        return self._handles.get(vehicle_id)

    def announce(self, car: FreeCar) -> int:
        """A car is free; returns its handle."""
        handle = self._handles.get(car.vehicle_id)
        if handle is None:
            handle = self._add(car.vehicle_id)
        self.lat[handle], self.lng[handle], self.at[handle] = car.lat, car.lng, car.at
        self.vehicle_class[handle] = self._classes.number(car.vehicle_class)
        self.capabilities[handle] = self._capabilities.mask(car.capabilities)
        self.seats[handle] = car.seats
        self.free_count += not self.free[handle]
        self.free[handle] = True
        return handle

    def leave(self, handle: int) -> None:
        """The car is free no more."""
        self.free_count -= bool(self.free[handle])
        self.free[handle] = False

    def move(self, handles: Ints, lat: Floats, lng: Floats, at: Floats) -> Ints:
        """Take over newer fixes of free cars; returns the positions in the batch that were taken.

        Of two fixes of one car in a batch the later row counts.
        """
        known = handles < len(self.ids)
        known[known] = self.free[handles[known]] & (at[known] >= self.at[handles[known]])
        taken = np.flatnonzero(known)
        cars = handles[taken]
        self.lat[cars], self.lng[cars], self.at[cars] = lat[taken], lng[taken], at[taken]
        return taken

    def hold(self, handle: int, trip_id: TripId, until: float) -> None:
        """The car is proposed to a trip."""
        self.held[handle] = True
        self.held_for[handle] = trip_id
        self.held_until[handle] = until

    def release(self, handle: int, trip_id: TripId | None = None) -> None:
        """The hold ends; with ``trip_id`` only if it was for that trip."""
        if trip_id is None or self.held_for.get(handle) == trip_id:
            self.held[handle] = False
            self.held_for.pop(handle, None)
            self.held_until.pop(handle, None)

    def release_overdue(self, now: float) -> list[TripId]:
        """End the holds that have run out; returns their trips, the earliest first."""
        overdue = []
        for handle, until in self.held_until.items():  # holds last equally long, so the first ends first
            if until > now:
                break
            overdue.append(handle)
        trips = [self.held_for[handle] for handle in overdue]
        for handle in overdue:
            self.release(handle)
        return trips

    def stale(self, since: float) -> Ints:
        """Handles of free cars without a fix at ``since`` or later."""
        return np.flatnonzero(self.free & (self.at < since))

    def fresh(self, since: float) -> Bools:
        """Which cars had a fix at ``since`` or later."""
        return self.at >= since

    def rank(self) -> Ints:
        """For each handle the place of its id among all ids in order."""
        self._rank_ids()
        return self._rank

    def by_rank(self) -> Ints:
        """For each place the handle that has it."""
        self._rank_ids()
        return self._by_rank

    def _rank_ids(self) -> None:
        if self._by_rank.size == len(self.ids):
            return
        self._by_rank = np.array(sorted(range(len(self.ids)), key=self.ids.__getitem__), dtype=np.int64)
        self._rank = np.empty(len(self.ids), dtype=np.int64)
        self._rank[self._by_rank] = np.arange(len(self.ids))

    def _add(self, vehicle_id: VehicleId) -> int:
        handle = self._handles[vehicle_id] = len(self.ids)
        self.ids.append(vehicle_id)
        size = handle + 1
        self.lat, self.lng, self.at = grown(self.lat, size), grown(self.lng, size), grown(self.at, size)
        self.free, self.held = grown(self.free, size), grown(self.held, size)
        self.vehicle_class, self.seats = grown(self.vehicle_class, size), grown(self.seats, size)
        self.capabilities = grown(self.capabilities, size)
        return handle
