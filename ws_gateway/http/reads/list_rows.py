"""Converts rows of lists into views, without replaying the trips' streams."""

from dispatch.api.fields import CarView, FareView, MoneyView, PaymentView, TripView
from dispatch.store.queries.lists import ListedTrip
from dispatch.store.queries.trip_rows import TripRow
from dispatch.values.place import Place


def trip_of(listed: ListedTrip) -> TripView:
    """The view has no fare lines and no payment texts."""
    row = listed.row
    fare = MoneyView(row.fare_minor, row.currency) if row.fare_minor is not None and row.currency else None
    return TripView(
        trip=row.id,
        state=row.state,
        origin=row.origin or "",
        vehicle_class=row.vehicle_class or "standard",
        requested_at=row.requested_at or 0.0,
        pickup=_place(row.pickup_lat, row.pickup_lng, row.pickup_text),
        dropoff=_place(row.dropoff_lat, row.dropoff_lng, row.dropoff_text),
        pickup_at=row.pickup_at,
        seats=row.seats or 1,
        needs=(row.needs or "").split(),
        note=row.note or "",
        car=_car(listed),
        eta_at=row.eta_at,
        assigned_at=row.assigned_at,
        arrived_at=row.arrived_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        fare=FareView(fare, []) if fare is not None else None,
        payment=_payment(row, fare),
        cancelled_by=row.cancelled_by,
        cancel_reason=row.cancel_reason,
        stars=row.stars,
        passenger=row.contact,
    )


def _place(lat: float | None, lng: float | None, text: str | None) -> Place | None:
    return Place(lat, lng, text or "") if lat is not None and lng is not None else None


def _car(listed: ListedTrip) -> CarView | None:
    """The assigned car: a car with only an offer is not one."""
    row = listed.row
    if row.vehicle is None or row.driver is None:
        return None
    return CarView(row.vehicle, listed.plate, listed.driver_name, listed.car_class)


def _payment(row: TripRow, amount: MoneyView | None) -> PaymentView | None:
    if row.payment_state is None:
        return None
    return PaymentView(row.payment_state, row.method or "", amount)
