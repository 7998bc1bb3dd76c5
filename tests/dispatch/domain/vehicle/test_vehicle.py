"""Which roles may send which command to a vehicle."""

import pytest

from dispatch.domain.commands import (
    AcceptOffer,
    ArriveAtPickup,
    DeclineOffer,
    EndShift,
    ExpireOffer,
    FinishRide,
    RateRide,
    ReleaseFromTrip,
    ReportMeter,
    ReportPayment,
    ResolveScan,
    ReturnToService,
    ReturnTrip,
    StartBreak,
    StartHail,
    StartRide,
    StartShift,
    TakeOutOfService,
    VehicleProfile,
    WithdrawOffer,
)
from dispatch.domain.entity import Command, Principal
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.values.money import Money
from tests.dispatch.domain.builders import CODE, DRIVER, PROFILE, Role, Stage
from tests.dispatch.domain.vehicle.vehicle_samples import on_trip

ROLES: list[tuple[Command, set[str]]] = [
    (StartShift(PROFILE), {"driver"}),
    (EndShift(), {"driver"}),
    (StartBreak(), {"driver"}),
    (Stage().requested().offer(), {"dispatcher"}),
    (AcceptOffer("o1"), {"driver"}),
    (DeclineOffer("o1"), {"driver"}),
    (ExpireOffer("o1"), set()),
    (WithdrawOffer("t1", "x"), set()),
    (ArriveAtPickup("t1"), {"driver"}),
    (StartRide("t1", CODE), {"driver"}),
    (StartHail("t9"), {"driver", "device"}),
    (ReportMeter(Money(1, "USD")), {"driver", "device"}),
    (FinishRide("t1"), {"driver", "device"}),
    (ReturnTrip("t1", "x"), {"driver"}),
    (TakeOutOfService("x"), {"dispatcher"}),
    (ReturnToService(), {"dispatcher"}),
    (ReleaseFromTrip("t1", "x"), set()),
    (ReportPayment("t1", "paid", Money(1, "USD")), set()),
    (ResolveScan(), {"passenger", "dispatcher"}),
]


@pytest.mark.parametrize(("command", "allowed"), ROLES, ids=lambda x: type(x).__name__)
@pytest.mark.parametrize("role", ["driver", "passenger", "dispatcher", "device"])
def test_roles(command: Command, allowed: set[str], role: Role) -> None:
    """A command of another role is refused, whatever the state."""
    stage = Stage().on_shift()
    subject = Principal(role, "D1", "V1")
    code = None
    try:
        stage.decide(stage.car, command, subject)
    except DispatchError as error:
        code = error.code

    assert (code is ErrorCode.NOT_ALLOWED) == (role not in allowed)


@pytest.mark.parametrize("role", ["driver", "device"])
def test_another_car_is_not_theirs(role: Role) -> None:
    """A driver or taximeter of another car has no say."""
    stage = on_trip()

    assert stage.refused(stage.car, FinishRide("t1"), Principal(role, "D1", "V2")) is ErrorCode.NOT_YOURS


def test_other_driver_during_a_shift() -> None:
    """While one driver is on shift, another one's commands are refused; after it, they are not."""
    stage = Stage().on_shift()
    other = Principal("driver", "D2", "V1")

    assert stage.refused(stage.car, EndShift(), other) is ErrorCode.OTHER_DRIVER
    stage.send(stage.car, EndShift(), DRIVER)
    stage.send(stage.car, StartShift(VehicleProfile("7ABC123", "D2", "Bob")), other)

    assert stage.car.state == "idle"


def test_foreign_command_is_refused() -> None:
    """A command for a trip is no command here."""
    stage = Stage()

    assert stage.refused(stage.car, RateRide(5)) is ErrorCode.UNKNOWN_MESSAGE
