"""A driver's app, told by hand what the server says."""

from __future__ import annotations

from random import Random

from dispatch.api.client_messages import (
    AcceptOffer,
    ArriveAtPickup,
    DeclineOffer,
    FinishRide,
    GpsFix,
    GpsFixes,
    ReturnTrip,
    StartHail,
    StartRide,
    StartShift,
)
from dispatch.api.fields import CarView, OfferView, TripView, VehicleView
from dispatch.api.server_messages import Heard, Snapshot, Update, Welcome
from dispatch.domain.errors import ErrorCode
from dispatch.values.ids import TripId, VehicleId
from dispatch.values.place import Place
from dispatch.values.units import LatLng
from sim.city.behaviour import DriverBehaviour
from sim.city.driver import DriverDuty, SimDriver
from tests.sim.city.fakes import AWAY, HOME, FakeCity, FakeClient

STREAM = "vehicle:V1"
OFFER = OfferView("o1", "t1", Place(*AWAY), 60.0, 2000.0, Place(*HOME))
WELCOME = Welcome("driver", "D1", "s", 1000.0, 1.0, vehicle="V1")


class Passing:
    """A rider who only sits."""

    code = "4711"
    destination = HOME

    def __init__(self) -> None:
        self.events: list[str] = []

    def seated(self, vehicle: VehicleId, trip: TripId) -> None:  # noqa: ARG002
        self.events.append(f"seated in {vehicle}")

    def set_down(self, vehicle: VehicleId) -> None:
        self.events.append(f"set down by {vehicle}")

    def turned_away(self) -> None:
        self.events.append("turned away")


class DriverContext:
    """A driver with a line, on duty at HOME."""

    def __init__(self, behaviour: DriverBehaviour | None = None, start: LatLng = HOME) -> None:
        self.world = FakeCity(driver=behaviour)
        self.client = FakeClient()
        self.driver = SimDriver(VehicleId("V1"), self.world.city, start, Random(1))
        self.driver.attach(self.client)
        self.seq = 0
        self.driver.welcomed(WELCOME)

    def see(self, state: str, *, trip: str | None = None, offer: OfferView | None = None) -> None:
        self.seq += 1
        view = VehicleView("V1", state, trip=trip, offer=offer)
        self.driver.received(Update(STREAM, self.seq, "event", 0.0, vehicle=view))

    def accept(self, kind: type, **how: object) -> None:
        self.seq += 1
        self.client.accept(kind, STREAM, self.seq, **how)

    def to_pickup(self) -> None:
        self.see("idle")
        self.see("offered", offer=OFFER)
        self.world.pass_(3)
        self.accept(AcceptOffer)

    def at_pickup(self) -> None:
        self.to_pickup()
        self.world.pass_(600)
        self.accept(ArriveAtPickup)


def test_an_offline_car_goes_online() -> None:
    """The first view of a car that is off duty makes its driver go online, once."""
    cab = DriverContext()
    cab.driver.received(Snapshot(STREAM, 0, recovered=False, vehicle=VehicleView("V1", "offline")))
    cab.driver.received(Snapshot(STREAM, 0, recovered=False, vehicle=VehicleView("V1", "offline")))
    assert cab.client.count(StartShift) == 1
    cab.accept(StartShift)
    assert cab.driver.duty is DriverDuty.FREE


def test_a_ride_from_offer_to_fare() -> None:
    """Accept after thinking, drive, arrive, ask the code, drive, finish: each step once and in order."""
    cab = DriverContext()
    cab.at_pickup()
    rider = Passing()
    cab.world.kerbside.board(TripId("t1"), rider)
    assert cab.client.last(StartRide).code == "4711"
    cab.accept(StartRide)
    cab.world.pass_(600)
    cab.accept(FinishRide)
    assert rider.events == ["seated in V1", "set down by V1"]
    assert cab.driver.duty is DriverDuty.FREE
    assert cab.world.metrics.numbers()["completed"] == 1
    assert [(a.trip, a.vehicle, a.until is None) for a in cab.world.metrics.assignments] == [("t1", "V1", False)]


def test_a_view_that_came_before_the_answer_counts_as_the_answer() -> None:
    """The stream may say that the car is on its way before the accept is answered; it is assigned once."""
    cab = DriverContext()
    cab.see("idle")
    cab.see("offered", offer=OFFER)
    cab.world.pass_(3)
    cab.see("to_pickup", trip="t1")
    ride = cab.driver.ride
    assert ride is not None
    cab.client.accept(AcceptOffer, STREAM, cab.seq)
    assert cab.driver.ride is ride


def test_an_older_view_than_the_answer_changes_nothing() -> None:
    """A view from before the accept does not make the driver believe that the trip is gone."""
    cab = DriverContext()
    cab.see("idle")
    cab.see("offered", offer=OFFER)
    cab.world.pass_(3)
    cab.client.accept(AcceptOffer, STREAM, 9)
    cab.driver.received(Update(STREAM, 3, "payment_told", 0.0, vehicle=VehicleView("V1", "offered", offer=OFFER)))
    assert cab.driver.ride is not None


def test_a_trip_that_is_cancelled_on_the_way_frees_the_driver() -> None:
    """When the system says that the trip is no longer the car's, the driver lets go of it."""
    cab = DriverContext()
    cab.to_pickup()
    cab.see("idle")
    assert cab.driver.ride is None
    assert cab.driver.duty is DriverDuty.FREE
    assert cab.world.metrics.assignments[0].until is not None


def test_an_offer_that_is_there_when_the_ride_ends_is_thought_about() -> None:
    """A view with the next offer may overtake the answer that ends the ride."""
    cab = DriverContext()
    cab.at_pickup()
    cab.world.kerbside.board(TripId("t1"), Passing())
    cab.accept(StartRide)
    cab.world.pass_(600)
    cab.see("idle")
    cab.see("offered", offer=OfferView("o2", "t2", Place(*AWAY), 60.0, 2000.0))
    cab.world.pass_(5)
    assert cab.client.last(AcceptOffer).offer == "o1"
    cab.client.accept(FinishRide, STREAM, cab.seq - 1)
    cab.world.pass_(5)
    assert cab.client.last(AcceptOffer).offer == "o2"


def test_a_wrong_code_is_asked_again() -> None:
    """The driver asks for the code again, and keeps the trip."""
    cab = DriverContext()
    cab.at_pickup()
    cab.world.kerbside.board(TripId("t1"), Passing())
    cab.client.refuse(StartRide, ErrorCode.WRONG_RIDE_CODE)
    cab.world.pass_(10)
    assert cab.client.count(StartRide) == 2
    assert cab.driver.ride is not None


def test_nobody_comes() -> None:
    """After waiting, the driver reports a no-show; refused as too early, it is reported again later."""
    cab = DriverContext()
    cab.at_pickup()
    cab.world.pass_(301)
    assert cab.client.last(ReturnTrip).no_show
    cab.client.refuse(ReturnTrip, ErrorCode.VEHICLE_ILLEGAL_MOVE)
    assert cab.world.metrics.assignments[-1].until is None
    cab.world.pass_(31)
    assert cab.client.count(ReturnTrip) == 2
    cab.accept(ReturnTrip)
    assert cab.driver.duty is DriverDuty.FREE


def test_some_offers_are_declined() -> None:
    """With a share of one, every offer is declined."""
    cab = DriverContext(DriverBehaviour(decline_share=1.0, ignore_share=0))
    cab.see("idle")
    cab.see("offered", offer=OFFER)
    cab.world.pass_(10)
    assert cab.client.last(DeclineOffer).offer == "o1"


def test_a_street_hail() -> None:
    """The walk-up passenger rides at once; the car is not to be hailed meanwhile."""
    cab = DriverContext()
    cab.see("idle")
    rider = Passing()
    free_before = cab.driver.can_be_hailed
    cab.driver.hailed(rider)
    assert (free_before, cab.driver.can_be_hailed) == (True, False)
    cab.accept(StartHail, result={"trip": "h1"})
    assert rider.events == ["seated in V1"]
    cab.world.pass_(600)
    assert cab.client.last(FinishRide).trip == "h1"


def test_a_refused_hail_turns_the_passenger_away() -> None:
    """The driver is free again."""
    cab = DriverContext()
    cab.see("idle")
    rider = Passing()
    cab.driver.hailed(rider)
    cab.client.refuse(StartHail, ErrorCode.VEHICLE_STALE)
    assert rider.events == ["turned away"]
    assert cab.driver.duty is DriverDuty.FREE


def test_an_app_started_anew_takes_up_the_trip_of_its_car() -> None:
    """The car has a trip that the app never saw: it follows the trip's stream and goes on where it stands."""
    cab = DriverContext()
    cab.see("on_trip", trip="t9")
    assert "trip:t9" in cab.client.streams
    view = TripView("t9", "in_progress", "app", "standard", 0.0, dropoff=Place(*AWAY), car=CarView("V1", "", ""))
    cab.driver.received(Snapshot("trip:t9", 4, recovered=False, trip=view))
    cab.world.pass_(600)
    assert cab.client.last(FinishRide).trip == "t9"


def test_fixes_not_heard_are_sent_again_after_a_reconnect() -> None:
    """Fixes taken while the line was down, and those not heard before, go out first, in order."""
    cab = DriverContext()
    cab.driver.tick()
    first = cab.client.last(GpsFix).fix.n
    cab.driver.tick()
    cab.driver.received(Heard(first))
    cab.client.connected = False
    cab.driver.tick()
    cab.client.connected = True
    cab.driver.welcomed(WELCOME)
    assert [fix.n for fix in cab.client.last(GpsFixes).fixes] == [first + 1, first + 2]


def test_no_fix_before_the_city_is_known() -> None:
    """Before the first welcome the phone does not know the city's time, and takes no fix."""
    world, line = FakeCity(), FakeClient()
    driver = SimDriver(VehicleId("V1"), world.city, HOME, Random(1))
    driver.attach(line)
    driver.tick()
    assert line.said == []
