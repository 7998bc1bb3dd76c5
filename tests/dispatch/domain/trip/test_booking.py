"""Requests, matching, cancellation and rating of a trip."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.commands import (
    AssignManually,
    CancelTrip,
    DeclineOffer,
    FinishRide,
    RateRide,
    ReleaseFromTrip,
    RequestTrip,
    ReturnTrip,
    StartMatching,
    WithdrawOffer,
    decode_command,
)
from dispatch.domain.entity import ActiveAssignment, Principal
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.domain.events import CancelledWithFee
from dispatch.values.money import Money
from tests.dispatch.domain.builders import CODE, DISPATCHER, DRIVER, HERE, PASSENGER, RULES, Stage, pay
from tests.dispatch.domain.trip.trip_samples import STRANGER, on_trip


def test_request_is_matched_at_once() -> None:
    """A ride for now looks for a car, and gives up in time."""
    stage = Stage().requested()

    assert stage.trip.state == "matching"
    assert stage.dues["give_up"].at == stage.now + RULES.give_up_s
    listing = stage.trip.match_entry()
    assert listing is not None
    assert (listing.trip, listing.seq, listing.requested_at) == ("t1", 1, stage.now)


def test_request_answers_with_trip_and_code() -> None:
    """The passenger learns the trip's id and the ride code."""
    stage = Stage()

    decision = stage.decide(stage.trip, RequestTrip("P1", "app", HERE, CODE), PASSENGER)

    assert decision.reply == {"trip": "t1", "code": CODE}


def test_reservation_waits_for_its_lead() -> None:
    """A ride for later is reserved; its timer comes a lead before, and giving up counts from the pick-up."""
    stage = Stage()
    at = stage.now + 7200
    stage.requested(pickup_at=at)

    assert (stage.trip.state, stage.trip.match_entry()) == ("reserved", None)
    assert stage.dues["begin_matching"].at == at - RULES.reservation_lead_s
    stage.now = at - RULES.reservation_lead_s
    stage.deliver("begin_matching")
    assert stage.trip.state == "matching"
    assert stage.dues["give_up"].at == at + RULES.give_up_s
    listing = stage.trip.match_entry()
    assert listing is not None
    assert listing.requested_at == at


def test_ride_for_soon_is_matched_at_once() -> None:
    """A pick-up within the lead is no reservation."""
    stage = Stage()
    stage.requested(pickup_at=stage.now + 600)

    assert stage.trip.state == "matching"
    assert stage.dues["give_up"].at == stage.now + 600 + RULES.give_up_s


def test_pickup_in_the_past_is_refused() -> None:
    """Nobody can be picked up yesterday."""
    stage = Stage()
    request = RequestTrip("P1", "app", HERE, CODE, pickup_at=stage.now - 1)

    assert stage.refused(stage.trip, request, PASSENGER) is ErrorCode.PICKUP_IN_PAST


def test_second_request_of_the_same_trip_is_refused() -> None:
    """A trip is wished for once."""
    stage = Stage().requested()

    assert stage.refused(stage.trip, RequestTrip("P1", "app", HERE, CODE), PASSENGER) is ErrorCode.TRIP_EXISTS


def test_begin_matching_again_changes_nothing() -> None:
    """A timer that comes twice does nothing the second time."""
    stage = Stage().requested()

    assert stage.decide(stage.trip, StartMatching()).events == ()


def test_unserved_when_nobody_was_found() -> None:
    """After its time a trip that still looks for a car ends, and it is counted."""
    stage = Stage().requested()
    stage.now = stage.dues["give_up"].at

    decision = stage.deliver("give_up")

    assert (stage.trip.state, stage.dues) == ("unserved", {})
    assert [signal.name for signal in decision.notices] == ["trip_unserved"]


def test_giving_up_waits_for_a_driver_who_is_involved() -> None:
    """While a car is offered or comes, the timer only goes on; a trip given back counts anew."""
    stage = Stage().assigned()
    stage.now = stage.dues["give_up"].at
    stage.deliver("give_up")
    assert (stage.trip.state, stage.dues["give_up"].at) == ("assigned", stage.now + RULES.give_up_s)

    stage.now += 200
    stage.send(stage.car, ReturnTrip("t1", "flat tyre"), DRIVER)
    since = stage.now
    stage.now = stage.dues["give_up"].at
    stage.deliver("give_up")

    assert (stage.trip.state, stage.dues["give_up"].at) == ("matching", since + RULES.give_up_s)


def test_giving_up_ends_with_the_ride() -> None:
    """A ride under way needs no such timer."""
    stage = on_trip()

    decision = stage.deliver("give_up")

    assert (decision.events, decision.put) == ((), ())


@pytest.mark.parametrize("principal", [PASSENGER, DISPATCHER])
def test_cancel_while_matching(principal: Principal) -> None:
    """The passenger or a dispatcher ends the search; the timers go with it."""
    stage = Stage().requested()

    stage.send(stage.trip, CancelTrip("late"), principal)

    assert (stage.trip.state, stage.trip.data.cancelled_by, stage.dues) == ("cancelled", principal.role, {})


@pytest.mark.parametrize("principal", [STRANGER, DRIVER])
def test_cancel_by_others_is_refused(principal: Principal) -> None:
    """Somebody else's trip cannot be cancelled; a driver gives back instead."""
    stage = Stage().assigned()

    assert stage.refused(stage.trip, CancelTrip("x"), principal) is ErrorCode.NOT_YOURS


def test_cancel_while_offered_withdraws_the_offer() -> None:
    """The car that has the offer is told."""
    stage = Stage().offered()

    decision = stage.send(stage.trip, CancelTrip("late"), PASSENGER)

    (due,) = decision.put
    assert due.target == "vehicle:V1"
    assert decode_command(due.command) == WithdrawOffer("t1", "late")
    assert decision.releases == []
    stage.deliver(due.name)
    assert (stage.car.state, stage.trip.state) == ("idle", "cancelled")


def test_cancel_within_the_grace_is_free() -> None:
    """The driver is released, the claim with it, and nothing is to be paid."""
    stage = Stage().assigned()

    decision = stage.send(stage.trip, CancelTrip("late"), PASSENGER)

    (due,) = decision.put
    assert decode_command(due.command) == ReleaseFromTrip("t1", "late")
    assert decision.releases == [ActiveAssignment("V1", "t1")]
    stage.deliver(due.name)
    assert (stage.car.state, stage.trip.state, stage.trip.data.fare) == ("idle", "cancelled", None)


def test_cancel_after_the_grace_costs_the_tariffs_fee() -> None:
    """The fee is a fare like any other: due, and payable."""
    stage = Stage().assigned()
    stage.now += 301

    decision = stage.send(stage.trip, CancelTrip("late"), PASSENGER)

    assert isinstance(decision.events[0], CancelledWithFee)
    assert (stage.trip.state, stage.trip.data.fare) == ("fare_due", Money(500, "USD"))
    stage.send(stage.trip, pay(), PASSENGER)
    assert stage.trip.state == "paying"


@given(waited_s=st.integers(0, 900), agreed=st.none() | st.integers(0, 1_000))
def test_a_cancel_never_costs_more_than_was_agreed(waited_s: int, agreed: int | None) -> None:
    """The fee is within what was agreed to; else the refusal names it, nothing happened, and agreeing to it helps."""
    stage = Stage().assigned()
    stage.now += waited_s
    fee = Money(500, "USD") if waited_s >= RULES.tariff.cancellation.after_s else None
    if fee is None or agreed is None or agreed >= fee.minor:
        stage.send(stage.trip, CancelTrip("late", agreed), PASSENGER)
        assert stage.trip.data.fare == fee
        return
    with pytest.raises(DispatchError) as refused:
        stage.send(stage.trip, CancelTrip("late", agreed), PASSENGER)
    assert (refused.value.code, refused.value.amount) == (ErrorCode.FEE_AGREED_TOO_LOW, fee)
    assert stage.trip.state == "assigned"
    stage.send(stage.trip, CancelTrip("late", fee.minor), PASSENGER)
    assert stage.trip.data.fare == fee


def test_a_dispatcher_agrees_to_nothing() -> None:
    """A dispatcher's cancel is free, so no limit is ever too low for it."""
    stage = Stage().assigned()
    stage.now += 301

    stage.send(stage.trip, CancelTrip("no car", 0), DISPATCHER)

    assert stage.trip.state == "cancelled"


def test_dispatchers_cancel_is_free() -> None:
    """Only a passenger's own cancel costs."""
    stage = Stage().assigned()
    stage.now += 301

    stage.send(stage.trip, CancelTrip("no car"), DISPATCHER)

    assert stage.trip.state == "cancelled"


def test_ride_under_way_cannot_be_cancelled() -> None:
    """It has to be driven to its end."""
    stage = on_trip()

    assert stage.refused(stage.trip, CancelTrip("x"), PASSENGER) is ErrorCode.TRIP_ILLEGAL_MOVE


def test_cancel_of_an_ended_trip_is_refused() -> None:
    """What has ended stays as it ended."""
    stage = Stage().requested()
    stage.send(stage.trip, CancelTrip("late"), PASSENGER)

    assert stage.refused(stage.trip, CancelTrip("again"), PASSENGER) is ErrorCode.TRIP_ENDED


def test_hand_pick_answers_with_what_the_offer_needs() -> None:
    """The number in the answer is the one the trip's stream stands at after it, so that the offer fits."""
    stage = Stage().on_shift().requested()

    decision = stage.send(stage.trip, AssignManually("V1"), DISPATCHER)

    assert decision.reply is not None
    assert (decision.reply["trip_seq"], stage.trip.seq, stage.trip.state) == (2, 2, "matching")
    stage.send(stage.car, stage.offer(), DISPATCHER)
    assert (stage.trip.state, stage.trip.data.vehicle) == ("offered", "V1")


def test_hand_pick_is_the_dispatchers() -> None:
    """Nobody else picks."""
    stage = Stage().requested()

    assert stage.refused(stage.trip, AssignManually("V1"), PASSENGER) is ErrorCode.NOT_ALLOWED


def test_hand_pick_of_a_trip_that_does_not_wait_is_refused() -> None:
    """An offer is open already."""
    stage = Stage().offered()

    assert stage.refused(stage.trip, AssignManually("V2"), DISPATCHER) is ErrorCode.TRIP_ILLEGAL_MOVE


def test_declined_car_is_left_out() -> None:
    """The trip is matched again without the car that declined."""
    stage = Stage().offered()

    stage.send(stage.car, DeclineOffer("o1"), DRIVER)

    listing = stage.trip.match_entry()
    assert listing is not None
    assert (listing.excluded, listing.seq) == (("V1",), 3)


def test_rate_once_after_the_ride() -> None:
    """The passenger gives stars, once, and only for a ride that was driven."""
    stage = on_trip()
    assert stage.refused(stage.trip, RateRide(5), PASSENGER) is ErrorCode.TRIP_ILLEGAL_MOVE
    stage.send(stage.car, FinishRide("t1"), DRIVER)

    assert stage.refused(stage.trip, RateRide(5), STRANGER) is ErrorCode.NOT_YOURS
    stage.send(stage.trip, RateRide(5, "fine"), PASSENGER)
    assert (stage.trip.data.stars, stage.trip.state) == (5, "fare_due")
    assert stage.refused(stage.trip, RateRide(4), PASSENGER) is ErrorCode.ALREADY_RATED


def test_cancellation_is_no_ride_to_rate() -> None:
    """A fee alone earns no stars."""
    stage = Stage().assigned()
    stage.now += 301
    stage.send(stage.trip, CancelTrip("late"), PASSENGER)

    assert stage.refused(stage.trip, RateRide(1), PASSENGER) is ErrorCode.TRIP_ILLEGAL_MOVE
