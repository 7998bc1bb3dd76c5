"""The trip's machine moves as its table says, and events change what they should."""

import itertools

import msgspec
import pytest

from dispatch.domain.entity import Event
from dispatch.domain.errors import ErrorCode, IllegalMoveError
from dispatch.domain.events import (
    AssignedManually,
    AssignmentReturned,
    CancelledWithFee,
    DriverArrived,
    FareAgreed,
    FarePaid,
    FareRefunded,
    FareRefundedWhole,
    FareSettled,
    FareTyped,
    HailStarted,
    MatchingStarted,
    OfferLapsed,
    PaymentFailed,
    PaymentOrdered,
    PaymentStarted,
    PaymentUnclear,
    RideRated,
    TripAssigned,
    TripCancelled,
    TripEvent,
    TripFinished,
    TripOffered,
    TripRequested,
    TripReserved,
    TripStarted,
    TripUnserved,
    decode_trip_event,
    encode_event,
    event_name,
)
from dispatch.domain.trip.trip_state import TABLE, TripState, fold, payment_state
from dispatch.values.money import Money
from tests.dispatch.domain.builders import HERE, PROFILE, THERE

FARE = Money(1235, "USD")
EVENTS: list[Event] = [
    TripRequested(9.0, "P1", "app", HERE, "4711", "passenger:P1"),
    TripReserved(9.0, "P1", "app", HERE, "4711", "passenger:P1", pickup_at=99.0),
    MatchingStarted(9.0),
    TripOffered(9.0, "V1", "o1", 24.0),
    OfferLapsed(9.0, "V1", "o1", "declined"),
    TripAssigned(9.0, "V1", "o1", PROFILE, 60.0),
    DriverArrived(9.0, "V1"),
    AssignmentReturned(9.0, "V1", "flat tyre"),
    TripStarted(9.0, "V1"),
    HailStarted(9.0, "V1", PROFILE, HERE),
    TripFinished(9.0, "V1", FARE, (), 1000.0, 10.0, THERE),
    TripCancelled(9.0, "passenger", "late"),
    CancelledWithFee(9.0, "passenger", "late", FARE, ()),
    TripUnserved(9.0),
    AssignedManually(9.0, "V1", "B1"),
    FareTyped(9.0, FARE, "passenger:P1"),
    FareAgreed(9.0, FARE, "101"),
    PaymentStarted(9.0, "alipay_app", FARE),
    PaymentOrdered(9.0, "t1_1_1", "N1"),
    PaymentFailed(9.0, "t1_1_1", "closed"),
    PaymentUnclear(9.0, "t1_1_1", "timeout"),
    FarePaid(9.0, "t1_1_1", "alipay_app", FARE, "N1"),
    FareSettled(9.0, "B1", "office"),
    FareRefunded(9.0, "t1_1_1", Money(1, "USD")),
    FareRefundedWhole(9.0, "t1_1_1", FARE),
    RideRated(9.0, 5),
]
LEGAL = {
    "unborn": {"trip_requested": "matching", "trip_reserved": "reserved", "hail_began": "in_progress"},
    "reserved": {"matching_began": "matching", "trip_cancelled": "cancelled"},
    "matching": {
        "trip_offered": "offered",
        "hand_picked": "matching",
        "trip_cancelled": "cancelled",
        "trip_unserved": "unserved",
    },
    "offered": {"trip_assigned": "assigned", "offer_lapsed": "matching", "trip_cancelled": "cancelled"},
    "assigned": {
        "driver_arrived": "arrived",
        "assignment_given_back": "matching",
        "trip_cancelled": "cancelled",
        "cancelled_with_fee": "fare_due",
    },
    "arrived": {
        "ride_began": "in_progress",
        "assignment_given_back": "matching",
        "trip_cancelled": "cancelled",
        "cancelled_with_fee": "fare_due",
    },
    "in_progress": {"ride_ended": "fare_due"},
    "fare_due": {
        "fare_typed": "fare_due",
        "fare_agreed": "fare_due",
        "payment_began": "paying",
        "fare_paid": "paid",
        "fare_settled": "settled_otherwise",
        "ride_rated": "fare_due",
    },
    "paying": {
        "payment_ordered": "paying",
        "payment_failed": "fare_due",
        "payment_unclear": "payment_unknown",
        "fare_paid": "paid",
        "ride_rated": "paying",
    },
    "payment_unknown": {
        "fare_paid": "paid",
        "payment_failed": "fare_due",
        "fare_settled": "settled_otherwise",
        "ride_rated": "payment_unknown",
    },
    "paid": {"fare_refunded": "part_refunded", "fare_refunded_whole": "refunded", "ride_rated": "paid"},
    "part_refunded": {
        "fare_refunded": "part_refunded",
        "fare_refunded_whole": "refunded",
        "ride_rated": "part_refunded",
    },
    "refunded": {"ride_rated": "refunded"},
    "settled_otherwise": {"ride_rated": "settled_otherwise"},
    "cancelled": {},
    "unserved": {},
}


def test_events_are_all_there() -> None:
    """The table below is tried with each event of a trip."""
    assert {type(event) for event in EVENTS} == set(TripEvent.__args__)
    assert set(LEGAL) == set(TABLE)


@pytest.mark.parametrize(
    ("state", "event"),
    list(itertools.product(LEGAL, EVENTS)),
    ids=lambda x: x if isinstance(x, str) else event_name(x),
)
def test_every_state_with_every_event(state: str, event: Event) -> None:
    """A legal event leads where it should; any other is an error that names all, and changes nothing."""
    data = TripState(state=state)
    after = LEGAL[state].get(event_name(event))

    if after is not None:
        fold(data, event, "t1")
        assert (data.state, data.touched_at) == (after, 9.0)
        return
    with pytest.raises(IllegalMoveError) as caught:
        fold(data, event, "t1")
    assert data == TripState(state=state)
    assert caught.value.code is ErrorCode.TRIP_ILLEGAL_MOVE
    assert all(part in caught.value.text for part in ("trip t1", state, event_name(event)))


@pytest.mark.parametrize("event", EVENTS, ids=event_name)
def test_events_come_back_from_the_journal(event: Event) -> None:
    """An event is the same after it was written and read."""
    assert decode_trip_event(encode_event(event)) == event


def folded(*events: Event) -> TripState:
    data = TripState()
    for event in events:
        fold(data, event, "t1")
    return data


REQUESTED, OFFERED, ASSIGNED = EVENTS[0], EVENTS[3], EVENTS[5]


@pytest.mark.parametrize("lost", [EVENTS[4], EVENTS[7]], ids=event_name)
def test_lost_car_is_left_out_and_forgotten(lost: Event) -> None:
    """After a lapsed offer or a trip given back, the trip has no car and will not get that one again."""
    before = (REQUESTED, OFFERED) if isinstance(lost, OfferLapsed) else (REQUESTED, OFFERED, ASSIGNED)

    data = folded(*before, lost)

    assert (data.vehicle, data.offer, data.profile, data.eta_at, data.assigned_at) == (None,) * 5
    assert data.excluded == ("V1",)
    assert folded(*before, lost, *before[1:], lost).excluded == ("V1",)


def test_snapshot_keeps_all() -> None:
    """The state is the same after a snapshot."""
    data = folded(REQUESTED, OFFERED, ASSIGNED, EVENTS[6], EVENTS[8], EVENTS[10], EVENTS[15], EVENTS[17])

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(data), type=TripState) == data


def test_hail_has_its_car_from_the_start() -> None:
    """A street hail is under way at once, without a known passenger."""
    data = folded(EVENTS[9])

    assert (data.origin, data.vehicle, data.passenger) == ("hail", "V1", "")
    assert data.assigned_at == data.started_at == 9.0


def test_new_payment_forgets_the_last_order() -> None:
    """What is shown of a payment is the latest attempt's; what failed is remembered."""
    ride = (REQUESTED, OFFERED, ASSIGNED, EVENTS[6], EVENTS[8], EVENTS[10])

    data = folded(*ride, EVENTS[17], EVENTS[18], EVENTS[19], EVENTS[17])

    assert (data.payments, data.order, data.trade, data.payment_reason) == (2, "", "", "")
    assert data.failed_orders == ("t1_1_1",)


@pytest.mark.parametrize(
    ("state", "shown"), [("fare_due", "due"), ("payment_unknown", "unknown"), ("paying", "paying"), ("paid", "paid")]
)
def test_payment_state(state: str, shown: str) -> None:
    """Lists show the part of the state that is about money, once there is a fare."""
    assert payment_state(TripState(state=state, fare=FARE)) == shown
    assert payment_state(TripState(state=state)) is None
