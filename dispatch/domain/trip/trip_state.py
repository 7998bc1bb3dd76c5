"""The trip's state: its state machine, its hard data, and the effect of each event on them.

Rule 1: every transition of a trip is in ``TABLE`` and nowhere else.
Rule 2: this file decides nothing; ``dispatch.domain.trip.trip`` does.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from dispatch.domain import events
from dispatch.domain.commands import VehicleProfile
from dispatch.domain.entity import Event
from dispatch.domain.errors import ErrorCode
from dispatch.domain.fare.fare import FareLine
from dispatch.domain.state_machine import NEW, StateMachine, TransitionTable
from dispatch.values.money import Money
from dispatch.values.place import Place

RESERVED: Final = "reserved"
MATCHING: Final = "matching"
OFFERED: Final = "offered"
ASSIGNED: Final = "assigned"
ARRIVED: Final = "arrived"
IN_PROGRESS: Final = "in_progress"
FARE_DUE: Final = "fare_due"
PAYING: Final = "paying"
PAYMENT_UNKNOWN: Final = "payment_unknown"
PAID: Final = "paid"
PART_REFUNDED: Final = "part_refunded"
REFUNDED: Final = "refunded"
SETTLED_OTHERWISE: Final = "settled_otherwise"
CANCELLED: Final = "cancelled"
UNSERVED: Final = "unserved"

TABLE: Final[TransitionTable] = {
    NEW: {events.TripRequested: MATCHING, events.TripReserved: RESERVED, events.HailStarted: IN_PROGRESS},
    RESERVED: {events.MatchingStarted: MATCHING, events.TripCancelled: CANCELLED},
    MATCHING: {
        events.TripOffered: OFFERED,
        events.AssignedManually: MATCHING,
        events.TripCancelled: CANCELLED,
        events.TripUnserved: UNSERVED,
    },
    OFFERED: {events.TripAssigned: ASSIGNED, events.OfferLapsed: MATCHING, events.TripCancelled: CANCELLED},
    ASSIGNED: {
        events.DriverArrived: ARRIVED,
        events.AssignmentReturned: MATCHING,
        events.TripCancelled: CANCELLED,
        events.CancelledWithFee: FARE_DUE,
    },
    ARRIVED: {
        events.TripStarted: IN_PROGRESS,
        events.AssignmentReturned: MATCHING,
        events.TripCancelled: CANCELLED,
        events.CancelledWithFee: FARE_DUE,
    },
    IN_PROGRESS: {events.TripFinished: FARE_DUE},
    FARE_DUE: {
        events.FareTyped: FARE_DUE,
        events.FareAgreed: FARE_DUE,
        events.PaymentStarted: PAYING,
        events.FarePaid: PAID,
        events.FareSettled: SETTLED_OTHERWISE,
        events.RideRated: FARE_DUE,
    },
    PAYING: {
        events.PaymentOrdered: PAYING,
        events.PaymentFailed: FARE_DUE,
        events.PaymentUnclear: PAYMENT_UNKNOWN,
        events.FarePaid: PAID,
        events.RideRated: PAYING,
    },
    PAYMENT_UNKNOWN: {
        events.FarePaid: PAID,
        events.PaymentFailed: FARE_DUE,
        events.FareSettled: SETTLED_OTHERWISE,
        events.RideRated: PAYMENT_UNKNOWN,
    },
    PAID: {events.FareRefunded: PART_REFUNDED, events.FareRefundedWhole: REFUNDED, events.RideRated: PAID},
    PART_REFUNDED: {
        events.FareRefunded: PART_REFUNDED,
        events.FareRefundedWhole: REFUNDED,
        events.RideRated: PART_REFUNDED,
    },
    REFUNDED: {events.RideRated: REFUNDED},
    SETTLED_OTHERWISE: {events.RideRated: SETTLED_OTHERWISE},
    CANCELLED: {},
    UNSERVED: {},
}

MACHINE: Final = StateMachine("trip", TABLE, ErrorCode.TRIP_ILLEGAL_MOVE)

SEEKING: Final = frozenset({RESERVED, MATCHING, OFFERED})
WITH_DRIVER: Final = frozenset({ASSIGNED, ARRIVED, IN_PROGRESS})
OPEN: Final = SEEKING | WITH_DRIVER
"""States of a trip that waits for a vehicle or has one."""
UNSETTLED: Final = OPEN | {FARE_DUE, PAYING, PAYMENT_UNKNOWN}
"""States of a trip that has not ended: its ride or its payment is open."""
ENDED: Final = frozenset({PAID, PART_REFUNDED, REFUNDED, SETTLED_OTHERWISE, CANCELLED, UNSERVED})


class TripState(msgspec.Struct):
    """The complete hard state of a trip; a snapshot is this struct in MessagePack."""

    state: str = NEW
    origin: str = ""
    passenger: str = ""
    contact: str = ""
    code: str = ""
    pickup: Place | None = None
    dropoff: Place | None = None
    vehicle_class: str = "standard"
    seats: int = 1
    needs: tuple[str, ...] = ()
    note: str = ""
    pickup_at: float | None = None
    requested_at: float = 0.0
    matching_since: float = 0.0
    excluded: tuple[str, ...] = ()
    vehicle: str | None = None
    offer: str | None = None
    profile: VehicleProfile | None = None
    eta_at: float | None = None
    assigned_at: float | None = None
    arrived_at: float | None = None
    started_at: float | None = None
    finished_at: float | None = None
    cancelled_by: str | None = None
    cancel_reason: str | None = None
    fare: Money | None = None
    lines: tuple[FareLine, ...] = ()
    meters: float = 0.0
    waiting_s: float = 0.0
    typed: Money | None = None
    agreed: bool = False
    payments: int = 0
    payer: str = ""
    buyer: str = ""
    method: str = ""
    order: str = ""
    trade: str = ""
    pay_code: str = ""
    payment_reason: str = ""
    failed_orders: tuple[str, ...] = ()
    paid_at: float | None = None
    refunded: Money | None = None
    stars: int | None = None
    touched_at: float = 0.0


class FareSheet(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The facts about a fare for a payment page, without the places of the ride and without the passenger.

    ``wants_typed``: the vehicle has no meter, so the passenger types the fare in ``currency`` and the driver confirms
    it. Times are city seconds; ``reason`` is Alipay's code, or empty.
    """

    state: str
    currency: str
    vehicle: str = ""
    plate: str = ""
    company: str = ""
    fare: Money | None = None
    lines: tuple[FareLine, ...] = ()
    wants_typed: bool = False
    typed: Money | None = None
    agreed: bool = False
    meters: float = 0.0
    started_at: float | None = None
    finished_at: float | None = None
    payer: str = ""
    buyer: str = ""
    method: str = ""
    order: str = ""
    trade: str = ""
    reason: str = ""
    paid_at: float | None = None
    refunded: Money | None = None


def payment_state(data: TripState) -> str | None:
    """The payment part of a trip's state, for lists and views; None before a fare is due."""
    if data.fare is None:
        return None
    return {FARE_DUE: "due", PAYMENT_UNKNOWN: "unknown"}.get(data.state, data.state)


def fold(data: TripState, event: Event, trip_id: str) -> None:
    """Apply one event to ``data``. Raises ``IllegalMoveError``."""
    data.state = MACHINE.next(data.state, type(event), trip_id)
    data.touched_at = event.at
    change = _FOLDS.get(type(event))
    if change is not None:
        change(data, event)


# Each function is typed with its own event; the table below erases these types.


def _fold_requested(data: TripState, event: events.TripRequested) -> None:
    data.origin = event.origin
    data.passenger = event.passenger
    data.contact = event.contact
    data.code = event.code
    data.pickup = event.pickup
    data.dropoff = event.dropoff
    data.vehicle_class = event.vehicle_class
    data.seats = event.seats
    data.needs = event.needs
    data.note = event.note
    data.pickup_at = event.pickup_at
    data.requested_at = data.matching_since = event.at


def _fold_matching(data: TripState, event: events.MatchingStarted) -> None:
    data.matching_since = event.at


def _fold_offered(data: TripState, event: events.TripOffered) -> None:
    data.vehicle = event.vehicle
    data.offer = event.offer


def _without_car(data: TripState, vehicle: str) -> None:
    data.vehicle = data.offer = data.profile = data.eta_at = data.assigned_at = data.arrived_at = None
    if vehicle not in data.excluded:
        data.excluded = (*data.excluded, vehicle)


def _fold_lapsed(data: TripState, event: events.OfferLapsed) -> None:
    _without_car(data, event.vehicle)


def _fold_assigned(data: TripState, event: events.TripAssigned) -> None:
    data.vehicle = event.vehicle
    data.profile = event.profile
    data.eta_at = event.eta_at
    data.assigned_at = event.at


def _fold_arrived(data: TripState, event: events.DriverArrived) -> None:
    data.arrived_at = event.at
    data.eta_at = None


def _fold_given_back(data: TripState, event: events.AssignmentReturned) -> None:
    _without_car(data, event.vehicle)
    data.matching_since = event.at


def _fold_began(data: TripState, event: events.TripStarted) -> None:
    data.started_at = event.at


def _fold_hail(data: TripState, event: events.HailStarted) -> None:
    data.origin = "hail"
    data.vehicle = event.vehicle
    data.profile = event.profile
    data.vehicle_class = event.profile.vehicle_class
    data.pickup = event.pickup
    data.requested_at = data.assigned_at = data.started_at = event.at


def _fold_ended(data: TripState, event: events.TripFinished) -> None:
    data.finished_at = event.at
    data.fare = event.fare
    data.lines = event.lines
    data.meters = event.meters
    data.waiting_s = event.waiting_s
    data.dropoff = data.dropoff or event.dropped_at


def _fold_cancelled(data: TripState, event: events.TripCancelled) -> None:
    data.cancelled_by = event.by
    data.cancel_reason = event.reason


def _fold_cancelled_with_fee(data: TripState, event: events.CancelledWithFee) -> None:
    data.cancelled_by = event.by
    data.cancel_reason = event.reason
    data.fare = event.fare
    data.lines = event.lines


def _fold_payment_began(data: TripState, event: events.PaymentStarted) -> None:
    data.payments += 1
    data.payer = event.payer
    data.buyer = event.buyer
    data.method = event.method
    data.order = data.trade = data.pay_code = data.payment_reason = ""


def _fold_typed(data: TripState, event: events.FareTyped) -> None:
    data.typed = event.amount


def _fold_agreed(data: TripState, event: events.FareAgreed) -> None:
    data.fare = event.amount
    data.lines = (FareLine("typed", "fare as typed by the passenger", 1.0, "", event.amount),)
    data.agreed = True


def _fold_ordered(data: TripState, event: events.PaymentOrdered) -> None:
    data.order = event.order
    data.trade = event.trade
    data.pay_code = event.code
    data.payment_reason = event.reason


def _fold_payment_unclear(data: TripState, event: events.PaymentUnclear) -> None:
    data.order = event.order
    data.payment_reason = event.reason


def _fold_payment_failed(data: TripState, event: events.PaymentFailed) -> None:
    data.order = event.order
    data.payment_reason = event.reason
    data.pay_code = ""
    data.failed_orders = (*data.failed_orders, event.order)


def _fold_paid(data: TripState, event: events.FarePaid) -> None:
    data.order = event.order
    data.method = event.method
    data.trade = event.trade or data.trade
    data.payment_reason = data.pay_code = ""
    data.paid_at = event.at


def _fold_settled(data: TripState, event: events.FareSettled) -> None:
    data.method = "otherwise"
    data.payment_reason = event.reason


def _fold_refunded(data: TripState, event: events.FareRefunded | events.FareRefundedWhole) -> None:
    data.refunded = event.amount


def _fold_rated(data: TripState, event: events.RideRated) -> None:
    data.stars = event.stars


_FOLDS: Final[dict[type[Event], Callable[[TripState, Any], None]]] = {
    events.TripRequested: _fold_requested,
    events.TripReserved: _fold_requested,
    events.MatchingStarted: _fold_matching,
    events.TripOffered: _fold_offered,
    events.OfferLapsed: _fold_lapsed,
    events.TripAssigned: _fold_assigned,
    events.DriverArrived: _fold_arrived,
    events.AssignmentReturned: _fold_given_back,
    events.TripStarted: _fold_began,
    events.HailStarted: _fold_hail,
    events.TripFinished: _fold_ended,
    events.TripCancelled: _fold_cancelled,
    events.CancelledWithFee: _fold_cancelled_with_fee,
    events.FareTyped: _fold_typed,
    events.FareAgreed: _fold_agreed,
    events.PaymentStarted: _fold_payment_began,
    events.PaymentOrdered: _fold_ordered,
    events.PaymentFailed: _fold_payment_failed,
    events.PaymentUnclear: _fold_payment_unclear,
    events.FarePaid: _fold_paid,
    events.FareSettled: _fold_settled,
    events.FareRefunded: _fold_refunded,
    events.FareRefundedWhole: _fold_refunded,
    events.RideRated: _fold_rated,
}
