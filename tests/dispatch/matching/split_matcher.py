"""Several matchers behind the interface of one, in one process, for tests of regions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec
import numpy as np

from dispatch.domain.match_pool import AvailableVehicle, OpenRequest
from dispatch.matching.growable_arrays import grown
from dispatch.matching.matcher import RegionMatcher
from dispatch.matching.regions import Regions
from dispatch.matching.types import Floats, Ints, Proposal, Window, WindowStats
from dispatch.values.ids import TripId, VehicleId
from dispatch.values.units import CityTime, LatLng
from tests.dispatch.matching.builders import PositionedVehicle


class SplitMatcher:
    """Several matchers behind the interface of one, in one process; each car stands for its vehicle's host.

    Where the matchers run apart, the hosts do what this class does: route by :class:`Regions`, take the first
    proposal, tell the others.
    """

    def __init__(self, regions: Regions, make_matcher: Callable[[], RegionMatcher]) -> None:
        self._regions = regions
        self._matchers = [make_matcher() for _ in range(regions.count)]
        self._cars: list[PositionedVehicle] = []
        self._handles: dict[VehicleId, int] = {}
        self._told: list[tuple[int, ...]] = []
        self._inner = np.zeros((0, regions.count), dtype=np.int64)
        self._requests: dict[TripId, OpenRequest] = {}

    @property
    def wants_window_now(self) -> bool:
        """Whether any region does."""
        return any(matcher.wants_window_now for matcher in self._matchers)

    @property
    def waiting_count(self) -> int:
        """Requests that wait, in all regions."""
        return sum(matcher.waiting_count for matcher in self._matchers)

    def car_free(self, vehicle: AvailableVehicle, lat: float, lng: float, at: CityTime) -> int:
        """Tell the matchers that see the car; returns its handle for :meth:`cars_moved`."""
        car = PositionedVehicle(vehicle, lat, lng, at)
        handle = self._handles.get(vehicle.vehicle)
        if handle is None:
            handle = self._handles[vehicle.vehicle] = len(self._cars)
            self._cars.append(car)
            self._told.append(())
            self._inner = grown(self._inner, handle + 1)
        self._cars[handle] = car
        self._tell(handle, self._regions.seen_by(LatLng(car.lat, car.lng)), self._matchers_all())
        return handle

    def car_gone(self, vehicle_id: VehicleId, reason: str) -> None:
        """Tell the matchers that saw it."""
        handle = self._handles.get(vehicle_id)
        if handle is not None:
            self._withdraw(handle, self._told[handle], reason)
            self._told[handle] = ()

    def cars_moved(self, handles: Ints, lat: Floats, lng: Floats, at: Floats) -> int:
        """Pass fixes on to the matchers that see each car; a car that crosses into a band is announced there."""
        for handle, y, x, when in zip(handles.tolist(), lat.tolist(), lng.tolist(), at.tolist(), strict=True):
            sight = self._regions.seen_by(LatLng(y, x))
            self._cars[handle] = self._cars[handle]._replace(lat=y, lng=x, at=CityTime(when))
            if self._told[handle] and self._told[handle] != sight:
                known = self._told[handle]
                self._withdraw(handle, [number for number in known if number not in sight], "left the band")
                self._tell(handle, sight, [number for number in sight if number not in known])
        counted = np.zeros(handles.size, dtype=np.bool_)
        for number, matcher in enumerate(self._matchers):
            rows = np.flatnonzero([number in self._told[handle] for handle in handles.tolist()])
            matcher.cars_moved(self._inner[handles[rows], number], lat[rows], lng[rows], at[rows])
            counted[rows] = True
        return int(counted.sum())

    def request_open(self, request: OpenRequest) -> None:
        """The owner of the pick-up's cell looks for a car; the others that see the pick-up know."""
        self._requests[request.trip] = request
        self._matchers[self._regions.owner(_point(request))].request_open(request)
        self._show(request)

    def request_closed(self, trip_id: TripId) -> None:
        """Everyone who knew the trip forgets it."""
        request = self._requests.pop(trip_id, None)
        if request is not None:
            self._hide(request)
            self._matchers[self._regions.owner(_point(request))].request_closed(trip_id)

    def proposal_taken(self, trip_id: TripId, vehicle_id: VehicleId) -> None:
        """The car accepted: it is gone everywhere."""
        request = self._requests.get(trip_id)
        if request is not None:
            self._matchers[self._regions.owner(_point(request))].proposal_taken(trip_id, vehicle_id)
        self.request_closed(trip_id)
        self.car_gone(vehicle_id, "on a trip")

    def proposal_failed(self, trip_id: TripId, vehicle_id: VehicleId, reason: str) -> None:
        """The car will not come: it is free again for the others that see it, and so is the trip."""
        request = self._requests.get(trip_id)
        if request is not None:
            self._matchers[self._regions.owner(_point(request))].proposal_failed(trip_id, vehicle_id, reason)
            again = msgspec.structs.replace(request, excluded=(*request.excluded, vehicle_id))
            self._requests[trip_id] = again
            self._show(again)
        handle = self._handles.get(vehicle_id)
        if handle is not None and self._told[handle]:
            car = self._cars[handle]
            sight = self._regions.seen_by(LatLng(car.lat, car.lng))
            self._tell(handle, sight, [number for number in sight if number not in self._told[handle]])

    def window(self, now: CityTime) -> Window:
        """All regions' windows side by side; whoever lost a car to another tries again until nobody has."""
        taken: dict[VehicleId, Proposal] = {}
        stats = []
        turn: list[int] = list(self._matchers_all())
        while turn:
            windows = [(number, self._matchers[number].window(now)) for number in turn]
            stats += [window.stats for _, window in windows]
            turn = self._decide(windows, taken)
        cost_s = sum(proposal.cost_s for proposal in taken.values())
        return Window(tuple(taken.values()), _together(stats, cost_s))

    def _decide(self, windows: Iterable[tuple[int, Window]], taken: dict[VehicleId, Proposal]) -> list[int]:
        """Each vehicle takes its first proposal; returns the regions that lost one."""
        losers = []
        for number, window in windows:
            for proposal in window.proposals:
                if proposal.vehicle_id in taken:
                    self._matchers[number].proposal_failed(proposal.trip_id, proposal.vehicle_id, "taken")
                    losers.append(number)
                    continue
                taken[proposal.vehicle_id] = proposal
                handle = self._handles[proposal.vehicle_id]
                others = [other for other in self._told[handle] if other != number]
                self._told[handle] = (number,)
                self._withdraw(handle, others, "offered elsewhere")
                self._hide(self._requests[proposal.trip_id])
        return sorted(set(losers))

    def _show(self, request: OpenRequest) -> None:
        """Tell the neighbours of a request near their border."""
        owner = self._regions.owner(_point(request))
        for number in self._regions.seen_by(_point(request)):
            if number != owner:
                self._matchers[number].request_open(request, owned=False)

    def _hide(self, request: OpenRequest) -> None:
        """The neighbours need not leave it a car any more."""
        owner = self._regions.owner(_point(request))
        for number in self._regions.seen_by(_point(request)):
            if number != owner:
                self._matchers[number].request_closed(request.trip)

    def _matchers_all(self) -> range:
        return range(len(self._matchers))

    def _tell(self, handle: int, sight: tuple[int, ...], whom: Iterable[int]) -> None:
        for number in whom:
            if number in sight:
                self._inner[handle, number] = self._matchers[number].car_free(*self._cars[handle])
        self._told[handle] = sight

    def _withdraw(self, handle: int, whom: Iterable[int], reason: str) -> None:
        for number in whom:
            self._matchers[number].car_gone(self._cars[handle].vehicle.vehicle, reason)


def _together(stats: Sequence[WindowStats], cost_s: float) -> WindowStats:
    return WindowStats(
        waiting=sum(one.waiting for one in stats),
        free=sum(one.free for one in stats),
        pairs=sum(one.pairs for one in stats),
        rounds=sum(one.rounds for one in stats),
        widest=max((one.widest for one in stats), default=0),
        proven=all(one.proven for one in stats),
        cost_s=cost_s,
    )


def _point(request: OpenRequest) -> LatLng:
    return LatLng(request.pickup.lat, request.pickup.lng)
