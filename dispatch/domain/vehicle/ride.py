"""Ride decisions of a vehicle: arrival, start, hail, meter, finish, return, no-show and payment reports.

Rule: events that concern vehicle and trip are appended to both streams in one transaction. The vehicle names the
sequence number at which it expects the trip. If the trip is elsewhere, the decision is repeated with the trip loaded
from the journal (``Context.other_entities``): a cancellation that was committed first wins, and the driver is informed.
"""

from collections.abc import Callable
from typing import Final

from dispatch.domain import commands, events
from dispatch.domain.entity import (
    ActiveAssignment,
    AppendElsewhere,
    Context,
    Decision,
    EntityKey,
    Event,
    NeedsEntityError,
)
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.domain.fare.fare import no_show_fee
from dispatch.domain.fare.gps_meter import MeterCheckpoint
from dispatch.domain.trip.trip import Trip
from dispatch.domain.trip.trip_state import WITH_DRIVER
from dispatch.domain.vehicle.offers import current_offer, lapse_offer
from dispatch.domain.vehicle.vehicle_model import VehicleModel
from dispatch.domain.vehicle.vehicle_state import AT_PICKUP, IDLE, MACHINE, OFFERED, ON_TRIP, TO_PICKUP
from dispatch.values.place import Place
from dispatch.values.units import Seconds

WRONG_CODES_ALLOWED: Final = 5


def arrive_at_pickup(vehicle: VehicleModel, command: commands.ArriveAtPickup, context: Context) -> Decision:
    vehicle.require_trip(command.trip, TO_PICKUP, events.ArrivedAtPickup)
    trip_event = events.DriverArrived(context.now, vehicle.id)
    return append_with_trip(
        vehicle, context, trip_event, lambda seq: events.ArrivedAtPickup(context.now, command.trip, seq)
    )


def start_ride(vehicle: VehicleModel, command: commands.StartRide, context: Context) -> Decision:
    vehicle.require_trip(command.trip, AT_PICKUP, events.RideStarted)
    trip = require_trip_entity(context, command.trip)
    if vehicle.wrong_codes >= WRONG_CODES_ALLOWED:
        raise DispatchError(ErrorCode.TOO_MANY_ATTEMPTS, field="code", detail="ask a dispatcher")
    if reason_for_loss(vehicle, trip) is None and trip.data.code != command.code:
        vehicle.wrong_codes += 1
        raise DispatchError(ErrorCode.WRONG_RIDE_CODE, field="code")
    meter = vehicle.tracker.start_checkpoint(context.now)
    trip_event = events.TripStarted(context.now, vehicle.id)
    return append_with_trip(
        vehicle, context, trip_event, lambda seq: ride_started(vehicle, command.trip, seq, meter, context.now)
    )


def start_hail(vehicle: VehicleModel, command: commands.StartHail, context: Context) -> Decision:
    profile = vehicle.require_profile()
    if vehicle.stale(context.now):
        raise DispatchError(ErrorCode.VEHICLE_STALE, detail=vehicle.id)
    here = Place(vehicle.tracker.gps.lat, vehicle.tracker.gps.lng)
    if vehicle.data.state not in (IDLE, OFFERED):
        raise MACHINE.illegal(vehicle.state, events.RideStarted, vehicle.id)
    decision = Decision()
    if vehicle.data.state == OFFERED:
        gone = events.OfferWithdrawn(context.now, current_offer(vehicle).offer, "a passenger got in on the street")
        decision = lapse_offer(vehicle, gone, "withdrawn", context)
    started = ride_started(
        vehicle, command.trip, 1, vehicle.tracker.start_checkpoint(context.now), context.now, hailed=True
    )
    decision.events = [*decision.events, started]
    hail = events.HailStarted(context.now, vehicle.id, profile, here)
    decision.appends_elsewhere = [
        *decision.appends_elsewhere,
        AppendElsewhere(EntityKey("trip", command.trip), 0, (hail,)),
    ]
    decision.assignments = [ActiveAssignment(vehicle.id, command.trip)]
    decision.reply = {"trip": command.trip}
    return decision


def ride_started(
    vehicle: VehicleModel, trip: str, seq: int, meter: MeterCheckpoint, now: float, *, hailed: bool = False
) -> events.RideStarted:
    airport = vehicle.rules.from_airport(meter.lat, meter.lng)
    return events.RideStarted(now, trip, seq, meter, hailed=hailed, from_airport=airport)


def report_meter(vehicle: VehicleModel, command: commands.ReportMeter, context: Context) -> Decision:
    if vehicle.data.state != ON_TRIP or vehicle.data.trip is None:
        raise DispatchError(ErrorCode.NO_METER, detail=f"{vehicle.id} is {vehicle.state}")
    if command.amount.currency != vehicle.rules.tariff.currency:
        raise DispatchError(ErrorCode.INVALID_FIELD, field="currency", detail=vehicle.rules.tariff.currency)
    if command.amount.minor < 0:
        raise DispatchError(ErrorCode.INVALID_FIELD, field="amount")
    return vehicle.decide_event(events.MeterReported(context.now, vehicle.data.trip, command.amount))


def finish_ride(vehicle: VehicleModel, command: commands.FinishRide, context: Context) -> Decision:
    trip = command.trip or vehicle.data.trip or ""
    vehicle.require_trip(trip, ON_TRIP, events.RideFinished)
    fare = vehicle.fare_so_far(context.now)
    assert fare is not None  # noqa: S101 - on a trip there is a fare
    meter = vehicle.running_meter()
    gps = vehicle.tracker.gps
    ended = events.TripFinished(
        at=context.now,
        vehicle=vehicle.id,
        fare=fare.total,
        lines=fare.lines,
        meters=meter.meters,
        waiting_s=meter.waiting_s,
        dropped_at=Place(gps.lat, gps.lng),
    )
    decision = append_with_trip(
        vehicle, context, ended, lambda seq: events.RideFinished(context.now, trip, seq, fare.total)
    )
    decision.releases = [ActiveAssignment(vehicle.id, trip)]
    return decision


def return_trip(vehicle: VehicleModel, command: commands.ReturnTrip, context: Context) -> Decision:
    if vehicle.data.state not in (TO_PICKUP, AT_PICKUP):
        raise MACHINE.illegal(vehicle.state, events.TripReturned, vehicle.id)
    vehicle.require_trip(command.trip, vehicle.data.state, events.TripReturned)
    trip_event: Event = events.AssignmentReturned(context.now, vehicle.id, command.reason)
    if command.no_show:
        trip_event = no_show_event(vehicle, command, context.now)
    given = events.TripReturned(context.now, command.trip, command.reason, no_show=command.no_show)
    decision = append_with_trip(vehicle, context, trip_event, lambda _: given)
    decision.releases = [ActiveAssignment(vehicle.id, command.trip)]
    return decision


def no_show_event(vehicle: VehicleModel, command: commands.ReturnTrip, now: float) -> Event:
    waited = now - vehicle.data.arrived_at
    if vehicle.data.state != AT_PICKUP or waited < vehicle.rules.no_show_after_s:
        raise DispatchError(ErrorCode.VEHICLE_ILLEGAL_MOVE, detail="wait longer at the pick-up before a no-show")
    fee = no_show_fee(vehicle.rules.tariff, Seconds(waited))
    if fee.total.minor == 0:
        return events.TripCancelled(now, by="no_show", reason=command.reason)
    return events.CancelledWithFee(now, by="no_show", reason=command.reason, fare=fee.total, lines=fee.lines)


def report_payment(vehicle: VehicleModel, command: commands.ReportPayment, context: Context) -> Decision:
    return vehicle.decide_event(
        events.PaymentReported(context.now, command.trip, command.state, command.amount, command.method)
    )


def resolve_scan(vehicle: VehicleModel, _: commands.ResolveScan, __: Context) -> Decision:
    trip = vehicle.data.trip if vehicle.data.state == ON_TRIP else vehicle.data.fare_trip
    if trip is None:
        raise DispatchError(ErrorCode.NO_TRIP_TO_PAY, detail=vehicle.id)
    return Decision(reply={"trip": trip})


def append_with_trip(
    vehicle: VehicleModel, context: Context, trip_event: Event, own: Callable[[int], Event]
) -> Decision:
    """Append ``trip_event`` to the trip's stream and ``own(n)`` to this one, where ``n`` is the trip's new number.

    If the trip is no longer this vehicle's, release it and reject the command.
    """
    assert vehicle.data.trip is not None  # noqa: S101 - callers have checked the state
    key = EntityKey("trip", vehicle.data.trip)
    seq = vehicle.data.trip_seq
    trip = context.other_entities.get(key)
    if isinstance(trip, Trip):
        lost = reason_for_loss(vehicle, trip)
        if lost is not None:
            refusal = DispatchError(ErrorCode.TRIP_ENDED, detail=f"{trip.id} is {trip.state}")
            return Decision(events=[events.TripReleased(context.now, trip.id, lost)], refusal=refusal)
        seq = trip.seq
    return Decision(events=[own(seq + 1)], appends_elsewhere=[AppendElsewhere(key, seq, (trip_event,))])


def reason_for_loss(vehicle: VehicleModel, trip: Trip) -> str | None:
    """Why the trip is no longer this vehicle's; None while it is."""
    if trip.data.vehicle == vehicle.id and trip.state in WITH_DRIVER:
        return None
    return trip.data.cancel_reason or f"the trip is {trip.state}"


def require_trip_entity(context: Context, trip_id: str) -> Trip:
    key = EntityKey("trip", trip_id)
    trip = context.other_entities.get(key)
    if not isinstance(trip, Trip):
        raise NeedsEntityError(key)
    return trip
