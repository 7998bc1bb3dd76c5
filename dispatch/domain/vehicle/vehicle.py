"""The vehicle: its shift, the offers it owns, the ride it drives.

Rule 1: the state machine is in ``vehicle_state``; ``shift``, ``offers`` and ``ride`` contain the decisions; this file
contains which roles may send which command.
Rule 2: vehicle and trip are bound by one transaction over both streams (see ``ride``).
"""

from collections.abc import Callable
from typing import Any, Final

from dispatch.domain import commands
from dispatch.domain.entity import Command, Context, Decision, Principal
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.domain.vehicle import offers, ride, shift
from dispatch.domain.vehicle.vehicle_model import VehicleModel


class Vehicle(VehicleModel):
    """One vehicle. See :class:`dispatch.domain.entity.Entity` for the contract."""

    def decide(self, command: Command, context: Context) -> Decision:
        handler = VEHICLE_HANDLERS.get(type(command))
        if handler is None:
            raise DispatchError(ErrorCode.UNKNOWN_MESSAGE, detail=str(command.__struct_config__.tag))
        self._must_be_allowed(command, context.principal)
        return handler(self, command, context)

    def _must_be_allowed(self, command: Command, principal: Principal) -> None:
        roles = _ROLES.get(type(command), _SYSTEM)
        if principal.role not in roles and principal.role != "system":
            raise DispatchError(ErrorCode.NOT_ALLOWED)
        if principal.role not in ("driver", "device"):
            return
        if principal.vehicle != self.id:
            raise DispatchError(ErrorCode.NOT_YOURS, detail=self.id)
        profile = self.data.profile
        on_shift = self.state not in ("offline", "out_of_service")
        if principal.role == "driver" and on_shift and profile is not None and profile.driver != principal.id:
            raise DispatchError(ErrorCode.OTHER_DRIVER, detail=self.id)


_DRIVER: Final = frozenset({"driver"})
_IN_CAR: Final = frozenset({"driver", "device"})
_DISPATCHER: Final = frozenset({"dispatcher"})
_SYSTEM: Final = frozenset[str]()
_ROLES: Final[dict[type[Command], frozenset[str]]] = {
    commands.StartShift: _DRIVER,
    commands.EndShift: _DRIVER,
    commands.StartBreak: _DRIVER,
    commands.MakeOffer: _DISPATCHER,
    commands.AcceptOffer: _DRIVER,
    commands.DeclineOffer: _DRIVER,
    commands.ArriveAtPickup: _DRIVER,
    commands.StartRide: _DRIVER,
    commands.StartHail: _IN_CAR,
    commands.ReportMeter: _IN_CAR,
    commands.FinishRide: _IN_CAR,
    commands.ReturnTrip: _DRIVER,
    commands.TakeOutOfService: _DISPATCHER,
    commands.ReturnToService: _DISPATCHER,
    commands.ResolveScan: frozenset({"passenger", "dispatcher"}),
}

# Each handler is typed with its own command; the table erases these types.
VEHICLE_HANDLERS: Final[dict[type[Command], Callable[[VehicleModel, Any, Context], Decision]]] = {
    commands.StartShift: shift.start_shift,
    commands.EndShift: shift.end_shift,
    commands.StartBreak: shift.start_break,
    commands.MakeOffer: offers.make_offer,
    commands.AcceptOffer: offers.accept_offer,
    commands.DeclineOffer: offers.decline_offer,
    commands.ExpireOffer: offers.expire_offer,
    commands.WithdrawOffer: offers.withdraw_offer,
    commands.ArriveAtPickup: ride.arrive_at_pickup,
    commands.StartRide: ride.start_ride,
    commands.StartHail: ride.start_hail,
    commands.ReportMeter: ride.report_meter,
    commands.FinishRide: ride.finish_ride,
    commands.ReturnTrip: ride.return_trip,
    commands.TakeOutOfService: shift.take_out_of_service,
    commands.ReturnToService: shift.return_to_service,
    commands.ReleaseFromTrip: offers.release_from_trip,
    commands.ReportPayment: ride.report_payment,
    commands.ResolveScan: ride.resolve_scan,
}
