"""The matcher of a region: free vehicles and open requests in, proposals out. No I/O, no clock, soft state only.

Rule 1. A vehicle or request in a proposal takes part in no other proposal until the outcome is reported or ``hold_s``
        has passed.
Rule 2. The vehicle decides. Its host accepts or rejects a proposal and reports the outcome.
Rule 3. Equal input gives equal output: requests are ordered by age and id, vehicles by id, never by a hash.
"""

import numpy as np

from dispatch.domain.match_pool import AvailableVehicle, OpenRequest
from dispatch.matching.candidates import Candidates
from dispatch.matching.category_codes import CapabilityBits, CategoryCodes
from dispatch.matching.cost import MS
from dispatch.matching.exact_assignment import Assigner, exact
from dispatch.matching.explain import NEAREST_KEPT, RequestNotes, RequestReasons, VehicleNotes, VehicleReasons
from dispatch.matching.free_vehicles import FreeVehicles
from dispatch.matching.open_requests import OpenRequests, WaitingRequests
from dispatch.matching.types import Floats, Ints, MatcherSettings, Proposal, Window, WindowStats
from dispatch.matching.window import WindowResult, WindowSearch, no_pairs
from dispatch.values.ids import TripId, VehicleId
from dispatch.values.units import CityTime

REFUSED = ("declined", "expired", "withdrawn")
"""Outcomes after which the same vehicle is not proposed to the same trip again."""
NOT_FREE = ("busy", "taken", "offline")
"""Outcomes of a vehicle that is not free: it takes part again after its host announces it."""


class RegionMatcher:
    """Matches the requests of one region with the vehicles in its view.

    ``assign`` is the assignment rule: exact, unless a comparison passes another.
    """

    def __init__(
        self,
        candidates: Candidates,
        settings: MatcherSettings | None = None,
        assign: Assigner = exact,
    ) -> None:
        self._settings = settings or MatcherSettings()
        self._assign = assign
        self._candidates = candidates
        classes, capabilities = CategoryCodes(), CapabilityBits()
        self._fleet = FreeVehicles(classes, capabilities)
        self._book = OpenRequests(classes, capabilities)
        self._excluded: dict[TripId, tuple[VehicleId, ...]] = {}
        self._request_notes = RequestNotes(self._fleet, self._settings)
        self._vehicle_notes = VehicleNotes(self._settings)
        self._now = CityTime(0.0)
        self.wants_window_now = False
        """True if the runtime should hold a window immediately: a lone request was opened, or a proposal failed."""

    # Cars

    def car_free(self, vehicle: AvailableVehicle, lat: float, lng: float, at: CityTime) -> int:
        """Add a vehicle that may be offered trips, at the position of its last fix. Idempotent.

        Returns its handle for :meth:`cars_moved`.
        """
        handle = self._fleet.announce(vehicle, at)
        held_for = self._fleet.held_for.get(handle)
        if held_for is not None and held_for not in self._book:
            self._fleet.release(handle)
        self._candidates.put(handle, lat, lng)
        self._vehicle_notes.free(handle, max(at, self._now))
        return handle

    def car_gone(self, vehicle_id: VehicleId, reason: str) -> None:
        """Remove a vehicle. ``reason`` is kept for explanations; an unknown vehicle is ignored."""
        handle = self._fleet.handle(vehicle_id)
        if handle is not None:
            self._leave(handle, reason)

    def cars_moved(self, handles: Ints, lat: Floats, lng: Floats, at: Floats) -> int:
        """Update positions, one fix per row; degrees and city time. Returns the number of fixes used.

        Fixes of vehicles that are not free, and fixes older than the last one, are ignored.
        """
        taken = self._fleet.observe(handles, at)
        if taken.size:
            self._candidates.move(handles[taken], lat[taken], lng[taken])
        return int(taken.size)

    # Requests

    def request_open(self, request: OpenRequest, *, owned: bool = True) -> None:
        """Add a request, or replace it with a newer ``seq``.

        ``owned`` is false for a request of a neighbouring region near the border. It is matched, so that this
        region's requests leave it its vehicle, but never proposed from here.
        """
        self.wants_window_now |= owned and self._book.waiting_count == 0
        self._excluded.pop(request.trip, None)
        if request.excluded:
            self._excluded[request.trip] = request.excluded
        self._request_notes.opened(self._book.open(request, owned=owned))

    def request_closed(self, trip_id: TripId) -> None:
        """Remove a request. A vehicle held for it stays held until its host reports, or the hold expires."""
        slot = self._book.slot(trip_id)
        if slot is not None:
            self._request_notes.settled([trip_id], np.array([slot]))
            self._book.close(trip_id)
            self._excluded.pop(trip_id, None)

    # Outcomes

    def proposal_taken(self, trip_id: TripId, vehicle_id: VehicleId) -> None:
        """Remove trip and vehicle after an acceptance.

        In production the hosts' next match update removes both; simulations and benches call this directly.
        """
        handle = self._fleet.handle(vehicle_id)
        if handle is not None:
            self._fleet.release(handle, trip_id)
            self._leave(handle, "on a trip")
        self.request_closed(trip_id)

    def proposal_failed(self, trip_id: TripId, vehicle_id: VehicleId, reason: str) -> None:
        """Release trip and vehicle after a failed proposal. After a refusal, the pair is not proposed again."""
        handle = self._fleet.handle(vehicle_id)
        if handle is not None:
            self._fleet.release(handle, trip_id)
            if reason in NOT_FREE:
                self._leave(handle, reason)
        if trip_id not in self._book:
            return
        if reason in REFUSED:
            before = self._excluded.get(trip_id, ())
            self._excluded[trip_id] = (*before, vehicle_id)
        self._book.release(trip_id)
        self.wants_window_now = True

    # Windows

    def window(self, now: CityTime) -> Window:
        """Match waiting requests with free vehicles at city time ``now``."""
        self._now = now
        self.wants_window_now = False
        for trip_id in self._fleet.release_overdue(now):
            self._book.release(trip_id)
        waiting = self._book.waiting()
        if not waiting.owned.any() or not self._fleet.free_count:
            return self._idle_window(waiting)
        search = WindowSearch(
            waiting=waiting,
            fleet=self._fleet,
            candidates=self._candidates,
            excluded=self._excluded_pairs(waiting),
            settings=self._settings,
            now=now,
        )
        found = search.run(self._assign)
        free = self._fleet.free_count
        self._note(search, found, waiting)
        proposals = self._propose(found, waiting)
        stats = WindowStats(
            waiting=len(waiting),
            free=free,
            pairs=found.allowed,
            rounds=found.rounds,
            widest=found.widest,
            proven=found.proven,
            cost_s=float(found.cost.sum()) / MS,
        )
        return Window(proposals, stats)

    # Questions

    @property
    def waiting_count(self) -> int:
        """The number of own requests that wait and are not held for a proposal."""
        return self._book.waiting_count

    @property
    def free_count(self) -> int:
        return self._fleet.free_count

    def handle(self, vehicle_id: VehicleId) -> int | None:
        return self._fleet.handle(vehicle_id)

    def request(self, trip_id: TripId) -> OpenRequest | None:
        """An open request, also while it is held."""
        slot = self._book.slot(trip_id)
        return None if slot is None else self._book.requests[slot]

    def why_request(self, trip_id: TripId) -> RequestReasons | None:
        """Why a trip got its vehicle or none, from its last window; None for an unknown trip."""
        return self._request_notes.reasons(trip_id, self._book.slot(trip_id))

    def why_vehicle(self, vehicle_id: VehicleId) -> VehicleReasons | None:
        """A vehicle's recent time by cause; None if it was never announced."""
        handle = self._fleet.handle(vehicle_id)
        if handle is None:
            return None
        return VehicleReasons(vehicle_id, self._vehicle_notes.spans(handle, self._now))

    def _leave(self, handle: int, reason: str) -> None:
        if self._fleet.free[handle]:
            self._fleet.leave(handle)
            self._candidates.remove(handle)
            self._vehicle_notes.gone(handle, self._now, reason)

    def _excluded_pairs(self, waiting: WaitingRequests) -> Ints:
        """``row * len(fleet) + handle`` of each pair that was refused before."""
        if not self._excluded:
            return np.zeros(0, dtype=np.int64)
        pairs = []
        for row, slot in enumerate(waiting.slot.tolist()):
            for vehicle_id in self._excluded.get(self._book.requests[slot].trip, ()):
                handle = self._fleet.handle(vehicle_id)
                if handle is not None:
                    pairs.append(row * len(self._fleet) + handle)
        return np.array(pairs, dtype=np.int64)

    def _propose(self, found: WindowResult, waiting: WaitingRequests) -> tuple[Proposal, ...]:
        rows = np.flatnonzero((found.chosen >= 0) & waiting.owned)
        pairs = found.chosen[rows]
        cars, pickup_s = found.judged.car[pairs], found.judged.pickup_s[pairs]
        slots = waiting.slot[rows]
        requests = [self._book.requests[slot] for slot in slots.tolist()]
        self._request_notes.settled([request.trip for request in requests], slots)
        chosen = zip(requests, cars.tolist(), pickup_s.tolist(), (found.cost[rows] / MS).tolist(), strict=True)
        return tuple(self._hold(*pair) for pair in chosen)

    def _hold(self, request: OpenRequest, car: int, pickup_s: float, cost_s: float) -> Proposal:
        self._fleet.hold(car, request.trip, self._now + self._settings.hold_s)
        self._book.hold(request.trip)
        return Proposal(request.trip, request.seq, self._fleet.ids[car], pickup_s, cost_s)

    def _note(self, search: WindowSearch, found: WindowResult, waiting: WaitingRequests) -> None:
        """Keep the reasons. Unserved rows with a truncated list are examined again for their 50 nearest vehicles."""
        judged = found.judged
        self._vehicle_notes.window(self._now, self._fleet, self._stale(), judged)
        asked = self._settings.candidates
        if asked < min(NEAREST_KEPT, self._fleet.free_count):
            listed = np.bincount(judged.row, minlength=len(waiting))
            short = np.flatnonzero((found.chosen < 0) & (listed == asked))
            if short.size:
                again = search.look_for_reasons(short, NEAREST_KEPT)
                judged = judged.where(~np.isin(judged.row, short)).then(again)
        self._request_notes.window(self._now, self._fleet.free_count, judged, waiting.slot)

    def _idle_window(self, waiting: WaitingRequests) -> Window:
        self._vehicle_notes.window(self._now, self._fleet, self._stale(), None)
        self._request_notes.window(self._now, self._fleet.free_count, no_pairs(), waiting.slot)
        return Window((), WindowStats(waiting=len(waiting), free=self._fleet.free_count))

    def _stale(self) -> Ints:
        return self._fleet.stale(self._now - self._settings.stale_after_s)
