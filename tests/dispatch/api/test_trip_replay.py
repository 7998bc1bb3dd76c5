"""A past span, told from trips' events."""

from __future__ import annotations

from dispatch.api.trip_replay import TripHistory, replay_window
from dispatch.domain.entity import Event
from dispatch.domain.events import (
    DriverArrived,
    OfferLapsed,
    TripAssigned,
    TripCancelled,
    TripOffered,
    TripRequested,
    TripStarted,
)
from dispatch.values.place import Place
from tests.dispatch.domain.builders import HERE, NOON, PROFILE, RULES, THERE


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


def test_a_trip_that_began_before_is_open() -> None:
    """As it was then; what came later is told as moments, in order."""
    moments, opened = replay_window([ride("t1")], NOON + 15, NOON + 95, RULES)
    assert [(view.trip, view.state, view.eta_at) for view in opened] == [("t1", "offered", None)]
    assert [(moment.event, moment.state, moment.at - NOON) for moment in moments] == [
        ("trip_assigned", "assigned", 20.0),
        ("driver_arrived", "arrived", 90.0),
    ]
    assert all(moment.pickup is None for moment in moments)


def test_a_trip_that_begins_in_the_span_tells_its_places_once() -> None:
    """At the first moment; the ends of the span belong to it."""
    moments, opened = replay_window([ride("t1")], NOON, NOON + 20, RULES)
    assert opened == []
    assert [(moment.pickup, moment.dropoff, moment.vehicle) for moment in moments] == [
        (HERE, THERE, None),
        (None, None, "V1"),
        (None, None, "V1"),
    ]


def test_an_offer_that_lapsed_names_its_car() -> None:
    """Although the trip has none any more."""
    lapsed = OfferLapsed(at=NOON + 25, vehicle="V1", offer="o1", outcome="expired")
    past = TripHistory("t1", [*ride("t1").events[:2], lapsed])
    moments, _ = replay_window([past], NOON + 20, NOON + 30, RULES)
    assert [(moment.event, moment.state, moment.vehicle) for moment in moments] == [("offer_lapsed", "matching", "V1")]


def test_trips_are_woven_together() -> None:
    """Moments of all trips by time; a trip that was over before, or was asked for later, is not there."""
    over = TripHistory("t0", [request(NOON - 50), TripCancelled(at=NOON - 40, by="P1", reason="late")])
    moments, opened = replay_window(
        [over, ride("t1"), ride("t2", NOON + 5), ride("t3", NOON + 500)], NOON - 1, NOON + 16, RULES
    )
    assert opened == []
    assert [(moment.trip, moment.event) for moment in moments] == [
        ("t1", "trip_requested"),
        ("t2", "trip_requested"),
        ("t1", "trip_offered"),
        ("t2", "trip_offered"),
    ]
