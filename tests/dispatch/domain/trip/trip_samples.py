"""Trips in the stages of a ride and its payment, shared by tests."""

from dispatch.domain.commands import ArriveAtPickup, FinishRide, StartRide
from dispatch.domain.entity import Principal
from tests.dispatch.domain.builders import CODE, DRIVER, PASSENGER, Stage, outcome, pay

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
