"""Each audience sees of a trip and a vehicle what is its business, and no more."""

import msgspec
import pytest

from dispatch.api.fields import MoneyView, TripView, VehicleView
from dispatch.api.presenters import event_for, fare_view, trip_for, trip_view, vehicle_for, vehicle_view
from dispatch.domain.commands import (
    ArriveAtPickup,
    CancelTrip,
    FinishRide,
    ReportMeter,
    ReportPayment,
    StartRide,
    TakeOutOfService,
)
from dispatch.domain.fare.fare import Fare, FareLine
from dispatch.values.money import Money
from dispatch.values.roles import Audience
from tests.dispatch.domain.builders import CODE, DEVICE, DISPATCHER, DRIVER, PASSENGER, PROFILE, Stage, outcome, pay

AUDIENCES: list[Audience] = ["driver", "passenger", "dispatcher", "device"]


def on_trip() -> Stage:
    stage = Stage().assigned()
    stage.send(stage.car, ArriveAtPickup("t1"), DRIVER)
    stage.send(stage.car, StartRide("t1", CODE), DRIVER)
    return stage


@pytest.mark.parametrize("audience", AUDIENCES)
def test_ride_code_and_contact(audience: Audience) -> None:
    """The code is the passenger's and the dispatcher's alone; the contact is for those who must find the passenger."""
    view = trip_for(trip_view(Stage().assigned().trip), audience)

    assert view.code == (CODE if audience in ("passenger", "dispatcher") else None)
    assert view.passenger == (None if audience == "passenger" else "Bo")


def test_car_is_shown_once_it_comes() -> None:
    """While it is only offered, nobody is told which car it may be."""
    offered, assigned = trip_view(Stage().offered().trip), trip_view(Stage().assigned().trip)

    assert offered.car is None
    assert assigned.car is not None
    assert (assigned.car.vehicle, assigned.car.plate, assigned.car.driver) == ("V1", PROFILE.plate, "Ann")
    assert assigned.eta_at is not None


def test_fare_is_shown_line_by_line() -> None:
    """The lines add up to the total that is to be paid."""
    stage = on_trip()
    stage.now += 60
    stage.fix(600)
    stage.send(stage.car, FinishRide("t1"), DRIVER)

    fare = trip_view(stage.trip).fare

    assert fare is not None
    assert fare.total == MoneyView(405, "USD")
    assert sum(line.minor for line in fare.lines) == 405
    assert {line.kind for line in fare.lines} == {"flag_fall", "distance"}


def test_payment_as_it_goes() -> None:
    """Due, paying with the trade's number, failed with its reason, unknown, paid."""
    stage = on_trip()
    assert trip_view(stage.trip).payment is None
    stage.send(stage.car, FinishRide("t1"), DRIVER)
    seen = [trip_view(stage.trip).payment]
    stage.send(stage.trip, pay(), PASSENGER)
    for state in ("ordered", "failed"):
        outcome(stage, state, trade="N1")
        seen.append(trip_view(stage.trip).payment)
    stage.send(stage.trip, pay(), PASSENGER)
    for state in ("unknown", "paid"):
        outcome(stage, state, "t1_1_2", trade="N2")
        seen.append(trip_view(stage.trip).payment)

    shown = [(view.state, view.order, view.trade, view.reason) for view in seen if view is not None]
    assert shown == [
        ("due", "", "", ""),
        ("paying", "t1_1_1", "N1", ""),
        ("due", "t1_1_1", "N1", "why"),
        ("unknown", "t1_1_2", "", "why"),
        ("paid", "t1_1_2", "N2", ""),
    ]


def test_cancelled_trip_says_who_and_why() -> None:
    """Both sides see the same."""
    stage = Stage().requested()
    stage.send(stage.trip, CancelTrip("late"), PASSENGER)

    view = trip_view(stage.trip)

    assert (view.state, view.cancelled_by, view.cancel_reason) == ("cancelled", "passenger", "late")


@pytest.mark.parametrize("audience", AUDIENCES)
def test_offer_is_not_the_taximeters_business(audience: Audience) -> None:
    """Everybody else who may follow the car sees the open offer."""
    view = vehicle_for(vehicle_view(Stage().offered().car), audience)

    if audience == "device":
        assert view.offer is None
        return
    assert view.offer is not None
    assert (view.offer.offer, view.offer.trip, view.offer.pickup_s) == ("o1", "t1", 120.0)


def test_offer_is_shown_only_while_it_is_open() -> None:
    """Once accepted it is a trip."""
    view = vehicle_view(Stage().assigned().car)

    assert (view.state, view.offer, view.trip) == ("to_pickup", None, "t1")


def test_meter_is_the_last_checkpoints() -> None:
    """What is shown is what is safe: the checkpoint, or the taximeter's reading."""
    stage = on_trip()
    running = vehicle_view(stage.car).meter
    assert running is not None
    assert (running.meters, running.fare) == (0.0, MoneyView(350, "USD"))
    for _ in range(5):
        stage.now += 10.0
        stage.fix(stage.fix_n * 150.0)
    assert vehicle_view(stage.car).meter == running

    stage.send(stage.car, ReportMeter(Money(1000, "USD")), DEVICE)
    read = vehicle_view(stage.car).meter

    assert read is not None
    assert read.fare == MoneyView(1000, "USD")
    assert vehicle_view(Stage().on_shift().car).meter is None


def test_what_was_paid_is_shown_to_driver_and_taximeter() -> None:
    """The payment's result names trip and amount."""
    stage = Stage().on_shift()
    stage.send(stage.car, ReportPayment("t1", "paid", Money(500, "USD"), "alipay_app"))

    view = vehicle_for(vehicle_view(stage.car), "device")

    assert view.paid is not None
    assert (view.paid.state, view.paid.order, view.paid.amount) == ("paid", "t1", MoneyView(500, "USD"))


def test_vehicle_out_of_service_says_why() -> None:
    """The driver reads the dispatcher's reason; a car never heard of is offline."""
    stage = Stage()
    assert vehicle_view(stage.car).state == "offline"

    stage.send(stage.car, TakeOutOfService("broken"), DISPATCHER)

    assert (vehicle_view(stage.car).state, vehicle_view(stage.car).reason) == ("out_of_service", "broken")


@pytest.mark.parametrize("audience", AUDIENCES)
def test_views_travel(audience: Audience) -> None:
    """What is shown can be written to the wire and read back."""
    stage = on_trip()
    trip, vehicle = trip_for(trip_view(stage.trip), audience), vehicle_for(vehicle_view(stage.car), audience)

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(trip), type=TripView) == trip
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(vehicle), type=VehicleView) == vehicle


def test_fare_view_of_lines() -> None:
    """A fare's line keeps kind, text, quantity and unit."""
    line = FareLine("waiting", "2 x minute", 2.0, "minute", Money(110, "USD"))

    view = fare_view(Fare(Money(110, "USD"), (line,)))

    assert msgspec.structs.astuple(view.lines[0]) == ("waiting", "2 x minute", 2.0, "minute", 110)


def test_a_guest_sees_the_ride_and_then_that_it_is_over() -> None:
    """Where it goes and who drives; no code, no contact, no note; afterwards not even where it went, nor any money."""
    stage = Stage().assigned()
    view = trip_for(trip_view(stage.trip), "guest")
    assert (view.state, view.car is not None, view.pickup is not None) == ("assigned", True, True)
    assert (view.code, view.passenger, view.note) == (None, None, "")
    stage = on_trip()
    assert event_for("ride_began", trip_view(stage.trip), "guest") == "ride_began"
    stage.send(stage.car, FinishRide("t1"), DRIVER)
    whole = trip_view(stage.trip)
    assert event_for("fare_paid", whole, "guest") == "ended"
    assert event_for("fare_paid", whole, "passenger") == "fare_paid"
    assert trip_for(whole, "guest") == TripView("t1", "ended", "app", "standard", whole.requested_at)


def test_a_guest_is_told_of_a_cancel_and_no_fee() -> None:
    """Whether it cost anything is the passenger's business."""
    stage = Stage().requested()
    stage.send(stage.trip, CancelTrip("changed my mind"), PASSENGER)
    view = trip_for(trip_view(stage.trip), "guest")
    assert (view.state, view.cancel_reason) == ("cancelled", None)
