"""The vehicle's state: its state machine, its hard data, and the effect of each event on them.

Rule 1: every transition of a vehicle is in ``TABLE`` and nowhere else.
Rule 2: this file decides nothing; ``vehicle.vehicle`` does. *Stale* is not a state but the age of the last fix.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from dispatch.domain import events
from dispatch.domain.commands import VehicleProfile
from dispatch.domain.entity import Event
from dispatch.domain.errors import ErrorCode
from dispatch.domain.fare.gps_meter import MeterCheckpoint
from dispatch.domain.state_machine import NEW, StateMachine, TransitionTable
from dispatch.values.money import Money
from dispatch.values.place import Place

OFFLINE: Final = "offline"
IDLE: Final = "idle"
OFFERED: Final = "offered"
TO_PICKUP: Final = "to_pickup"
AT_PICKUP: Final = "at_pickup"
ON_TRIP: Final = "on_trip"
BREAK: Final = "break"
OUT_OF_SERVICE: Final = "out_of_service"

_OUT: Final[dict[type[Event], str]] = {events.ShiftStarted: IDLE, events.TakenOutOfService: OUT_OF_SERVICE}

TABLE: Final[TransitionTable] = {
    NEW: _OUT,
    OFFLINE: {**_OUT, events.PaymentReported: OFFLINE},
    IDLE: {
        events.ShiftEnded: OFFLINE,
        events.BreakStarted: BREAK,
        events.OfferMade: OFFERED,
        events.RideStarted: ON_TRIP,
        events.TakenOutOfService: OUT_OF_SERVICE,
        events.PaymentReported: IDLE,
    },
    OFFERED: {
        events.OfferAccepted: TO_PICKUP,
        events.OfferDeclined: IDLE,
        events.OfferExpired: IDLE,
        events.OfferWithdrawn: IDLE,
        events.PaymentReported: OFFERED,
    },
    TO_PICKUP: {
        events.ArrivedAtPickup: AT_PICKUP,
        events.TripReturned: IDLE,
        events.TripReleased: IDLE,
        events.PaymentReported: TO_PICKUP,
    },
    AT_PICKUP: {
        events.RideStarted: ON_TRIP,
        events.TripReturned: IDLE,
        events.TripReleased: IDLE,
        events.PaymentReported: AT_PICKUP,
    },
    ON_TRIP: {
        events.MeterCheckpointed: ON_TRIP,
        events.MeterReported: ON_TRIP,
        events.RideFinished: IDLE,
        events.PaymentReported: ON_TRIP,
    },
    BREAK: {
        events.ShiftStarted: IDLE,
        events.ShiftEnded: OFFLINE,
        events.TakenOutOfService: OUT_OF_SERVICE,
        events.PaymentReported: BREAK,
    },
    OUT_OF_SERVICE: {events.ReturnedToService: OFFLINE, events.PaymentReported: OUT_OF_SERVICE},
}

MACHINE: Final = StateMachine("vehicle", TABLE, ErrorCode.VEHICLE_ILLEGAL_MOVE)

WITH_TRIP: Final = frozenset({TO_PICKUP, AT_PICKUP, ON_TRIP})


class VehicleState(msgspec.Struct):
    """The complete hard state of a vehicle; a snapshot is this struct in MessagePack.

    ``trip_seq`` is the number of the trip's stream after this vehicle's last append. ``fare_trip`` is the last trip
    whose fare is still due: a scan of the vehicle's code refers to it until the next ride starts.
    """

    state: str = NEW
    profile: VehicleProfile | None = None
    idle_since: float = 0.0
    offer: events.OfferMade | None = None
    trip: str | None = None
    trip_seq: int = 0
    pickup: Place | None = None
    pickup_s: float = 0.0
    accepted_at: float = 0.0
    arrived_at: float = 0.0
    started_at: float = 0.0
    hailed: bool = False
    from_airport: bool = False
    meter: MeterCheckpoint | None = None
    taximeter: Money | None = None
    fare_trip: str | None = None
    paid: events.PaymentReported | None = None
    out_reason: str = ""
    touched_at: float = 0.0
    state_since: float = 0.0
    shift_since: float | None = None


def fold(data: VehicleState, event: Event, vehicle_id: str) -> None:
    """Apply one event to ``data``. Raises ``IllegalMoveError``."""
    after = MACHINE.next(data.state, type(event), vehicle_id)
    if after == IDLE and data.state != IDLE:
        data.idle_since = event.at
    if after != data.state:
        data.state_since = event.at
    data.state = after
    data.touched_at = event.at
    change = _FOLDS.get(type(event))
    if change is not None:
        change(data, event)


def _fold_shift(data: VehicleState, event: events.ShiftStarted) -> None:
    """The start of a shift, or its continuation after a break."""
    data.profile = event.profile
    if data.shift_since is None:
        data.shift_since = event.at


def _fold_shift_over(data: VehicleState, _: events.ShiftEnded) -> None:
    data.shift_since = None


def _fold_offer(data: VehicleState, event: events.OfferMade) -> None:
    data.offer = event


def _fold_no_offer(data: VehicleState, _: Event) -> None:
    data.offer = None


def _fold_accepted(data: VehicleState, event: events.OfferAccepted) -> None:
    if data.offer is not None:
        data.pickup = data.offer.pickup
        data.pickup_s = data.offer.pickup_s
    data.trip = event.trip
    data.trip_seq = event.trip_seq
    data.accepted_at = event.at


def _fold_arrived(data: VehicleState, event: events.ArrivedAtPickup) -> None:
    data.trip_seq = event.trip_seq
    data.arrived_at = event.at


def _fold_started(data: VehicleState, event: events.RideStarted) -> None:
    data.trip = event.trip
    data.trip_seq = event.trip_seq
    data.started_at = event.at
    data.hailed = event.hailed
    data.from_airport = event.from_airport
    data.meter = event.meter
    data.taximeter = data.fare_trip = data.paid = data.offer = None


def _fold_checkpoint(data: VehicleState, event: events.MeterCheckpointed) -> None:
    data.meter = event.meter


def _fold_reading(data: VehicleState, event: events.MeterReported) -> None:
    data.taximeter = event.amount


def _fold_finished(data: VehicleState, event: events.RideFinished) -> None:
    _fold_trip_over(data, event)
    data.fare_trip = event.trip


def _fold_trip_over(data: VehicleState, _: Event) -> None:
    data.trip = data.pickup = data.meter = data.taximeter = data.offer = None
    data.trip_seq = 0
    data.accepted_at = data.arrived_at = data.started_at = 0.0


def _fold_payment(data: VehicleState, event: events.PaymentReported) -> None:
    data.paid = event
    if event.state in ("paid", "settled") and data.fare_trip == event.trip:
        data.fare_trip = None


def _fold_out(data: VehicleState, event: events.TakenOutOfService) -> None:
    data.out_reason = event.reason
    data.offer = data.shift_since = None


def _fold_in(data: VehicleState, _: events.ReturnedToService) -> None:
    data.out_reason = ""


# Each function is typed with its own event; this table erases these types.
_FOLDS: Final[dict[type[Event], Callable[[VehicleState, Any], None]]] = {
    events.ShiftStarted: _fold_shift,
    events.ShiftEnded: _fold_shift_over,
    events.OfferMade: _fold_offer,
    events.OfferDeclined: _fold_no_offer,
    events.OfferExpired: _fold_no_offer,
    events.OfferWithdrawn: _fold_no_offer,
    events.OfferAccepted: _fold_accepted,
    events.ArrivedAtPickup: _fold_arrived,
    events.RideStarted: _fold_started,
    events.MeterCheckpointed: _fold_checkpoint,
    events.MeterReported: _fold_reading,
    events.RideFinished: _fold_finished,
    events.TripReturned: _fold_trip_over,
    events.TripReleased: _fold_trip_over,
    events.PaymentReported: _fold_payment,
    events.TakenOutOfService: _fold_out,
    events.ReturnedToService: _fold_in,
}
