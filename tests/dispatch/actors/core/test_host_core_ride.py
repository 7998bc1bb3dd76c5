"""A ride over two hosts and one journal, from the wish to the fare."""

from __future__ import annotations

import msgspec
import pytest

from dispatch.actors.core.protocol import Done, Refused
from dispatch.api.fields import PhraseView, TripView
from dispatch.domain.commands import (
    AcceptOffer,
    ArriveAtPickup,
    CancelTrip,
    DeclineOffer,
    FinishRide,
    RequestTrip,
    ReturnTrip,
    StartMatching,
    StartRide,
)
from dispatch.domain.errors import ErrorCode
from dispatch.domain.trip.trip import Trip
from dispatch.domain.trip.trip_state import TripState
from dispatch.values.money import Money
from tests.dispatch.actors.core.harness import (
    CODE,
    KINDS,
    PASSENGER,
    PICKUP,
    RULES,
    City,
    code_of,
    driver,
    trip_key,
    vehicle_key,
)

V, T = vehicle_key(), trip_key()


@pytest.fixture
def city() -> City:
    return City()


def test_from_request_to_fare(city: City) -> None:
    """A whole ride leaves the same story in both streams, and both hosts agree with the journal at each step."""
    city.assign()
    assert city.states() == ("to_pickup", "assigned")
    city.do(V, ArriveAtPickup("T1"), driver())
    assert city.states() == ("at_pickup", "arrived")
    assert code_of(city.ask(V, StartRide("T1", "0000"), driver())) == ErrorCode.WRONG_RIDE_CODE
    assert city.states() == ("at_pickup", "arrived")
    city.do(V, StartRide("T1", CODE), driver())
    for step in range(1, 31):
        city.clock.advance(5)
        city.fix(north_m=50.0 * step)
    city.do(V, FinishRide("T1"), driver())

    assert city.states() == ("idle", "fare_due")
    assert city.trip().data.meters == pytest.approx(1500, abs=1)
    assert city.events(T) == [
        "trip_requested", "trip_offered", "trip_assigned", "driver_arrived", "ride_began", "ride_ended",
    ]  # fmt: skip
    assert city.events(V).count("meter_checkpointed") >= 5
    assert city.tables.trip_of == {}


def test_trip_rows_follow_what_vehicles_write(city: City) -> None:
    """The trip's row for lists shows the state that a vehicle's transaction brought about."""
    city.assign()

    assert city.tables.rows["trip"]["T1"]["state"] == "assigned"
    assert city.tables.rows["trip"]["T1"]["vehicle"] == "V1"
    assert city.tables.rows["vehicle_state"]["V1"]["trip"] == "T1"


def test_listings_follow_the_states(city: City) -> None:
    """The matcher knows free cars and waiting trips, and nothing of those that found each other."""
    city.online()
    city.request()
    assert set(city.vehicles.listed()) == {V}
    assert set(city.trips.listed()) == {T}

    offer = city.offer()
    assert city.vehicles.listed() == city.trips.listed() == {}

    city.do(V, DeclineOffer(offer), driver())
    assert set(city.vehicles.listed()) == {V}
    assert city.trip().match_entry() == city.trips.listed()[T]


def test_declined_offer_leaves_the_car_out(city: City) -> None:
    """After a decline the trip is matched again, without that car."""
    city.online()
    city.request()
    city.do(V, DeclineOffer(city.offer(), "too far"), driver())

    assert city.states() == ("idle", "matching")
    listing = city.trip().match_entry()
    assert listing is not None
    assert listing.excluded == ("V1",)
    assert city.events(V)[-1] == "offer_declined"
    assert city.events(T)[-1] == "offer_lapsed"


def test_unanswered_offer_expires(city: City) -> None:
    """An offer that nobody answers ends by its own timer, on both sides."""
    city.online()
    city.request()
    offer = city.offer()
    city.pass_time(16)

    assert city.states() == ("idle", "matching")
    assert city.events(V)[-1] == "offer_expired"
    assert code_of(city.ask(V, AcceptOffer(offer), driver())) == ErrorCode.OFFER_GONE
    assert "offer_expiry" not in city.tables.dues.get(V, {})


def test_cancel_that_is_committed_first_wins_over_accept(city: City) -> None:
    """The driver who accepts a trip that was just cancelled is told so, and both see a cancelled trip."""
    city.online()
    city.request()
    offer = city.offer()
    accept = city.send(V, AcceptOffer(offer), driver())
    cancel = city.send(T, CancelTrip("changed my mind"), PASSENGER)
    city.trips.pump()
    city.settle()

    assert isinstance(city.trips.replies[cancel], Done)
    assert code_of(city.vehicles.replies[accept]) == ErrorCode.OFFER_GONE
    assert city.states() == ("idle", "cancelled")
    assert city.events(V)[-1] == "offer_withdrawn"
    assert city.events(V).count("offer_withdrawn") == 1
    assert city.tables.trip_of == {}


def test_accept_that_is_committed_first_is_cancelled_after(city: City) -> None:
    """A cancel that meets an accept already committed releases the vehicle again."""
    city.online()
    city.request()
    offer = city.offer()
    cancel = city.send(T, CancelTrip("changed my mind"), PASSENGER)
    accept = city.send(V, AcceptOffer(offer), driver())
    city.vehicles.pump()
    city.settle()

    assert isinstance(city.vehicles.replies[accept], Done)
    assert isinstance(city.trips.replies[cancel], Done)
    assert city.states() == ("idle", "cancelled")
    assert city.events(V)[-2:] == ["offer_accepted", "trip_released"]
    assert city.tables.trip_of == {}


def test_accept_that_is_decided_before_the_expiry_wins(city: City) -> None:
    """Accept and expiry in the same moment: whichever is decided first is the offer's only outcome."""
    city.online()
    city.request()
    offer = city.offer()
    city.clock.advance(15)
    accept = city.send(V, AcceptOffer(offer), driver())
    city.settle()

    assert isinstance(city.vehicles.replies[accept], Done)
    assert city.states() == ("to_pickup", "assigned")
    assert "offer_expired" not in city.events(V)


def test_accept_after_the_expiry_is_refused(city: City) -> None:
    """The same the other way round."""
    city.online()
    city.request()
    offer = city.offer()
    city.clock.advance(15)
    city.vehicles.core.tick(city.clock.city())
    accept = city.send(V, AcceptOffer(offer), driver())
    city.settle()

    assert code_of(city.vehicles.replies[accept]) == ErrorCode.OFFER_GONE
    assert city.states() == ("idle", "matching")


def test_second_offer_for_the_same_trip_is_refused(city: City) -> None:
    """Two matchers that offer one trip to two cars: one is told that the trip has changed."""
    city.online("V1")
    city.online("V2")
    city.request()
    first, second = city.offer_of("T1", "V1"), city.offer_of("T1", "V2")
    tokens = [city.send(vehicle_key("V1"), first, keep=False), city.send(vehicle_key("V2"), second, keep=False)]
    city.settle()

    assert [code_of(city.vehicles.replies[token]) for token in tokens] == [0, ErrorCode.TRIP_CHANGED]
    assert city.vehicle("V2").state == "idle"


def test_car_that_was_busy_may_be_offered_the_same_trip_again(city: City) -> None:
    """A refused offer is not remembered: the matcher may repeat it when the car is free again."""
    city.online()
    city.request("T1")
    city.request("T2")
    other = city.offer("T2")
    same = city.envelope(V, city.offer_of("T1"), name="offer:T1.1.V1", keep=False)
    refused = city.vehicles.submit(same)
    city.settle()
    city.do(V, DeclineOffer(other), driver())
    again = city.vehicles.submit(same)
    city.settle()

    assert code_of(city.vehicles.replies[refused]) == ErrorCode.VEHICLE_NOT_FREE
    assert isinstance(city.vehicles.replies[again], Done)


def test_driver_gives_the_trip_back(city: City) -> None:
    """A driver's cancel after accepting sends the trip back to matching without that car, and frees the claim."""
    city.assign()
    city.do(V, ReturnTrip("T1", "flat tyre"), driver())

    assert city.states() == ("idle", "matching")
    assert city.trip().data.excluded == ("V1",)
    assert city.tables.trip_of == {}


def test_cancel_while_the_driver_reports_arrival(city: City) -> None:
    """A driver who arrives at a trip that was just cancelled is told, and is free."""
    city.assign()
    city.cut = True
    city.do(T, CancelTrip("no longer needed"), PASSENGER)
    arrived = city.ask(V, ArriveAtPickup("T1"), driver())

    assert code_of(arrived) == ErrorCode.TRIP_ENDED
    assert city.vehicle().state == "idle"
    city.cut = False
    city.pass_time(3)
    assert city.states() == ("idle", "cancelled")


def test_a_cancel_that_costs_more_than_agreed_changes_nothing(city: City) -> None:
    """The refusal tells the fee, to a repeat too; a cancel under a new id that agrees to it is done."""
    city.assign()
    city.pass_time(301, step=10)
    answers = [city.ask(T, CancelTrip("late", 0), PASSENGER, name="cancel-1") for _ in range(2)]

    refused = Refused(ErrorCode.FEE_AGREED_TOO_LOW, "fee_up_to", amount=Money(500, "USD"))
    assert answers == [refused, refused]
    assert city.trip().state == "assigned"
    assert isinstance(city.ask(T, CancelTrip("late", 500), PASSENGER, name="cancel-2"), Done)
    assert city.states() == ("idle", "fare_due")


def test_reserved_ride_is_matched_with_its_lead(city: City) -> None:
    """A reservation waits, and is listed when its lead time has come."""
    now = city.clock.city()
    city.request(pickup_at=now + 3600)
    assert city.trips.listed() == {}
    assert city.trip().state == "reserved"

    city.pass_time(2400, step=100)

    assert city.trip().state == "matching"
    assert set(city.trips.listed()) == {T}


def test_rejected_commands_write_nothing(city: City) -> None:
    """A refusal leaves the journal as it was: no event, no reply, no due."""
    city.online()
    city.request()
    before = repr(city.tables)
    refused = [
        city.ask(V, AcceptOffer("nothing"), driver()),
        city.ask(V, ArriveAtPickup("T1"), driver()),
        city.ask(V, AcceptOffer("nothing"), driver("V2")),
        city.ask(T, RequestTrip("P1", "app", PICKUP, CODE), PASSENGER),
        city.ask(trip_key("T9"), CancelTrip(""), PASSENGER),
        city.ask(trip_key("T9"), StartMatching()),
    ]

    assert [code_of(reply) for reply in refused] == [
        ErrorCode.OFFER_GONE,
        ErrorCode.NOT_YOURS,
        ErrorCode.NOT_YOURS,
        ErrorCode.TRIP_EXISTS,
        ErrorCode.UNKNOWN_TRIP,
        ErrorCode.UNKNOWN_TRIP,
    ]
    assert repr(city.tables) == before


def test_what_went_wrong_with_a_payment_is_said_in_plain_words() -> None:
    """Driver and passenger read what happened and what to do, in both languages, not Alipay's code."""
    view = KINDS["trip"].view
    assert view is not None
    due = TripState(state="fare_due", origin="hail", fare=Money(500, "USD"))
    trip = Trip("T9", RULES, 1, msgspec.msgpack.encode(due))

    def phrase_of(state: str, reason: str) -> PhraseView | None:
        trip.data.state, trip.data.payment_reason = state, reason
        shown = view(trip)
        assert isinstance(shown, TripView)
        assert shown.payment is not None
        return shown.payment.phrase

    refused = phrase_of("fare_due", "ACQ.BUYER_BALANCE_NOT_ENOUGH")
    assert refused is not None
    assert (refused.en, refused.zh) == ("The passenger's balance is too low.", "乘客账户余额不足。")
    unclear = phrase_of("payment_unknown", "timeout")
    assert unclear is not None
    assert unclear.do_en == "Please wait. Do not pay again."
    assert phrase_of("paying", "PASSWORD") is not None
    assert phrase_of("paid", "") is None
    assert phrase_of("settled_otherwise", "written off") is None
