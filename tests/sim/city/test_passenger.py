"""A passenger's app, told by hand what the server says."""

from __future__ import annotations

from random import Random

import msgspec

from dispatch.api.client_messages import CancelTrip, Estimate, PayFare, Rate, RequestRide
from dispatch.api.fields import CarView, MoneyView, PaymentView, TripView
from dispatch.api.server_messages import Update, Welcome
from dispatch.domain.errors import ErrorCode
from dispatch.values.ids import TripId, VehicleId
from dispatch.values.units import CityTime
from sim.city.behaviour import PassengerBehaviour
from sim.city.passenger import SimPassenger
from sim.demand.ride_request import RideRequest
from tests.sim.city.fakes import AWAY, HOME, FakeCity, FakeClient

WISH = RideRequest(CityTime(1000.0), HOME, AWAY)
VIEW = TripView("t1", "matching", "app", "standard", 0.0)
CAR = CarView("V1", "7ABC", "Ann")
FARE = MoneyView(1234, "USD")


class Person:
    """A passenger with a line and a count of finished journeys."""

    def __init__(self, behaviour: PassengerBehaviour | None = None, *, connected: bool = True) -> None:
        self.world = FakeCity(passenger=behaviour)
        self.client = FakeClient()
        self.client.connected = connected
        self.passenger = SimPassenger("2088000000000001", self.world.city, Random(1))
        self.passenger.attach(self.client)
        self.ends = 0
        self.seq = 1
        self.view = VIEW

    def begin_journey(self, *, hails: bool = False) -> None:
        self.passenger.begin_journey(WISH, lambda _: self._ended(), hails=hails)

    def requested(self) -> None:
        self.begin_journey()
        self.client.accept(RequestRide, "trip:t1", 1, state="matching", result={"trip": "t1"})

    def see(self, state: str, **changes: object) -> None:
        self.seq += 1
        self.view = msgspec.structs.replace(self.view, state=state, **changes)
        self.passenger.received(Update("trip:t1", self.seq, "event", 0.0, trip=self.view))

    def _ended(self) -> None:
        self.ends += 1


def test_the_request_waits_for_the_connection() -> None:
    """A passenger who is not connected yet requests when welcomed, once."""
    person = Person(connected=False)
    person.begin_journey()
    assert person.client.said == []
    welcome = Welcome("passenger", "P1", "s", 1000.0, 1.0)
    person.passenger.welcomed(welcome)
    person.passenger.welcomed(welcome)
    assert person.client.count(RequestRide) == 1


def test_a_ride_from_request_to_paid() -> None:
    """Request, get in when the car is there, pay, confirm the order at Alipay, be told that it is paid."""
    person = Person()
    person.requested()
    person.see("assigned", car=CAR, code="4711")
    person.see("arrived")
    met: list[object] = []
    person.world.kerbside.wait_for_rider(TripId("t1"), met.append)
    person.world.pass_(60)
    assert met == [person.passenger]
    assert person.passenger.code == "4711"
    person.see("in_progress")
    person.see("fare_due")
    person.world.pass_(30)
    assert person.client.last(PayFare).trip == "t1"
    person.client.accept(PayFare, "trip:t1", 9, state="paying")
    person.see("paying", payment=PaymentView("paying", trade="T1", amount=FARE))
    assert person.world.wallet.confirmed == [("T1", "2088000000000001")]
    person.see("paid", payment=PaymentView("paid", amount=FARE))
    assert person.world.metrics.paid == {"t1": 1234}
    assert person.ends == 1


def test_the_order_is_confirmed_once() -> None:
    """The same order told again is not confirmed again."""
    person = Person()
    person.requested()
    person.see("paying", payment=PaymentView("paying", trade="T1"))
    person.see("paying", payment=PaymentView("paying", trade="T1"))
    assert len(person.world.wallet.confirmed) == 1


def test_a_phone_that_says_no_is_tried_again() -> None:
    """A failed confirmation is repeated while the trip is still being paid."""
    person = Person()
    person.world.wallet.outcome = "6001"
    person.requested()
    person.see("paying", payment=PaymentView("paying", trade="T1"))
    person.world.pass_(3)
    assert len(person.world.wallet.confirmed) == 2


def test_impatience() -> None:
    """Whoever loses patience cancels while no driver has accepted, and not afterwards."""
    behaviour = PassengerBehaviour(estimate_share=0, reserve_share=0, impatient_share=1.0)
    early, late = Person(behaviour), Person(behaviour)
    for person in (early, late):
        person.requested()
    late.see("assigned", car=CAR)
    for person in (early, late):
        person.world.pass_(300)
    assert early.client.last(CancelTrip).trip == "t1"
    assert late.client.count(CancelTrip) == 0
    early.see("cancelled")
    assert early.ends == 1
    assert early.world.metrics.numbers()["cancelled"] == 1


def test_a_cancel_with_a_fee_is_paid() -> None:
    """A fare that is due without a ride is paid like any other."""
    person = Person()
    person.requested()
    person.see("fare_due", cancelled_by="passenger")
    person.world.pass_(30)
    assert person.client.count(PayFare) == 1


def test_whoever_hails_scans_the_car() -> None:
    """After a street hail the car's code is paid; the trip becomes known by the answer."""
    person = Person()
    person.begin_journey(hails=True)
    assert person.client.count(RequestRide) == 0
    person.passenger.set_down(VehicleId("V1"))
    person.world.pass_(30)
    assert (person.client.last(PayFare).vehicle, person.client.last(PayFare).trip) == ("V1", None)
    person.client.accept(PayFare, "trip:t1", 3, state="paying")
    person.see("paying", payment=PaymentView("paying", trade="T1", amount=FARE))
    person.see("paid", payment=PaymentView("paid", amount=FARE))
    assert person.world.metrics.paid == {"t1": 1234}


def test_nothing_to_pay_ends_the_journey() -> None:
    """A scan that finds no fare is given up."""
    person = Person()
    person.begin_journey(hails=True)
    person.passenger.set_down(VehicleId("V1"))
    person.world.pass_(30)
    person.client.refuse(PayFare, ErrorCode.NO_TRIP_TO_PAY)
    assert person.ends == 1


def test_a_refused_request_ends_the_journey() -> None:
    """Outside the served area nobody waits for an offer."""
    person = Person()
    person.begin_journey()
    person.client.refuse(RequestRide, ErrorCode.OUT_OF_AREA)
    assert person.ends == 1
    assert person.world.metrics.numbers()["requests"] == 1


def test_a_trip_given_back_is_walked_to_again() -> None:
    """The second car's arrival is noticed as the first one's was."""
    person = Person()
    person.requested()
    person.see("arrived", car=CAR)
    person.world.pass_(60)
    person.see("matching", car=None)
    person.see("arrived", car=CarView("V2", "8DEF", "Bob"))
    met: list[object] = []
    person.world.kerbside.wait_for_rider(TripId("t1"), met.append)
    assert met == []
    person.world.pass_(60)
    assert met == [person.passenger]


def test_prices_reservations_and_stars() -> None:
    """With shares of one: look at the price first, reserve for later, rate at the end."""
    behaviour = PassengerBehaviour(estimate_share=1, reserve_share=1, impatient_share=0, rate_share=1)
    person = Person(behaviour)
    person.begin_journey()
    person.client.accept(Estimate)
    request = person.client.last(RequestRide)
    assert request.at is not None
    assert request.at > 1000
    person.client.accept(RequestRide, "trip:t1", 1, state="reserved", result={"trip": "t1"})
    person.see("paid", payment=PaymentView("paid", amount=FARE))
    assert person.ends == 0
    person.client.accept(Rate, "trip:t1", 9)
    assert person.ends == 1


def test_without_paying_the_journey_ends_with_the_ride() -> None:
    """For benches: nobody pays."""
    person = Person(PassengerBehaviour(estimate_share=0, reserve_share=0, impatient_share=0, pays=False))
    person.requested()
    person.see("fare_due")
    assert person.ends == 1
    assert person.client.count(PayFare) == 0
