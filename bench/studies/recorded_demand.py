"""A city's recorded demand on a virtual clock, hours in seconds, through the real matcher.

Cars wait where they dropped off and never refuse; a passenger gives up after ``patience_s`` without a car. Windows
are held every ``window_s`` while requests wait, and at once for a request that finds no other waiting. The travel-time
port gives the durations of rides and pick-ups. Only the cars' first places are random: the same demand and seed give
the same outcome.
"""

import heapq
from collections import deque

import msgspec
import numpy as np

from dispatch.domain.match_pool import AvailableVehicle, OpenRequest
from dispatch.geo.index.vehicle_index import VehicleIndex
from dispatch.geo.travel_time import TravelTime
from dispatch.matching.candidates import CityCandidates
from dispatch.matching.exact_assignment import Assigner, exact
from dispatch.matching.matcher import RegionMatcher
from dispatch.matching.types import Ints, MatcherSettings, Proposal
from dispatch.values.ids import TripId, VehicleId
from dispatch.values.place import Place
from dispatch.values.units import CityTime, LatLng
from sim.demand.recorded_demand import Trips


def select_trips(trips: Trips, keep: Ints) -> Trips:
    return Trips(
        trips.pickup_at[keep],
        trips.pickup_lat[keep],
        trips.pickup_lng[keep],
        trips.dropoff_lat[keep],
        trips.dropoff_lng[keep],
    )


def trips_on_map(trips: Trips, travel_time: TravelTime) -> Trips:
    begins = travel_time.anchor(trips.pickup_lat, trips.pickup_lng).node >= 0
    ends = travel_time.anchor(trips.dropoff_lat, trips.dropoff_lng).node >= 0
    return select_trips(trips, np.flatnonzero(begins & ends))


class ReplaySetup(msgspec.Struct, frozen=True, kw_only=True):
    """City seconds. ``max_pickup_s``: the longest pick-up."""

    cars: int
    seed: int = 1
    window_s: float = 2.0
    patience_s: float = 300.0
    max_pickup_s: float = 900.0


class ReplayOutcome(msgspec.Struct, frozen=True):
    """Service of the passengers and use of the cars; seconds are means over the served requests.

    ``wait_s`` runs from the request to the car's arrival. ``empty_s`` is the cars' time without a passenger,
    waiting and driving, divided by the trips.
    """

    requests: int
    served: int
    wait_s: float
    wait_p90_s: float
    pickup_s: float
    empty_s: float

    @property
    def share(self) -> float:
        return self.served / max(1, self.requests)


class CityReplay:
    """One replay. ``demand`` is on the map; its pick-up times are the times of the requests."""

    def __init__(
        self,
        demand: Trips,
        travel_time: TravelTime,
        setup: ReplaySetup,
        *,
        settings: MatcherSettings | None = None,
        assign: Assigner = exact,
        matcher: RegionMatcher | None = None,
    ) -> None:
        self._demand = demand
        self._travel_time = travel_time
        self._setup = setup
        standing = msgspec.structs.replace(settings or MatcherSettings(), stale_after_s=np.inf)
        self._matcher = matcher or RegionMatcher(CityCandidates(VehicleIndex(), travel_time), standing, assign)
        self._begins = travel_time.anchor(demand.pickup_lat, demand.pickup_lng)
        self._ends = travel_time.anchor(demand.dropoff_lat, demand.dropoff_lng)
        self._rides: list[tuple[float, VehicleId, LatLng]] = []
        self._patience: deque[tuple[float, TripId]] = deque()
        self._next = 0
        self._number: dict[TripId, int] = {}
        self._waits: list[tuple[float, float, float]] = []

    def run(self) -> ReplayOutcome:
        start = float(self._demand.pickup_at[0]) if len(self._demand) else 0.0
        if len(self._demand):
            self._place_cars(start)
        tick = start
        while self._next < len(self._demand) or self._matcher.waiting_count:
            now = self._next_moment(tick)
            self._advance(now)
            if self._matcher.wants_window_now or now >= tick:
                self._match(now)
            if now >= tick:
                tick = now + self._setup.window_s
        return self._outcome(start)

    def _next_moment(self, tick: float) -> float:
        arrival = float(self._demand.pickup_at[self._next]) if self._next < len(self._demand) else np.inf
        return min(tick, arrival) if self._matcher.waiting_count else arrival

    def _advance(self, now: float) -> None:
        while self._rides and self._rides[0][0] <= now:
            at, vehicle_id, place = heapq.heappop(self._rides)
            self._free(vehicle_id, place, at)
        while self._patience and self._patience[0][0] <= now:
            self._matcher.request_closed(self._patience.popleft()[1])
        while self._next < len(self._demand) and self._demand.pickup_at[self._next] <= now:
            self._request(self._next)
            self._next += 1

    def _request(self, number: int) -> None:
        trip_id = TripId(f"T{number:06}")
        at = float(self._demand.pickup_at[number])
        self._number[trip_id] = number
        self._patience.append((at + self._setup.patience_s, trip_id))
        self._matcher.request_open(
            OpenRequest(
                trip=trip_id,
                pickup=Place(float(self._demand.pickup_lat[number]), float(self._demand.pickup_lng[number])),
                requested_at=at,
                max_pickup_s=self._setup.max_pickup_s,
            )
        )

    def _match(self, now: float) -> None:
        for proposal in self._matcher.window(CityTime(now)).proposals:
            self._take(proposal, now)

    def _take(self, proposal: Proposal, now: float) -> None:
        self._matcher.proposal_taken(proposal.trip_id, proposal.vehicle_id)
        number = self._number.pop(proposal.trip_id)
        index = np.array([number])
        boarding = now + proposal.pickup_s
        ride_s = float(self._travel_time.pairs(self._begins, self._ends, index, index, CityTime(boarding))[0])
        place = LatLng(float(self._demand.dropoff_lat[number]), float(self._demand.dropoff_lng[number]))
        heapq.heappush(self._rides, (boarding + ride_s, proposal.vehicle_id, place))
        self._waits.append((boarding - float(self._demand.pickup_at[number]), proposal.pickup_s, ride_s))

    def _place_cars(self, at: float) -> None:
        rng = np.random.default_rng(self._setup.seed)
        for car, number in enumerate(rng.integers(0, len(self._demand), self._setup.cars).tolist()):
            place = LatLng(float(self._demand.pickup_lat[number]), float(self._demand.pickup_lng[number]))
            self._free(VehicleId(f"V{car:05}"), place, at)

    def _free(self, vehicle_id: VehicleId, place: LatLng, at: float) -> None:
        self._matcher.car_free(AvailableVehicle(vehicle_id), place.lat, place.lng, CityTime(at))

    def _outcome(self, start: float) -> ReplayOutcome:
        waits = np.array(self._waits).reshape(-1, 3)
        served = len(waits)
        if not served:
            return ReplayOutcome(len(self._demand), 0, 0.0, 0.0, 0.0, 0.0)
        span = float(self._demand.pickup_at[-1]) - start
        return ReplayOutcome(
            requests=len(self._demand),
            served=served,
            wait_s=float(waits[:, 0].mean()),
            wait_p90_s=float(np.quantile(waits[:, 0], 0.9)),
            pickup_s=float(waits[:, 1].mean()),
            empty_s=max(0.0, (self._setup.cars * span - float(waits[:, 2].sum())) / served),
        )
