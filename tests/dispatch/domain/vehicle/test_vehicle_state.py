"""The vehicle's machine moves as its table says, and events change what they should."""

import itertools

import msgspec
import pytest

from dispatch.domain.entity import Event
from dispatch.domain.errors import ErrorCode, IllegalMoveError
from dispatch.domain.events import (
    ArrivedAtPickup,
    BreakStarted,
    MeterCheckpointed,
    MeterReported,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferMade,
    OfferWithdrawn,
    PaymentReported,
    ReturnedToService,
    RideFinished,
    RideStarted,
    ShiftEnded,
    ShiftStarted,
    TakenOutOfService,
    TripReleased,
    TripReturned,
    VehicleEvent,
    decode_vehicle_event,
    encode_event,
    event_name,
)
from dispatch.domain.fare.gps_meter import MeterCheckpoint
from dispatch.domain.vehicle.vehicle_state import TABLE, VehicleState, fold
from dispatch.values.money import Money
from dispatch.values.units import CityTime
from tests.dispatch.domain.builders import HERE, LAT, LNG, PROFILE

FARE = Money(1235, "USD")
METER = MeterCheckpoint(0.0, 0.0, CityTime(9.0), 3, LAT, LNG)
EVENTS: list[Event] = [
    ShiftStarted(9.0, PROFILE),
    ShiftEnded(9.0),
    BreakStarted(9.0),
    OfferMade(9.0, "o1", "t1", 2, HERE, 120.0, 24.0),
    OfferDeclined(9.0, "o1"),
    OfferExpired(9.0, "o1"),
    OfferWithdrawn(9.0, "o1", "gone"),
    OfferAccepted(9.0, "o1", "t1", 3),
    ArrivedAtPickup(9.0, "t1", 4),
    RideStarted(9.0, "t1", 5, METER),
    MeterCheckpointed(9.0, "t1", METER),
    MeterReported(9.0, "t1", FARE),
    RideFinished(9.0, "t1", 6, FARE),
    TripReturned(9.0, "t1", "flat tyre"),
    TripReleased(9.0, "t1", "late"),
    PaymentReported(9.0, "t1", "paid", FARE),
    TakenOutOfService(9.0, "B1", "broken"),
    ReturnedToService(9.0, "B1"),
]
OUT = {"shift_started": "idle", "taken_out": "out_of_service"}
LEGAL = {
    "unborn": OUT,
    "offline": {**OUT, "payment_told": "offline"},
    "idle": {
        "shift_ended": "offline",
        "break_started": "break",
        "offer_made": "offered",
        "ride_started": "on_trip",
        "taken_out": "out_of_service",
        "payment_told": "idle",
    },
    "offered": {
        "offer_accepted": "to_pickup",
        "offer_declined": "idle",
        "offer_expired": "idle",
        "offer_withdrawn": "idle",
        "payment_told": "offered",
    },
    "to_pickup": {
        "pickup_reached": "at_pickup",
        "trip_given_back": "idle",
        "trip_released": "idle",
        "payment_told": "to_pickup",
    },
    "at_pickup": {
        "ride_started": "on_trip",
        "trip_given_back": "idle",
        "trip_released": "idle",
        "payment_told": "at_pickup",
    },
    "on_trip": {
        "meter_checkpointed": "on_trip",
        "meter_read": "on_trip",
        "ride_finished": "idle",
        "payment_told": "on_trip",
    },
    "break": {
        "shift_started": "idle",
        "shift_ended": "offline",
        "taken_out": "out_of_service",
        "payment_told": "break",
    },
    "out_of_service": {"put_back_in": "offline", "payment_told": "out_of_service"},
}


def test_events_are_all_there() -> None:
    """The table below is tried with each event of a vehicle."""
    assert {type(event) for event in EVENTS} == set(VehicleEvent.__args__)
    assert set(LEGAL) == set(TABLE)


@pytest.mark.parametrize(
    ("state", "event"),
    list(itertools.product(LEGAL, EVENTS)),
    ids=lambda x: x if isinstance(x, str) else event_name(x),
)
def test_every_state_with_every_event(state: str, event: Event) -> None:
    """A legal event leads where it should; any other is an error that names all, and changes nothing."""
    data = VehicleState(state=state)
    after = LEGAL[state].get(event_name(event))

    if after is not None:
        fold(data, event, "V1")
        assert (data.state, data.touched_at) == (after, 9.0)
        return
    with pytest.raises(IllegalMoveError) as caught:
        fold(data, event, "V1")
    assert data == VehicleState(state=state)
    assert caught.value.code is ErrorCode.VEHICLE_ILLEGAL_MOVE
    assert all(part in caught.value.text for part in ("vehicle V1", state, event_name(event)))


@pytest.mark.parametrize("event", EVENTS, ids=event_name)
def test_events_come_back_from_the_journal(event: Event) -> None:
    """An event is the same after it was written and read."""
    assert decode_vehicle_event(encode_event(event)) == event


def folded(*events: Event) -> VehicleState:
    data = VehicleState()
    for event in events:
        fold(data, event, "V1")
    return data


SHIFT, MADE, ACCEPTED, REACHED, STARTED, FINISHED = (EVENTS[n] for n in (0, 3, 7, 8, 9, 12))
RIDE = (SHIFT, MADE, ACCEPTED, REACHED, STARTED, FINISHED)


@pytest.mark.parametrize("outcome", EVENTS[4:7], ids=event_name)
def test_offer_without_success_is_gone(outcome: Event) -> None:
    """After it was declined, expired or withdrawn, the car is free and holds no offer."""
    data = folded(SHIFT, MADE, outcome)

    assert (data.state, data.offer, data.trip, data.idle_since) == ("idle", None, None, 9.0)


@pytest.mark.parametrize("end", EVENTS[12:15], ids=event_name)
def test_trip_that_is_over_leaves_nothing(end: Event) -> None:
    """However a trip ends, the car holds nothing of it but a fare that is due."""
    way = RIDE[:-1] if isinstance(end, RideFinished) else RIDE[:3]

    data = folded(*way, end)

    assert (data.trip, data.pickup, data.meter, data.taximeter, data.offer) == (None,) * 5
    assert (data.trip_seq, data.started_at) == (0, 0.0)
    assert data.fare_trip == ("t1" if isinstance(end, RideFinished) else None)


def test_fare_is_due_until_it_is_paid_or_the_next_ride_begins() -> None:
    """A payment of another trip, or a failed one, leaves the fare due."""
    told = PaymentReported(9.0, "t1", "paid", FARE)

    assert folded(*RIDE, told).fare_trip is None
    assert folded(*RIDE, PaymentReported(9.0, "t0", "paid", FARE)).fare_trip == "t1"
    assert folded(*RIDE, PaymentReported(9.0, "t1", "failed", FARE)).fare_trip == "t1"
    assert folded(*RIDE, RideStarted(9.0, "t2", 1, METER, hailed=True)).fare_trip is None


def test_idle_since_is_the_last_time_it_became_free() -> None:
    """What happens while the car is free does not make it wait anew."""
    later = PaymentReported(50.0, "t1", "paid", FARE)

    assert folded(*RIDE, later).idle_since == 9.0


def test_snapshot_keeps_all() -> None:
    """The state is the same after a snapshot."""
    data = folded(*RIDE[:-1], EVENTS[11])

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(data), type=VehicleState) == data
