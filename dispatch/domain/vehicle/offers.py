"""Offer decisions of a vehicle: making, accepting, declining, expiring and withdrawing offers.

Rule: an offer has exactly one outcome: accepted, declined, expired or withdrawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dispatch.domain import commands, events
from dispatch.domain.commands import encode_command
from dispatch.domain.entity import (
    ActiveAssignment,
    AppendElsewhere,
    Context,
    Decision,
    EntityKey,
    Event,
    ScheduledCommand,
)
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.domain.vehicle.vehicle_model import VehicleModel
from dispatch.domain.vehicle.vehicle_state import AT_PICKUP, IDLE, OFFERED, TO_PICKUP
from dispatch.geo.distance import STRAIGHT_MPS, haversine_m
from dispatch.values.place import Place
from dispatch.values.units import LatLng

OFFER_EXPIRY: Final = "offer_expiry"
"""Name of the timer that expires an offer."""


def make_offer(vehicle: VehicleModel, command: commands.MakeOffer, context: Context) -> Decision:
    trip_key = EntityKey("trip", command.trip)
    if trip_key in context.other_entities:
        raise DispatchError(ErrorCode.TRIP_CHANGED, detail=command.trip)
    if vehicle.data.state == OFFERED and vehicle.data.offer is not None and vehicle.data.offer.offer == command.offer:
        return Decision()
    require_suitable(vehicle, command, context.now)
    expires_at = context.now + vehicle.rules.offer_countdown_s
    made = events.OfferMade(
        at=context.now,
        offer=command.offer,
        trip=command.trip,
        trip_seq=command.trip_seq + 1,
        pickup=command.pickup,
        pickup_s=approach_s(vehicle, command.pickup) if command.by_hand else command.pickup_s,
        expires_at=expires_at,
        dropoff=command.dropoff,
        seats=command.seats,
        needs=command.needs,
        note=command.note,
    )
    offered = events.TripOffered(context.now, vehicle.id, command.offer, expires_at, by_hand=command.by_hand)
    timer = ScheduledCommand(
        OFFER_EXPIRY, expires_at, f"vehicle:{vehicle.id}", encode_command(commands.ExpireOffer(command.offer))
    )
    return Decision(
        events=[made], appends_elsewhere=[AppendElsewhere(trip_key, command.trip_seq, (offered,))], put=[timer]
    )


def approach_s(vehicle: VehicleModel, pickup: Place) -> float:
    """The estimated approach time in seconds along the straight line, for offers that no matcher computed."""
    gps = vehicle.tracker.gps
    return haversine_m(LatLng(gps.lat, gps.lng), LatLng(pickup.lat, pickup.lng)) / STRAIGHT_MPS


def require_suitable(vehicle: VehicleModel, command: commands.MakeOffer, now: float) -> None:
    profile = vehicle.data.profile
    if vehicle.data.state != IDLE or profile is None:
        raise DispatchError(ErrorCode.VEHICLE_NOT_FREE, detail=f"{vehicle.id} is {vehicle.state}")
    if vehicle.stale(now):
        raise DispatchError(ErrorCode.VEHICLE_STALE, detail=vehicle.id)
    if profile.seats < command.seats or not set(command.needs) <= set(profile.needs):
        raise DispatchError(ErrorCode.VEHICLE_UNSUITABLE, detail=vehicle.id)


def accept_offer(vehicle: VehicleModel, command: commands.AcceptOffer, context: Context) -> Decision:
    offer = require_open_offer(vehicle, command.offer)
    profile = vehicle.require_profile()
    trip_key = EntityKey("trip", offer.trip)
    if trip_key in context.other_entities:
        gone = events.OfferWithdrawn(context.now, offer.offer, "the trip is no longer offered")
        refusal = DispatchError(ErrorCode.OFFER_GONE, detail=offer.offer)
        return Decision(events=[gone], drop=[OFFER_EXPIRY], refusal=refusal)
    seq = offer.trip_seq + 1
    taken = events.OfferAccepted(context.now, offer.offer, offer.trip, seq)
    assigned = events.TripAssigned(context.now, vehicle.id, offer.offer, profile, context.now + offer.pickup_s)
    return Decision(
        events=[taken],
        appends_elsewhere=[AppendElsewhere(trip_key, offer.trip_seq, (assigned,))],
        drop=[OFFER_EXPIRY],
        assignments=[ActiveAssignment(vehicle.id, offer.trip)],
    )


def decline_offer(vehicle: VehicleModel, command: commands.DeclineOffer, context: Context) -> Decision:
    offer = require_open_offer(vehicle, command.offer)
    return lapse_offer(vehicle, events.OfferDeclined(context.now, offer.offer, command.reason), "declined", context)


def expire_offer(vehicle: VehicleModel, command: commands.ExpireOffer, context: Context) -> Decision:
    if vehicle.data.offer is None or vehicle.data.offer.offer != command.offer or vehicle.data.state != OFFERED:
        return Decision()
    return lapse_offer(vehicle, events.OfferExpired(context.now, command.offer), "expired", context)


def withdraw_offer(vehicle: VehicleModel, command: commands.WithdrawOffer, context: Context) -> Decision:
    offer = vehicle.data.offer
    if vehicle.data.state != OFFERED or offer is None or offer.trip != command.trip:
        return release_from_trip(vehicle, commands.ReleaseFromTrip(command.trip, command.reason), context)
    return Decision(events=[events.OfferWithdrawn(context.now, offer.offer, command.reason)], drop=[OFFER_EXPIRY])


def release_from_trip(vehicle: VehicleModel, command: commands.ReleaseFromTrip, context: Context) -> Decision:
    if vehicle.data.trip != command.trip or vehicle.data.state not in (TO_PICKUP, AT_PICKUP):
        return Decision()
    return vehicle.decide_event(events.TripReleased(context.now, command.trip, command.reason))


def lapse_offer(vehicle: VehicleModel, event: Event, outcome: str, context: Context) -> Decision:
    """End the open offer. The trip is matched again without this vehicle, unless it has ended in the meantime."""
    offer = current_offer(vehicle)
    trip_key = EntityKey("trip", offer.trip)
    foreign: Sequence[AppendElsewhere] = ()
    if trip_key not in context.other_entities:
        lapsed = events.OfferLapsed(context.now, vehicle.id, offer.offer, outcome)
        foreign = [AppendElsewhere(trip_key, offer.trip_seq, (lapsed,))]
    return Decision(events=[event], appends_elsewhere=foreign, drop=[OFFER_EXPIRY])


def require_open_offer(vehicle: VehicleModel, offer_id: str) -> events.OfferMade:
    offer = vehicle.data.offer
    if vehicle.data.state != OFFERED or offer is None or offer.offer != offer_id:
        raise DispatchError(ErrorCode.OFFER_GONE, detail=offer_id)
    return offer


def current_offer(vehicle: VehicleModel) -> events.OfferMade:
    if vehicle.data.offer is None:
        raise DispatchError(ErrorCode.OFFER_GONE)
    return vehicle.data.offer
