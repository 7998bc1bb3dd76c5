"""Going online and offline, breaks, and leaving service."""

import pytest

from dispatch.domain.commands import EndShift, ReturnToService, StartBreak, StartShift, TakeOutOfService
from dispatch.domain.entity import Command
from dispatch.domain.errors import ErrorCode
from dispatch.domain.vehicle.offers import OFFER_EXPIRY
from tests.dispatch.domain.builders import DISPATCHER, DRIVER, PROFILE, Stage
from tests.dispatch.domain.vehicle.vehicle_samples import arrived, cancelled, on_trip


def test_shift_break_and_end() -> None:
    """A driver goes online, takes a break, comes back and goes home."""
    stage = Stage()
    seen = [stage.car.state]
    for command in (StartShift(PROFILE), StartBreak(), StartShift(PROFILE), EndShift()):
        stage.send(stage.car, command, DRIVER)
        seen.append(stage.car.state)

    assert seen == ["offline", "idle", "break", "idle", "offline"]


def test_out_of_service_and_back() -> None:
    """A dispatcher takes the car out; until it is put back, no shift begins."""
    stage = Stage().on_shift()

    stage.send(stage.car, TakeOutOfService("broken"), DISPATCHER)
    assert (stage.car.state, stage.car.data.out_reason) == ("out_of_service", "broken")
    assert stage.refused(stage.car, StartShift(PROFILE), DRIVER) is ErrorCode.VEHICLE_ILLEGAL_MOVE
    stage.send(stage.car, ReturnToService(), DISPATCHER)

    assert (stage.car.state, stage.car.data.out_reason) == ("offline", "")


@pytest.mark.parametrize("command", [EndShift(), StartBreak(), ReturnToService()])
def test_moves_that_make_no_sense_offline(command: Command) -> None:
    """A car that is offline cannot go offline, pause or be put back."""
    stage = Stage()

    assert stage.refused(stage.car, command) is ErrorCode.VEHICLE_ILLEGAL_MOVE


@pytest.mark.parametrize("command", [EndShift(), StartBreak(), TakeOutOfService("x")])
def test_car_with_a_trip_cannot_leave(command: Command) -> None:
    """The trip has to be ended or given back first."""
    for stage in (Stage().assigned(), arrived(), on_trip()):
        assert stage.refused(stage.car, command) is ErrorCode.VEHICLE_BUSY


@pytest.mark.parametrize(
    ("command", "state"), [(EndShift(), "offline"), (StartBreak(), "break"), (TakeOutOfService("x"), "out_of_service")]
)
def test_leaving_withdraws_an_open_offer(command: Command, state: str) -> None:
    """The trip is matched again without this car; the offer's timer goes."""
    stage = Stage().offered()

    stage.send(stage.car, command)

    assert (stage.car.state, stage.trip.state, OFFER_EXPIRY in stage.dues) == (state, "matching", False)
    assert stage.trip.data.excluded == ("V1",)


def test_leaving_when_the_trip_is_gone() -> None:
    """A trip that was cancelled meanwhile does not keep the driver from going home."""
    stage = cancelled(Stage().offered())

    decision = stage.send(stage.car, EndShift(), DRIVER)

    assert (stage.car.state, decision.appends_elsewhere) == ("offline", ())


def test_a_shift_goes_on_through_breaks_and_rides() -> None:
    """It began when the car first went online, and ends with the shift, or when the car is taken out."""
    stage = Stage().on_shift()
    began = stage.car.data.shift_since
    for command in (StartBreak(), StartShift(PROFILE)):
        stage.now += 60
        stage.send(stage.car, command, DRIVER)
    assert (stage.car.data.shift_since, stage.car.data.state_since) == (began, stage.now)
    seen = [began]
    for act, who in ((EndShift(), DRIVER), (StartShift(PROFILE), DRIVER), (TakeOutOfService("broken"), DISPATCHER)):
        stage.send(stage.car, act, who)
        seen.append(stage.car.data.shift_since)
    assert seen == [began, None, stage.now, None]
