"""The trip without its decisions: state, fold, rows, and the ownership checks that decisions share."""

from typing import ClassVar

import msgspec

from dispatch.domain.entity import EntityKey, Event, Kind, Principal, Row
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.domain.match_pool import OpenRequest
from dispatch.domain.rules import Rules
from dispatch.domain.stream_access import may_follow
from dispatch.domain.trip.trip_state import MATCHING, TripState, fold, payment_state
from dispatch.values.ids import TripId, VehicleId


class TripModel:
    """State of one trip, as :class:`dispatch.domain.entity.Entity` describes it."""

    kind: ClassVar[Kind] = "trip"

    def __init__(self, trip_id: str, rules: Rules, seq: int = 0, snapshot: bytes | None = None) -> None:
        self.id = trip_id
        self.seq = seq
        self.rules = rules
        self.data = TripState() if snapshot is None else msgspec.msgpack.decode(snapshot, type=TripState)

    @property
    def state(self) -> str:
        return self.data.state

    @property
    def key(self) -> EntityKey:
        return EntityKey("trip", self.id)

    def snapshot(self) -> bytes:
        return msgspec.msgpack.encode(self.data)

    def apply(self, event: Event) -> None:
        fold(self.data, event, self.id)
        self.seq += 1

    def match_entry(self) -> OpenRequest | None:
        data = self.data
        if data.state != MATCHING or data.pickup is None:
            return None
        return OpenRequest(
            trip=TripId(self.id),
            seq=self.seq,
            pickup=data.pickup,
            dropoff=data.dropoff,
            vehicle_class=data.vehicle_class,
            seats=data.seats,
            needs=data.needs,
            requested_at=data.pickup_at or data.requested_at,
            excluded=tuple(VehicleId(vehicle) for vehicle in data.excluded),
            note=data.note,
        )

    def may_follow(self, principal: Principal) -> bool:
        data = self.data
        passengers = (data.passenger, data.payer) if data.origin == "hail" else (data.passenger,)
        return may_follow("trip", self.id, principal, passengers=passengers, vehicle=data.vehicle)

    def row(self) -> Row:
        data = self.data
        profile = data.profile
        return Row(
            "trip",
            self.id,
            {
                "state": data.state,
                "passenger": data.passenger or None,
                "driver": profile.driver if profile else None,
                "vehicle": data.vehicle,
                "vehicle_class": data.vehicle_class,
                "origin": data.origin,
                "requested_at": data.requested_at,
                "pickup_at": data.pickup_at,
                "pickup_lat": data.pickup.lat if data.pickup else None,
                "pickup_lng": data.pickup.lng if data.pickup else None,
                "dropoff_lat": data.dropoff.lat if data.dropoff else None,
                "dropoff_lng": data.dropoff.lng if data.dropoff else None,
                "assigned_at": data.assigned_at,
                "arrived_at": data.arrived_at,
                "started_at": data.started_at,
                "finished_at": data.finished_at,
                "cancelled_by": data.cancelled_by,
                "cancel_reason": data.cancel_reason,
                "fare_minor": data.fare.minor if data.fare else None,
                "currency": data.fare.currency if data.fare else None,
                "payment_state": payment_state(data),
                "paid_at": data.paid_at,
                "seq": self.seq,
                "updated_at": data.touched_at,
                "contact": data.contact or None,
                "pickup_text": data.pickup.text if data.pickup else None,
                "dropoff_text": data.dropoff.text if data.dropoff else None,
                "seats": data.seats,
                "needs": " ".join(data.needs) or None,
                "note": data.note or None,
                "eta_at": data.eta_at,
                "stars": data.stars,
                "method": data.method or None,
            },
        )

    def require_driver(self, principal: Principal) -> None:
        if principal.role != "driver" or principal.vehicle != self.data.vehicle:
            raise DispatchError(ErrorCode.NOT_YOURS, detail=self.id)

    @property
    def wants_typed_fare(self) -> bool:
        """Whether the fare of this ride is typed: the vehicle has no meter, and the ride took place."""
        data = self.data
        return data.profile is not None and data.profile.typed_fare and data.finished_at is not None

    def require_owner(self, principal: Principal) -> None:
        """Passengers may act on their own trips only; dispatchers and the system on all trips."""
        if principal.role in ("dispatcher", "system"):
            return
        if principal.role != "passenger" or principal.id != self.data.passenger:
            raise DispatchError(ErrorCode.NOT_YOURS, detail=self.id)
