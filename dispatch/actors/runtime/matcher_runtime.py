"""Runs a matcher on asyncio: applies updates from hosts, holds windows, and sends proposals to vehicles as offers.

All its state is soft. Hosts send it again to a matcher that has restarted, which they notice by the incarnation in its
replies. The vehicle decides: an offer that it refuses is reported to the matcher as a failed proposal.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

import msgspec
import numpy as np
import structlog

from dispatch.actors.core.protocol import Envelope, HostsUnavailableError, MatcherPosition, Quote, Refused, Reply
from dispatch.actors.runtime.match_feed import MatchUpdate
from dispatch.clock import Clock
from dispatch.domain.commands import MakeOffer, encode_command
from dispatch.domain.entity import SYSTEM, EntityKey
from dispatch.domain.errors import ErrorCode
from dispatch.domain.match_pool import AvailableVehicle, OpenRequest
from dispatch.geo.travel_time import TravelTime
from dispatch.matching.candidates import Candidates, PickupPoints
from dispatch.matching.matcher import RegionMatcher
from dispatch.matching.regions import Regions
from dispatch.matching.types import MatcherSettings, Proposal
from dispatch.observability.metrics import Metrics
from dispatch.processes.task_set import TaskSet
from dispatch.values.ids import TripId, VehicleId
from dispatch.values.units import CityTime, LatLng

log = structlog.get_logger()

FAILED_AS: Final = {
    ErrorCode.VEHICLE_NOT_FREE: "busy",
    ErrorCode.UNKNOWN_VEHICLE: "offline",
    ErrorCode.VEHICLE_UNSUITABLE: "declined",
}
QUOTE_CANDIDATES: Final = 8
DEFAULT_RESOLUTION: Final = 9
IDLE_POLL_S: Final = 0.25
"""Longest wall time between windows if windows are held at once."""


class MatcherParts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that differs between matchers, and between production and simulation. Seconds are city time."""

    name: str
    incarnation: str
    clock: Clock
    metrics: Metrics
    travel_time: TravelTime
    settings: MatcherSettings
    send: Callable[[Envelope], Awaitable[Reply]]
    """Sends a command to an entity."""
    window_s: float
    max_pickup_s: float
    h3_resolution: int = DEFAULT_RESOLUTION
    region: int = 0
    regions: Regions | None = None


class MatcherRuntime:
    """Runs one region's matcher."""

    def __init__(self, parts: MatcherParts, matcher: RegionMatcher, candidates: Candidates) -> None:
        self._parts = parts
        self._matcher = matcher
        self._candidates = candidates
        self._clock = parts.clock
        self._without_position: dict[str, AvailableVehicle] = {}
        """Vehicles that enter the matcher with their next position."""
        self._wake = asyncio.Event()
        self._offers = TaskSet()

    def update(self, update: MatchUpdate) -> None:
        for key, reason in update.gone:
            self._remove(EntityKey.parse(key), reason)
        for car in update.cars:
            self._without_position[car.vehicle] = car
        for trip in update.trips:
            self._open(trip)
        self._move(update.moved)
        if self._matcher.wants_window_now or (self._parts.window_s == 0 and self._matcher.waiting_count):
            self._wake.set()

    def _remove(self, key: EntityKey, reason: str) -> None:
        if key.kind == "vehicle":
            self._without_position.pop(key.id, None)
            self._matcher.car_gone(VehicleId(key.id), reason)
        else:
            self._matcher.request_closed(TripId(key.id))

    def _open(self, trip: OpenRequest) -> None:
        pickup = LatLng(trip.pickup.lat, trip.pickup.lng)
        owned = True
        if self._parts.regions is not None:
            if self._parts.region not in self._parts.regions.seen_by(pickup):
                return
            owned = self._parts.regions.owner(pickup) == self._parts.region
        request = msgspec.structs.replace(trip, max_pickup_s=self._parts.max_pickup_s)
        self._matcher.request_open(request, owned=owned)

    def _move(self, cars: Sequence[MatcherPosition]) -> None:
        """Apply positions. The matcher ignores those of vehicles that are not available."""
        known = []
        for car in cars:
            entry = self._without_position.pop(car.vehicle, None)
            if entry is not None:
                self._matcher.car_free(entry, car.lat, car.lng, CityTime(car.at))
            elif (handle := self._matcher.handle(VehicleId(car.vehicle))) is not None:
                known.append((handle, car.lat, car.lng, car.at))
        if known:
            rows = np.array(known, dtype=np.float64)
            self._matcher.cars_moved(rows[:, 0].astype(np.int64), rows[:, 1], rows[:, 2], rows[:, 3])

    async def run(self) -> None:
        """Hold windows until cancelled: every ``window_s`` of city time, and at once if the matcher requests one."""
        wall_s = self._parts.window_s / self._clock.speed if self._parts.window_s else IDLE_POLL_S
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(wall_s):
                    await self._wake.wait()
            self._wake.clear()
            try:
                self._hold_window()
            except Exception:
                log.exception("matching window failed")

    def _hold_window(self) -> None:
        began = self._clock.wall()
        window = self._matcher.window(self._clock.city())
        metrics, region = self._parts.metrics, str(self._parts.region)
        metrics.matcher_window_seconds.labels(region).observe(self._clock.wall() - began)
        metrics.matcher_waiting.labels(region).set(window.stats.waiting)
        metrics.proposals.labels(region).inc(len(window.proposals))
        for proposal in window.proposals:
            self._offers.spawn(self._offer(proposal))

    async def _offer(self, proposal: Proposal) -> None:
        trip = self._matcher.request(proposal.trip_id)
        if trip is None:
            self._matcher.proposal_failed(proposal.trip_id, proposal.vehicle_id, "closed")
            return
        name = f"{trip.trip}.{proposal.trip_seq}.{proposal.vehicle_id}"
        command = MakeOffer(
            offer=name,
            trip=trip.trip,
            trip_seq=proposal.trip_seq,
            pickup=trip.pickup,
            pickup_s=proposal.pickup_s,
            dropoff=trip.dropoff,
            vehicle_class=trip.vehicle_class,
            seats=trip.seats,
            needs=trip.needs,
            note=trip.note,
        )
        envelope = Envelope(
            f"vehicle:{proposal.vehicle_id}", f"offer:{name}", SYSTEM, encode_command(command), keep=False
        )
        try:
            reply = await self._parts.send(envelope)
        except HostsUnavailableError:
            self._matcher.proposal_failed(proposal.trip_id, proposal.vehicle_id, "no answer")
            return
        if isinstance(reply, Refused):
            self._refused(proposal, reply)

    def _refused(self, proposal: Proposal, reply: Refused) -> None:
        log.info("offer refused", trip=proposal.trip_id, vehicle=proposal.vehicle_id, code=reply.code)
        changed = reply.code == ErrorCode.TRIP_CHANGED
        reason = "changed" if changed else FAILED_AS.get(ErrorCode(reply.code), "refused")
        self._matcher.proposal_failed(proposal.trip_id, proposal.vehicle_id, reason)
        trip = self._matcher.request(proposal.trip_id)
        if changed and trip is not None and trip.seq == proposal.trip_seq:
            self._remove(EntityKey("trip", proposal.trip_id), "changed")

    def quote(self, pickup: LatLng, dropoff: LatLng, at: CityTime) -> Quote:
        route = self._parts.travel_time.route(pickup, dropoff, at)
        return Quote(route.seconds, route.meters, self._pickup_s(pickup, at))

    def _pickup_s(self, pickup: LatLng, at: CityTime) -> float | None:
        places = PickupPoints(np.array([pickup.lat]), np.array([pickup.lng]))
        near = self._candidates.nearest(places, QUOTE_CANDIDATES)
        if not near.car.size:
            return None
        return float(self._candidates.pickup_s(places, near.row, near.car, at).min())

    def why(self, kind: str, entity_id: str) -> object:
        if kind == "trip":
            return self._matcher.why_request(TripId(entity_id))
        return self._matcher.why_vehicle(VehicleId(entity_id))
