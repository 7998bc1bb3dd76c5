"""What a trip decides: who may ask for what, and what follows."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.commands import (
    ArriveAtPickup,
    AssignManually,
    CancelTrip,
    DeclineOffer,
    FinishRide,
    GetFare,
    GiveUp,
    OpenPayment,
    PayFare,
    RateRide,
    ReleaseFromTrip,
    ReportOutcome,
    ReportPayment,
    RequestTrip,
    ReturnTrip,
    SettleFare,
    StartMatching,
    StartRide,
    StartShift,
    WithdrawOffer,
    decode_command,
)
from dispatch.domain.entity import SYSTEM, ActiveAssignment, Command, Principal
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.domain.events import CancelledWithFee
from dispatch.domain.trip.trip import Trip
from dispatch.domain.trip.trip_state import FareSheet
from dispatch.values.money import Money
from tests.dispatch.domain.builders import (
    CODE,
    DISPATCHER,
    DRIVER,
    HERE,
    PASSENGER,
    PROFILE,
    RULES,
    THERE,
    Stage,
    outcome,
    pay,
)

STRANGER = Principal("passenger", "P2")


def on_trip() -> Stage:
    stage = Stage().assigned()
    stage.send(stage.car, ArriveAtPickup("t1"), DRIVER)
    stage.send(stage.car, StartRide("t1", CODE), DRIVER)
    return stage


def fare_due() -> Stage:
    stage = on_trip()
    stage.now += 60
    stage.fix(500)
    stage.send(stage.car, FinishRide("t1"), DRIVER)
    return stage


def paying() -> Stage:
    stage = fare_due()
    stage.send(stage.trip, pay(), PASSENGER)
    return stage


def paid() -> Stage:
    stage = paying()
    outcome(stage, "paid", trade="N1")
    return stage


# ── the wish ─────────────────────────────────────────────────────────────────────────────────────────────────────


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


@pytest.mark.parametrize("command", [CancelTrip("x"), pay(), RateRide(5), GiveUp(), StartMatching()])
def test_trip_that_never_was_is_unknown(command: Command) -> None:
    """No command but the request finds an unborn trip."""
    stage = Stage()

    assert stage.refused(stage.trip, command) is ErrorCode.UNKNOWN_TRIP


def test_foreign_command_is_refused() -> None:
    """A command for a vehicle is no command here."""
    stage = Stage().requested()

    assert stage.refused(stage.trip, StartShift(PROFILE)) is ErrorCode.UNKNOWN_MESSAGE


@pytest.mark.parametrize(
    "command", [GiveUp(), StartMatching(), ReportOutcome("paid", "t1_1_1", "cash", Money(1, "USD"))]
)
@pytest.mark.parametrize("principal", [PASSENGER, DRIVER, DISPATCHER])
def test_only_the_system_sends_timers_and_outcomes(command: Command, principal: Principal) -> None:
    """No client tells a trip that it is paid, or that its time is over."""
    stage = Stage().requested()

    assert stage.refused(stage.trip, command, principal) is ErrorCode.NOT_ALLOWED


def test_begin_matching_again_changes_nothing() -> None:
    """A timer that comes twice does nothing the second time."""
    stage = Stage().requested()

    assert stage.decide(stage.trip, StartMatching()).events == ()


# ── giving up ────────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── cancelling ───────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── by hand ──────────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── the fare ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_pay_opens_the_payment() -> None:
    """The fare goes to the payment of the same trip."""
    stage = fare_due()

    decision = stage.send(stage.trip, pay(), PASSENGER)

    (due,) = decision.put
    opened = decode_command(due.command)
    assert isinstance(opened, OpenPayment)
    assert (due.target, stage.trip.state) == ("payment:t1", "paying")
    assert (opened.trip, opened.vehicle, opened.amount) == ("t1", "V1", stage.trip.data.fare)
    assert (opened.method, opened.buyer) == ("alipay_app", "2088000000000002")


def test_each_wish_to_pay_is_a_call_of_its_own() -> None:
    """After a failed attempt, the next call has another name: it is not taken for the first."""
    stage = fare_due()
    (first,) = stage.send(stage.trip, pay(), PASSENGER).put
    outcome(stage, "failed")

    (second,) = stage.send(stage.trip, pay(), PASSENGER).put

    assert first.name != second.name


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("paying", ErrorCode.PAYMENT_OPEN),
        ("unknown", ErrorCode.PAYMENT_OPEN),
        ("paid", ErrorCode.ALREADY_PAID),
        ("refunded", ErrorCode.ALREADY_PAID),
        ("settled", ErrorCode.ALREADY_PAID),
        ("on_trip", ErrorCode.NO_TRIP_TO_PAY),
    ],
)
def test_pay_when_there_is_nothing_to_pay(state: str, code: ErrorCode) -> None:
    """A fare is paid when it is due, and by one payment at a time."""
    stage = on_trip() if state == "on_trip" else paying()
    if state in ("paid", "unknown"):
        outcome(stage, state)
    elif state == "refunded":
        outcome(stage, "paid")
        outcome(stage, "refunded")
    elif state == "settled":
        outcome(stage, "failed")
        stage.send(stage.trip, SettleFare("office"), DISPATCHER)

    assert stage.refused(stage.trip, pay("alipay_page"), PASSENGER) is code


def test_paying_again_in_the_same_way_goes_on() -> None:
    """Whoever left the cashier finds the same order again; nothing new begins."""
    stage = paying()
    outcome(stage, "ordered", trade="N1")

    decision = stage.decide(stage.trip, pay(), PASSENGER)

    assert decision.reply == {"trip": "t1", "order": "t1_1_1", "trade": "N1"}
    assert not decision.events
    assert not decision.put


def test_pay_of_somebody_elses_trip() -> None:
    """A booked ride is its passenger's to pay, or whoever scans the car's code."""
    stage = fare_due()

    assert stage.refused(stage.trip, pay(), STRANGER) is ErrorCode.NOT_YOURS
    stage.send(stage.trip, pay(scanned=True), STRANGER)
    assert stage.trip.state == "paying"


def test_ordered_then_paid() -> None:
    """Passenger and driver see the trade's number, then that it is paid."""
    stage = paying()

    outcome(stage, "ordered", trade="N1")
    again = outcome(stage, "ordered", trade="N1")
    assert (stage.trip.state, stage.trip.data.trade, again.events) == ("paying", "N1", ())
    decision = outcome(stage, "paid")

    assert (stage.trip.state, stage.trip.data.trade, stage.trip.data.paid_at) == ("paid", "N1", stage.now)
    (due,) = decision.put
    assert isinstance(decode_command(due.command), ReportPayment)
    stage.deliver(due.name)
    told = stage.car.data.paid
    assert told is not None
    assert (told.state, stage.car.data.fare_trip) == ("paid", None)


def test_failed_makes_the_fare_due_again() -> None:
    """The reason is kept for the passenger, and the driver is told."""
    stage = paying()

    decision = outcome(stage, "failed")

    assert (stage.trip.state, stage.trip.data.payment_reason, len(decision.put)) == ("fare_due", "why", 1)


def test_unknown_ends_in_paid() -> None:
    """What is unknown stays open until Alipay has said what it is."""
    stage = paying()

    outcome(stage, "unknown")
    assert stage.trip.state == "payment_unknown"
    outcome(stage, "paid")

    assert stage.trip.state == "paid"


def test_late_money_pays_a_fare_that_was_due_again() -> None:
    """A payment that failed and then was paid after all counts, whether or not another has begun."""
    due_again, begun_again = paying(), paying()
    outcome(due_again, "failed")
    outcome(begun_again, "failed")
    begun_again.send(begun_again.trip, pay(), PASSENGER)

    for stage in (due_again, begun_again):
        outcome(stage, "paid", "t1_1_1")
        assert stage.trip.state == "paid"


@pytest.mark.parametrize("state", ["ordered", "failed", "unknown"])
def test_news_of_a_failed_attempt_does_not_touch_the_next(state: str) -> None:
    """Calls may overtake each other: the passenger never sees the trade of an order that is closed."""
    stage = paying()
    outcome(stage, "failed", "t1_1_1")
    stage.send(stage.trip, pay(), PASSENGER)

    decision = outcome(stage, state, "t1_1_1", trade="N1")

    assert (decision.events, stage.trip.state, stage.trip.data.trade) == ((), "paying", "")


@pytest.mark.parametrize("state", ["ordered", "failed", "unknown", "paid", "something else"])
def test_news_after_the_end_changes_nothing(state: str) -> None:
    """What is paid stays paid."""
    stage = paid()

    assert outcome(stage, state, trade="N9").events == ()


def test_refunds() -> None:
    """A refund in part, then all of it."""
    stage = paid()
    fare = stage.trip.data.fare
    assert fare is not None

    stage.send(stage.trip, ReportOutcome("refunded", "t1_1_1", "alipay_app", Money(100, "USD")))
    assert (stage.trip.state, stage.trip.data.refunded) == ("part_refunded", Money(100, "USD"))
    stage.send(stage.trip, ReportOutcome("refunded", "t1_1_1", "alipay_app", fare))

    assert stage.trip.state == "refunded"


def test_settle_is_the_dispatchers_and_only_when_due() -> None:
    """A fare is written off by a dispatcher, not while a payment is open."""
    stage = paying()

    assert stage.refused(stage.trip, SettleFare("x"), PASSENGER) is ErrorCode.NOT_ALLOWED
    assert stage.refused(stage.trip, SettleFare("x"), DISPATCHER) is ErrorCode.TRIP_ILLEGAL_MOVE
    outcome(stage, "unknown")
    stage.send(stage.trip, SettleFare("office"), DISPATCHER)
    assert stage.trip.state == "settled_otherwise"


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


# ── who sees it, and what is kept ────────────────────────────────────────────────────────────────────────────────


def test_who_may_follow() -> None:
    """Its passenger, its driver and the car's devices, and dispatchers."""
    stage = Stage().assigned()
    strangers = [STRANGER, Principal("driver", "D2", "V2"), Principal("device", "M2", "V2"), Principal("driver", "D3")]

    for principal in (PASSENGER, DRIVER, Principal("device", "M1", "V1"), DISPATCHER):
        assert stage.trip.may_follow(principal)
    for principal in strangers:
        assert not stage.trip.may_follow(principal)


def test_waiting_trip_is_no_drivers() -> None:
    """A driver without a car does not follow a trip without one."""
    stage = Stage().requested()

    assert not stage.trip.may_follow(Principal("driver", "D3"))


def test_snapshot_restores_the_trip() -> None:
    """All hard state comes back."""
    stage = paid()

    restored = Trip("t1", RULES, stage.trip.seq, stage.trip.snapshot())

    assert (restored.data, restored.seq, restored.state) == (stage.trip.data, stage.trip.seq, "paid")


def test_row_is_current() -> None:
    """The row holds the trip as lists show it."""
    stage = paid()

    row = stage.trip.row()

    shown = {name: row.values[name] for name in ("state", "passenger", "driver", "vehicle", "payment_state", "seq")}
    assert (row.table, row.id) == ("trip", "t1")
    assert shown == {
        "state": "paid",
        "passenger": "P1",
        "driver": "D1",
        "vehicle": "V1",
        "payment_state": "paid",
        "seq": stage.trip.seq,
    }
    assert (row.values["pickup_lat"], row.values["dropoff_lat"]) == (HERE.lat, THERE.lat)
    assert isinstance(msgspec.msgpack.encode(row.values), bytes)


def test_pay_needs_no_owner_on_a_street_hail() -> None:
    """Nobody knows who rides: whoever is asked for the money pays."""
    stage = Stage().requested()
    stage.trip.data.origin = "hail"
    stage.trip.data.state = "fare_due"
    stage.trip.data.fare = Money(500, "USD")

    stage.send(stage.trip, PayFare("cash"), STRANGER)

    assert stage.trip.state == "paying"


# ── who asks for the fare ────────────────────────────────────────────────────────────────────────────────────────


def test_the_system_reads_what_a_fare_is_made_of() -> None:
    """A page that the system shows learns fare, lines, order and trade, nothing else; the question writes nothing."""
    stage = paid()
    seq = stage.trip.seq

    decision = stage.send(stage.trip, GetFare(), SYSTEM)

    sheet = msgspec.convert(decision.reply, FareSheet)
    assert (sheet.state, sheet.vehicle, sheet.trade, sheet.payer) == ("paid", "V1", "N1", "P1")
    assert sheet.fare == sum((line.amount for line in sheet.lines), Money.zero("USD"))
    assert not decision.events
    assert stage.trip.seq == seq
    assert stage.trip.data.code not in str(decision.reply)


def test_nobody_else_asks_for_the_fare() -> None:
    """Clients follow the trip's stream, which shows each what is his."""
    stage = fare_due()
    assert stage.refused(stage.trip, GetFare(), PASSENGER) is ErrorCode.NOT_ALLOWED
