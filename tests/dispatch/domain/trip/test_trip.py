"""Which commands a trip accepts at all."""

import pytest

from dispatch.domain.commands import CancelTrip, GiveUp, RateRide, ReportOutcome, StartMatching, StartShift
from dispatch.domain.entity import Command, Principal
from dispatch.domain.errors import ErrorCode
from dispatch.values.money import Money
from tests.dispatch.domain.builders import DISPATCHER, DRIVER, PASSENGER, PROFILE, Stage, pay


@pytest.mark.parametrize("command", [CancelTrip("x"), pay(), RateRide(5), GiveUp(), StartMatching()])
def test_trip_that_never_was_is_unknown(command: Command) -> None:
    """No command but the request finds an unborn trip."""
    stage = Stage()

    assert stage.refused(stage.trip, command) is ErrorCode.UNKNOWN_TRIP


def test_foreign_command_is_refused() -> None:
    """A command for a vehicle is no command here."""
    stage = Stage().requested()

    assert stage.refused(stage.trip, StartShift(PROFILE)) is ErrorCode.UNKNOWN_MESSAGE


@pytest.mark.parametrize(
    "command", [GiveUp(), StartMatching(), ReportOutcome("paid", "t1_1_1", "cash", Money(1, "USD"))]
)
@pytest.mark.parametrize("principal", [PASSENGER, DRIVER, DISPATCHER])
def test_only_the_system_sends_timers_and_outcomes(command: Command, principal: Principal) -> None:
    """No client tells a trip that it is paid, or that its time is over."""
    stage = Stage().requested()

    assert stage.refused(stage.trip, command, principal) is ErrorCode.NOT_ALLOWED
