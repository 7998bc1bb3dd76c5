"""Booking decisions of a trip: request, matching, manual assignment, cancellation and rating."""

import msgspec

from dispatch.domain import commands, events
from dispatch.domain.commands import encode_command
from dispatch.domain.entity import ActiveAssignment, Command, Context, Decision, DomainNotice, Event, ScheduledCommand
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.domain.fare.fare import cancellation_fee
from dispatch.domain.state_machine import NEW
from dispatch.domain.trip.trip_model import TripModel
from dispatch.domain.trip.trip_state import ARRIVED, ASSIGNED, ENDED, MACHINE, MATCHING, OFFERED, RESERVED
from dispatch.values.units import Seconds


def request_trip(trip: TripModel, command: commands.RequestTrip, context: Context) -> Decision:
    if trip.data.state != NEW:
        raise DispatchError(ErrorCode.TRIP_EXISTS, detail=trip.id)
    now = context.now
    if command.pickup_at is not None and command.pickup_at < now:
        raise DispatchError(ErrorCode.PICKUP_IN_PAST, field="at")
    reserved = command.pickup_at is not None and command.pickup_at > now + trip.rules.reservation_lead_s
    kind = events.TripReserved if reserved else events.TripRequested
    event = kind(
        at=now,
        passenger=command.passenger,
        origin=command.origin,
        pickup=command.pickup,
        code=command.code,
        by=f"{context.principal.role}:{context.principal.id}",
        dropoff=command.dropoff,
        vehicle_class=command.vehicle_class,
        seats=command.seats,
        needs=command.needs,
        pickup_at=command.pickup_at,
        note=command.note,
        contact=command.contact,
    )
    timer = give_up_timer(trip, max(now, command.pickup_at or now))
    if reserved:
        assert command.pickup_at is not None  # noqa: S101 - implied by reserved
        lead_at = command.pickup_at - trip.rules.reservation_lead_s
        timer = ScheduledCommand("begin_matching", lead_at, str(trip.key), encode_command(commands.StartMatching()))
    return Decision(events=[event], put=[timer], reply={"trip": trip.id, "code": command.code})


def start_matching(trip: TripModel, _: commands.StartMatching, context: Context) -> Decision:
    if trip.data.state != RESERVED:
        return Decision()
    since = max(context.now, trip.data.pickup_at or context.now)
    return Decision(events=[events.MatchingStarted(at=context.now)], put=[give_up_timer(trip, since)])


def give_up(trip: TripModel, _: commands.GiveUp, context: Context) -> Decision:
    data = trip.data
    if data.state == MATCHING:
        over_at = matched_from(trip) + trip.rules.give_up_s
        if context.now >= over_at:
            notice = DomainNotice("trip_unserved", {"trip": trip.id})
            return Decision(events=[events.TripUnserved(at=context.now)], notices=[notice])
        return Decision(put=[give_up_timer(trip, matched_from(trip))])
    if data.state in (OFFERED, ASSIGNED, ARRIVED):
        return Decision(put=[give_up_timer(trip, context.now)])
    return Decision()


def matched_from(trip: TripModel) -> float:
    return max(trip.data.matching_since, trip.data.pickup_at or 0.0)


def give_up_timer(trip: TripModel, since: float) -> ScheduledCommand:
    return ScheduledCommand("give_up", since + trip.rules.give_up_s, str(trip.key), encode_command(commands.GiveUp()))


def cancel_trip(trip: TripModel, command: commands.CancelTrip, context: Context) -> Decision:
    data = trip.data
    trip.require_owner(context.principal)
    if data.state in ENDED:
        raise DispatchError(ErrorCode.TRIP_ENDED, detail=f"{trip.id} is {data.state}")
    by = context.principal.role
    if not MACHINE.allows(data.state, events.TripCancelled):
        raise MACHINE.illegal(data.state, events.TripCancelled, trip.id)
    event: Event = events.TripCancelled(at=context.now, by=by, reason=command.reason)
    fee = None
    if data.assigned_at is not None and MACHINE.allows(data.state, events.CancelledWithFee):
        fee = cancellation_fee(trip.rules.tariff, Seconds(context.now - data.assigned_at), by)
        if command.fee_up_to is not None and fee.total.minor > command.fee_up_to:
            raise DispatchError(ErrorCode.FEE_AGREED_TOO_LOW, field="fee_up_to", amount=fee.total)
        if fee.total.minor > 0:
            event = events.CancelledWithFee(context.now, by=by, reason=command.reason, fare=fee.total, lines=fee.lines)
    decision = Decision(events=[event], drop=["give_up", "begin_matching"])
    if data.vehicle is not None:
        decision.put = [release_vehicle(trip, data.vehicle, command.reason)]
        decision.releases = [ActiveAssignment(data.vehicle, trip.id)] if data.state != OFFERED else []
    return decision


def release_vehicle(trip: TripModel, vehicle: str, reason: str) -> ScheduledCommand:
    command: Command = commands.ReleaseFromTrip(trip.id, reason)
    if trip.data.state == OFFERED:
        command = commands.WithdrawOffer(trip.id, reason)
    return ScheduledCommand(f"release:{trip.seq}", 0.0, f"vehicle:{vehicle}", encode_command(command))


def assign_manually(trip: TripModel, command: commands.AssignManually, context: Context) -> Decision:
    if context.principal.role != "dispatcher":
        raise DispatchError(ErrorCode.NOT_ALLOWED)
    data = trip.data
    if data.state != MATCHING or data.pickup is None:
        raise MACHINE.illegal(data.state, events.AssignedManually, trip.id)
    event = events.AssignedManually(context.now, vehicle=command.vehicle, by=context.principal.id)
    facts = {
        "trip": trip.id,
        "trip_seq": trip.seq + 1,
        "pickup": msgspec.to_builtins(data.pickup),
        "dropoff": msgspec.to_builtins(data.dropoff),
        "vehicle_class": data.vehicle_class,
        "seats": data.seats,
        "needs": list(data.needs),
        "note": data.note,
    }
    return Decision(events=[event], reply=facts)


def rate_ride(trip: TripModel, command: commands.RateRide, context: Context) -> Decision:
    trip.require_owner(context.principal)
    if trip.data.stars is not None:
        raise DispatchError(ErrorCode.ALREADY_RATED, detail=trip.id)
    if not MACHINE.allows(trip.data.state, events.RideRated) or trip.data.finished_at is None:
        raise MACHINE.illegal(trip.data.state, events.RideRated, trip.id)
    return Decision(events=[events.RideRated(context.now, stars=command.stars, comment=command.comment)])
