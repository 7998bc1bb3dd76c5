"""Vehicles in the stages of a ride, shared by tests."""

from dispatch.domain.commands import ArriveAtPickup, CancelTrip, StartRide
from dispatch.domain.entity import Decision, EntityKey
from dispatch.domain.events import event_name
from tests.dispatch.domain.builders import CODE, DRIVER, PASSENGER, Stage

TRIP = EntityKey("trip", "t1")


def arrived() -> Stage:
    stage = Stage().assigned()
    stage.send(stage.car, ArriveAtPickup("t1"), DRIVER)
    return stage


def on_trip() -> Stage:
    stage = arrived()
    stage.send(stage.car, StartRide("t1", CODE), DRIVER)
    return stage


def cancelled(stage: Stage) -> Stage:
    """The passenger's cancel is committed, and the car has not heard of it yet."""
    stage.send(stage.trip, CancelTrip("late"), PASSENGER)
    return stage


def names(decision: Decision) -> list[str]:
    return [event_name(event) for event in decision.events]
