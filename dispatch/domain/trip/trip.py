"""The trip: from the request for a ride to the paid fare.

Rule 1: the state machine is in ``trip_state``; ``booking`` and ``fare_payment`` contain the decisions.
Rule 2: while a driver is involved (offer, approach, ride), the vehicle appends to the trip's stream, in one transaction
with its own stream and at the sequence number that it expects. The trip itself appends everything else. The first
commit wins; the other entity repeats its decision.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from dispatch.domain.commands import (
    AgreeFare,
    AssignManually,
    CancelTrip,
    GetFare,
    GiveUp,
    PayFare,
    RateRide,
    ReportOutcome,
    RequestTrip,
    SettleFare,
    StartMatching,
    StopPaying,
    TypeFare,
)
from dispatch.domain.entity import (
    Command,
    Context,
    Decision,
)
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
        if self.data.state == NEW and not isinstance(command, RequestTrip):
            raise DispatchError(ErrorCode.UNKNOWN_TRIP, detail=self.id)
        return handler(self, command, context)


_SYSTEM_ONLY: Final = (GetFare, StartMatching, GiveUp, ReportOutcome)

# Each handler is typed with its own command; the table erases these types.
TRIP_HANDLERS: Final[dict[type[Command], Callable[[TripModel, Any, Context], Decision]]] = {
    RequestTrip: booking.request_trip,
    StartMatching: booking.start_matching,
    GiveUp: booking.give_up,
    CancelTrip: booking.cancel_trip,
    AssignManually: booking.assign_manually,
    PayFare: fare_payment.pay_fare,
    StopPaying: fare_payment.stop_paying,
    TypeFare: fare_payment.type_fare,
    AgreeFare: fare_payment.agree_fare,
    GetFare: fare_payment.get_fare,
    ReportOutcome: fare_payment.report_outcome,
    SettleFare: fare_payment.settle_fare,
    RateRide: booking.rate_ride,
}
