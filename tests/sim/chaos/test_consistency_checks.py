"""The checks find each kind of violation, and nothing else."""

from __future__ import annotations

from dispatch.domain.commands import VehicleProfile
from dispatch.domain.events import OfferAccepted, OfferExpired, OfferLapsed, ShiftEnded, TripAssigned
from sim.chaos.consistency_checks import (
    OfferOutcome,
    contradictory_outcomes,
    lagging_streams,
    missing_from_journal,
    outcome_of,
)

WRITTEN = {"trip:t1": {1: "trip_requested", 2: "trip_offered"}}


def test_what_was_told_stands_in_the_journal() -> None:
    """Apps need not have been delivered all of it."""
    assert missing_from_journal({"trip:t1": {2: "trip_offered"}}, WRITTEN) == []


def test_told_and_not_written() -> None:
    """Another event at that number, a number that is not there, a stream that is not there."""
    delivered = {"trip:t1": {2: "trip_assigned", 3: "driver_arrived"}, "trip:t2": {1: "trip_requested"}}

    assert missing_from_journal(delivered, WRITTEN) == [
        "trip:t1 2: trip_assigned was delivered, the journal has trip_offered",
        "trip:t1 3: driver_arrived was delivered, the journal has nothing",
        "trip:t2 1: trip_requested was delivered, the journal has nothing",
    ]


def test_an_app_that_was_not_told_the_end() -> None:
    """Numbers have no gap, and yet something is missing. Who is ahead of an older look is not lagging_streams."""
    heads = {"vehicle:V1": 7, "vehicle:V2": 7, "vehicle:V3": 7}

    assert lagging_streams(heads, {"vehicle:V1": 7, "vehicle:V2": 9, "vehicle:V3": 6}, heads) == [
        "vehicle:V3: the app is at 6, the journal was at 7 before"
    ]
    assert len(lagging_streams(heads, {}, ["vehicle:V1"])) == 1
    assert lagging_streams(heads, {}, ["vehicle:never-signed-on"]) == []


def test_what_events_say_of_offers() -> None:
    """On the vehicle's side and on the trip's."""
    profile = VehicleProfile(plate="P1", driver="D1", driver_name="Ana")
    assert outcome_of(OfferExpired(at=0.0, offer="o1")) == OfferOutcome("o1", "vehicle", "expired")
    assert outcome_of(OfferAccepted(at=0.0, offer="o1", trip="t1", trip_seq=3)) == OfferOutcome(
        "o1", "vehicle", "accepted"
    )
    assert outcome_of(OfferLapsed(at=0.0, vehicle="V1", offer="o1", outcome="declined")) == OfferOutcome(
        "o1", "trip", "declined"
    )
    assigned = TripAssigned(at=0.0, vehicle="V1", offer="o1", profile=profile, eta_at=0.0)
    assert outcome_of(assigned) == OfferOutcome("o1", "trip", "accepted")
    assert outcome_of(ShiftEnded(at=0.0)) is None


def test_an_offer_ends_once() -> None:
    """Both sides say the same, or one of them says nothing yet, or calls it by another name that is no accept."""
    accepted = [OfferOutcome("o1", "vehicle", "accepted"), OfferOutcome("o1", "trip", "accepted")]
    declined = [
        OfferOutcome("o2", "vehicle", "declined"),
        OfferOutcome("o2", "trip", "withdrawn"),
        OfferOutcome("o3", "trip", "expired"),
    ]

    assert contradictory_outcomes([*accepted, *declined]) == []


def test_an_offer_with_two_ends() -> None:
    """Twice on one side, or an accept that the other side does not know."""
    twice = [OfferOutcome("o1", "vehicle", "expired"), OfferOutcome("o1", "vehicle", "expired")]
    torn = [OfferOutcome("o2", "vehicle", "accepted"), OfferOutcome("o2", "trip", "expired")]

    assert [line.split(":")[0] for line in contradictory_outcomes([*twice, *torn])] == ["o1", "o2"]
