"""A past span, told from trips' events."""

from __future__ import annotations

from dispatch.api.trip_replay import TripHistory, replay_window
from dispatch.domain.events import OfferLapsed, TripCancelled
from tests.dispatch.api.trip_replay_samples import request, ride
from tests.dispatch.domain.builders import HERE, NOON, RULES, THERE


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
