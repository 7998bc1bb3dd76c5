"""The trip: from the request for a ride to the paid fare.

Rule 1: the state machine is in ``trip_state``; ``booking`` and ``fare_payment`` contain the decisions.
Rule 2: while a driver is involved (offer, approach, ride), the vehicle appends to the trip's stream, in one transaction
with its own stream and at the sequence number that it expects. The trip itself appends everything else. The first
commit wins; the other entity repeats its decision.
"""

from collections.abc import Callable
from typing import Any, Final

from dispatch.domain import commands
from dispatch.domain.entity import Command, Context, Decision
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.domain.state_machine import NEW
from dispatch.domain.trip import booking, fare_payment
from dispatch.domain.trip.trip_model import TripModel


class Trip(TripModel):
    """One trip. See :class:`dispatch.domain.entity.Entity` for the contract."""

    def decide(self, command: Command, context: Context) -> Decision:
        handler = TRIP_HANDLERS.get(type(command))
        if handler is None:
            raise DispatchError(ErrorCode.UNKNOWN_MESSAGE, detail=str(command.__struct_config__.tag))
        if isinstance(command, _SYSTEM_ONLY) and context.principal.role != "system":
            raise DispatchError(ErrorCode.NOT_ALLOWED)
        if self.data.state == NEW and not isinstance(command, commands.RequestTrip):
            raise DispatchError(ErrorCode.UNKNOWN_TRIP, detail=self.id)
        return handler(self, command, context)


_SYSTEM_ONLY: Final = (commands.GetFare, commands.StartMatching, commands.GiveUp, commands.ReportOutcome)

# Each handler is typed with its own command; the table erases these types.
TRIP_HANDLERS: Final[dict[type[Command], Callable[[TripModel, Any, Context], Decision]]] = {
    commands.RequestTrip: booking.request_trip,
    commands.StartMatching: booking.start_matching,
    commands.GiveUp: booking.give_up,
    commands.CancelTrip: booking.cancel_trip,
    commands.AssignManually: booking.assign_manually,
    commands.PayFare: fare_payment.pay_fare,
    commands.StopPaying: fare_payment.stop_paying,
    commands.TypeFare: fare_payment.type_fare,
    commands.AgreeFare: fare_payment.agree_fare,
    commands.GetFare: fare_payment.get_fare,
    commands.ReportOutcome: fare_payment.report_outcome,
    commands.SettleFare: fare_payment.settle_fare,
    commands.RateRide: booking.rate_ride,
}
