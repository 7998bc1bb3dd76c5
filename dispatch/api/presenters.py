"""Views of trips and vehicles for clients: first a complete view, then the part that each audience may see."""

from typing import Final

import msgspec

from dispatch.api.fields import (
    CarView,
    FareLineView,
    FareView,
    MeterView,
    MoneyView,
    OfferView,
    PaymentView,
    TripView,
    VehicleView,
)
from dispatch.domain.fare.fare import Fare
from dispatch.domain.trip.trip import Trip
from dispatch.domain.trip.trip_state import CANCELLED, OPEN, UNSERVED, TripState, payment_state
from dispatch.domain.vehicle.vehicle import Vehicle
from dispatch.domain.vehicle.vehicle_state import VehicleState
from dispatch.values.money import Money
from dispatch.values.roles import Audience

ENDED_FOR_GUESTS: Final = "ended"
"""For guests, the state of a trip and the name of every further event once the ride is over."""


def money_view(amount: Money) -> MoneyView:
    return MoneyView(amount.minor, amount.currency)


def fare_view(fare: Fare) -> FareView:
    lines = [FareLineView(x.kind, x.text, x.quantity, x.unit, x.amount.minor) for x in fare.lines]
    return FareView(money_view(fare.total), lines)


def trip_view(trip: Trip) -> TripView:
    """The complete view of a trip; :func:`trip_for` removes the parts that an audience may not see."""
    data = trip.data
    profile = data.profile
    car = None
    if profile is not None and data.vehicle is not None:
        car = CarView(data.vehicle, profile.plate, profile.driver_name, profile.vehicle_class)
    return TripView(
        trip=trip.id,
        state=trip.state,
        origin=data.origin,
        vehicle_class=data.vehicle_class,
        requested_at=data.requested_at,
        pickup=data.pickup,
        dropoff=data.dropoff,
        pickup_at=data.pickup_at,
        seats=data.seats,
        needs=list(data.needs),
        note=data.note,
        car=car,
        code=data.code or None,
        eta_at=data.eta_at,
        assigned_at=data.assigned_at,
        arrived_at=data.arrived_at,
        started_at=data.started_at,
        finished_at=data.finished_at,
        fare=fare_view(Fare(data.fare, data.lines)) if data.fare is not None else None,
        payment=_payment_view(data),
        cancelled_by=data.cancelled_by,
        cancel_reason=data.cancel_reason,
        stars=data.stars,
        passenger=data.contact or None,
    )


def _payment_view(data: TripState) -> PaymentView | None:
    state = payment_state(data)
    if state is None or data.fare is None:
        return None
    return PaymentView(
        state=state,
        method=data.method,
        amount=money_view(data.fare),
        order=data.order,
        trade=data.trade,
        reason=data.payment_reason,
        code=data.pay_code,
        typed=money_view(data.typed) if data.typed is not None else None,
        refunded=money_view(data.refunded) if data.refunded is not None else None,
    )


def trip_for(view: TripView, audience: Audience) -> TripView:
    """The part of a trip that an audience may see: only passengers see the ride code, only drivers and dispatchers the
    contact."""
    if audience == "dispatcher":
        return view
    if audience == "passenger":
        return msgspec.structs.replace(view, passenger=None)
    if audience == "guest":
        return _trip_for_guest(view)
    return msgspec.structs.replace(view, code=None)


def _trip_for_guest(view: TripView) -> TripView:
    """During the ride its places and the vehicle, without code, fare, phone number and note; afterwards only its
    end."""
    if view.state not in OPEN:
        state = view.state if view.state in (CANCELLED, UNSERVED) else ENDED_FOR_GUESTS
        return TripView(view.trip, state, view.origin, view.vehicle_class, view.requested_at)
    nothing = {"code": None, "note": "", "fare": None, "payment": None, "passenger": None, "stars": None}
    return msgspec.structs.replace(view, **nothing)


def event_for(event: str, view: object, audience: Audience) -> str:
    """The name of an event for an audience: events after the ride are hidden from guests."""
    over = audience == "guest" and isinstance(view, TripView) and view.state not in OPEN
    return ENDED_FOR_GUESTS if over else event


def vehicle_view(vehicle: Vehicle) -> VehicleView:
    data = vehicle.data
    return VehicleView(
        vehicle=vehicle.id,
        state=vehicle.state,
        driver=data.profile.driver if data.profile is not None else None,
        offer=_offer_view(data) if data.state == "offered" else None,
        trip=data.trip,
        meter=_meter_view(vehicle),
        paid=_paid_view(data),
        reason=data.out_reason,
    )


def _offer_view(data: VehicleState) -> OfferView | None:
    offer = data.offer
    if offer is None:
        return None
    return OfferView(
        offer=offer.offer,
        trip=offer.trip,
        pickup=offer.pickup,
        pickup_s=offer.pickup_s,
        expires_at=offer.expires_at,
        dropoff=offer.dropoff,
        passengers=offer.seats,
        needs=list(offer.needs),
        note=offer.note,
    )


def _meter_view(vehicle: Vehicle) -> MeterView | None:
    checkpoint = vehicle.data.meter
    if checkpoint is None:
        return None
    fare = vehicle.fare_on_record()
    if fare is None:
        return None
    return MeterView(checkpoint.meters, checkpoint.waiting_s, money_view(fare.total))


def _paid_view(data: VehicleState) -> PaymentView | None:
    paid = data.paid
    if paid is None:
        return None
    return PaymentView(state=paid.state, method=paid.method, amount=money_view(paid.amount), order=paid.trip)


def vehicle_for(view: VehicleView, audience: Audience) -> VehicleView:
    """The part of a vehicle that an audience may see: taximeters see no offers."""
    if audience == "device":
        return msgspec.structs.replace(view, offer=None)
    return view
