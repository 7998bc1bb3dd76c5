"""The open requests of a region as arrays. Each request has a slot, which is reused after it is closed."""

from bisect import bisect_left, insort
from dataclasses import dataclass

import numpy as np

from dispatch.domain.match_pool import OpenRequest
from dispatch.matching.candidates import PickupPoints
from dispatch.matching.category_codes import CapabilityBits, CategoryCodes
from dispatch.matching.growable_arrays import grown
from dispatch.matching.types import Bools, Floats, Ints
from dispatch.values.ids import TripId


@dataclass(frozen=True, slots=True)
class WaitingRequests:
    """The requests of one window, oldest first (then by trip id): parallel arrays with one row per request."""

    slot: Ints
    places: PickupPoints
    requested_at: Floats
    max_pickup_s: Floats
    vehicle_class: Ints
    needs: Ints
    seats: Ints
    owned: Bools

    def __len__(self) -> int:
        return len(self.slot)


class OpenRequests:
    """Requests that wait, and requests that are held while they have a pending proposal."""

    def __init__(self, classes: CategoryCodes, capabilities: CapabilityBits) -> None:
        self._classes = classes
        self._capabilities = capabilities
        self._slots: dict[TripId, int] = {}
        self._vacant: list[int] = []
        self._order: list[tuple[float, TripId, int]] = []
        self._waiting_slots: Ints | None = None
        self.requests: list[OpenRequest] = []
        self._place = np.zeros((0, 2))
        self._times = np.zeros((0, 2))
        self._traits = np.zeros((0, 3), dtype=np.int64)
        self._owned = np.zeros(0, dtype=np.bool_)
        self._owned_waiting = 0

    def __contains__(self, trip_id: TripId) -> bool:
        return trip_id in self._slots

    @property
    def waiting_count(self) -> int:
        return self._owned_waiting

    def slot(self, trip_id: TripId) -> int | None:
        return self._slots.get(trip_id)

    def open(self, request: OpenRequest, *, owned: bool) -> int:
        """Add a waiting request, or replace an open one. Returns its slot."""
        self.close(request.trip)
        slot = self._vacant.pop() if self._vacant else self._add(request)
        self._slots[request.trip] = slot
        self.requests[slot] = request
        self._place[slot] = request.pickup.lat, request.pickup.lng
        self._times[slot] = request.requested_at, request.max_pickup_s
        self._traits[slot] = (
            self._classes.number(request.vehicle_class),
            self._capabilities.mask(request.needs),
            request.seats,
        )
        self._owned[slot] = owned
        self._enter(slot)
        return slot

    def close(self, trip_id: TripId) -> None:
        """Remove a request; an unknown one is ignored."""
        slot = self._slots.pop(trip_id, None)
        if slot is not None:
            self._leave(slot)
            self._vacant.append(slot)

    def hold(self, trip_id: TripId) -> None:
        """Exclude the request from windows until it is released."""
        self._leave(self._slots[trip_id])

    def release(self, trip_id: TripId) -> None:
        slot = self._slots.get(trip_id)
        if slot is not None:
            self._leave(slot)
            self._enter(slot)

    def waiting(self) -> WaitingRequests:
        if self._waiting_slots is None:
            self._waiting_slots = np.fromiter((entry[2] for entry in self._order), np.int64, len(self._order))
        slot = self._waiting_slots
        place, times, traits = self._place[slot], self._times[slot], self._traits[slot]
        return WaitingRequests(
            slot=slot,
            places=PickupPoints(place[:, 0], place[:, 1]),
            requested_at=times[:, 0],
            max_pickup_s=times[:, 1],
            vehicle_class=traits[:, 0],
            needs=traits[:, 1],
            seats=traits[:, 2],
            owned=self._owned[slot],
        )

    def _entry(self, slot: int) -> tuple[float, TripId, int]:
        request = self.requests[slot]
        return request.requested_at, request.trip, slot

    def _enter(self, slot: int) -> None:
        insort(self._order, self._entry(slot))
        self._owned_waiting += bool(self._owned[slot])
        self._waiting_slots = None

    def _leave(self, slot: int) -> None:
        entry = self._entry(slot)
        at = bisect_left(self._order, entry)
        if at < len(self._order) and self._order[at] == entry:
            del self._order[at]
            self._owned_waiting -= bool(self._owned[slot])
            self._waiting_slots = None

    def _add(self, request: OpenRequest) -> int:
        slot = len(self.requests)
        self.requests.append(request)
        self._place, self._times = grown(self._place, slot + 1), grown(self._times, slot + 1)
        self._traits, self._owned = grown(self._traits, slot + 1), grown(self._owned, slot + 1)
        return slot
