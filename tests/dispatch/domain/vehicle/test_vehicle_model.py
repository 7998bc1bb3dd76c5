"""Rows, snapshots and match entries of vehicles."""

import pytest

from dispatch.domain.commands import FinishRide, StartBreak
from dispatch.domain.entity import Principal
from dispatch.domain.events import MeterCheckpointed
from dispatch.domain.vehicle.vehicle import Vehicle
from tests.dispatch.domain.builders import DISPATCHER, DRIVER, PASSENGER, RULES, Stage
from tests.dispatch.domain.vehicle.vehicle_samples import on_trip


def test_free_car_is_listed() -> None:
    """The matcher knows a car while it is free, and what it can carry."""
    stage = Stage()
    assert stage.car.match_entry() is None
    stage.on_shift()

    listing = stage.car.match_entry()

    assert listing is not None
    assert (listing.vehicle, listing.seats, listing.needs) == ("V1", 4, ("child_seat",))
    stage.send(stage.car, StartBreak(), DRIVER)
    assert stage.car.match_entry() is None


def test_checkpoint_is_an_event_when_it_is_due() -> None:
    """After 200 m or 10 s the meter is written; without a ride there is nothing to write."""
    stage = on_trip()
    stage.now += 10
    stage.fix(150)
    assert stage.car.tracker.checkpoint_due

    decision = stage.car.checkpoint()

    (event,) = decision.events
    assert isinstance(event, MeterCheckpointed)
    assert event.meter.meters == pytest.approx(150, rel=0.01)
    assert Stage().on_shift().car.checkpoint().events == ()


def test_stale_during_a_ride_ends_nothing() -> None:
    """A silent car still finishes its ride."""
    stage = on_trip()
    stage.now += 3600

    stage.send(stage.car, FinishRide("t1"), DRIVER)

    assert stage.trip.state == "fare_due"


def test_snapshot_restores_the_ride() -> None:
    """Hard state and the meter's checkpoint come back; what was soft does not."""
    stage = on_trip()
    stage.now += 10
    stage.fix(150)
    for event in stage.car.checkpoint().events:
        stage.car.apply(event)

    restored = Vehicle("V1", RULES, stage.car.seq, stage.car.snapshot())

    assert (restored.data, restored.seq) == (stage.car.data, stage.car.seq)
    assert restored.tracker.meter is not None
    assert stage.car.tracker.meter is not None
    assert restored.tracker.meter.meters == stage.car.tracker.meter.meters
    assert restored.stale(stage.now)


def test_row_is_current() -> None:
    """The row holds the vehicle as lists show it; a car never heard of is offline."""
    assert Stage().car.row().values["state"] == "offline"
    stage = on_trip()

    row = stage.car.row()

    assert (row.table, row.id) == ("vehicle_state", "V1")
    assert row.values == {
        "state": "on_trip",
        "driver": "D1",
        "trip": "t1",
        "seq": stage.car.seq,
        "updated_at": stage.now,
        "state_since": stage.car.data.started_at,
        "shift_since": stage.car.data.shift_since,
    }
    assert stage.car.data.shift_since is not None


def test_who_may_follow() -> None:
    """The car's own people, and dispatchers."""
    car = Stage().car

    assert car.may_follow(DRIVER)
    assert car.may_follow(DISPATCHER)
    assert not car.may_follow(PASSENGER)
    assert not car.may_follow(Principal("driver", "D1", "V2"))
