"""A recorded ride, shared by tests of replays."""

from __future__ import annotations

from dispatch.api.trip_replay import TripHistory
from dispatch.domain.entity import Event
from dispatch.domain.events import DriverArrived, TripAssigned, TripOffered, TripRequested, TripStarted
from dispatch.values.place import Place
from tests.dispatch.domain.builders import HERE, NOON, PROFILE, THERE


def request(at: float, dropoff: Place | None = THERE) -> TripRequested:
    return TripRequested(at=at, passenger="P1", origin="app", pickup=HERE, code="4711", by="P1", dropoff=dropoff)


def ride(trip: str, start: float = NOON) -> TripHistory:
    """A trip that is offered after 10 s, assigned after 20, its car there after 90, and begun after 100."""
    events: list[Event] = [
        request(start),
        TripOffered(at=start + 10, vehicle="V1", offer="o1", expires_at=start + 25),
        TripAssigned(at=start + 20, vehicle="V1", offer="o1", profile=PROFILE, eta_at=start + 90),
        DriverArrived(at=start + 90, vehicle="V1"),
        TripStarted(at=start + 100, vehicle="V1"),
    ]
    return TripHistory(trip, events)
