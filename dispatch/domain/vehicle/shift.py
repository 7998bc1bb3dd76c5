"""Shift decisions of a vehicle: going online and offline, breaks, and taking it out of service."""

from dispatch.domain import commands, events
from dispatch.domain.entity import Context, Decision, Event
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.domain.vehicle.offers import current_offer, lapse_offer
from dispatch.domain.vehicle.vehicle_model import VehicleModel
from dispatch.domain.vehicle.vehicle_state import OFFERED, WITH_TRIP


def start_shift(vehicle: VehicleModel, command: commands.StartShift, context: Context) -> Decision:
    return vehicle.decide_event(events.ShiftStarted(context.now, command.profile))


def end_shift(vehicle: VehicleModel, _: commands.EndShift, context: Context) -> Decision:
    return stop_taking_offers(vehicle, events.ShiftEnded(context.now), context)


def start_break(vehicle: VehicleModel, _: commands.StartBreak, context: Context) -> Decision:
    return stop_taking_offers(vehicle, events.BreakStarted(context.now), context)


def take_out_of_service(vehicle: VehicleModel, command: commands.TakeOutOfService, context: Context) -> Decision:
    return stop_taking_offers(
        vehicle, events.TakenOutOfService(context.now, by=context.principal.id, reason=command.reason), context
    )


def return_to_service(vehicle: VehicleModel, _: commands.ReturnToService, context: Context) -> Decision:
    return vehicle.decide_event(events.ReturnedToService(context.now, by=context.principal.id))


def stop_taking_offers(vehicle: VehicleModel, event: Event, context: Context) -> Decision:
    """Withdraw an open offer and append ``event``; rejected while the vehicle has a trip."""
    if vehicle.data.state in WITH_TRIP:
        raise DispatchError(ErrorCode.VEHICLE_BUSY, detail=f"{vehicle.id} has trip {vehicle.data.trip}")
    if vehicle.data.state != OFFERED:
        return vehicle.decide_event(event)
    lapsed = lapse_offer(
        vehicle,
        events.OfferWithdrawn(context.now, current_offer(vehicle).offer, "the shift ended"),
        "withdrawn",
        context,
    )
    lapsed.events = [*lapsed.events, event]
    return lapsed
