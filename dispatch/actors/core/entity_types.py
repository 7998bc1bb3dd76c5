"""The kinds of entities: how a host creates, decodes and shows each."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, cast

import msgspec

from dispatch.api.fields import PaymentView, PhraseView, TripView, VehicleView
from dispatch.api.presenters import event_for, trip_for, trip_view, vehicle_for, vehicle_view
from dispatch.api.server_messages import Snapshot, Update
from dispatch.domain.entity import Entity, Event, Kind
from dispatch.domain.events import decode_trip_event, decode_vehicle_event
from dispatch.domain.rules import Rules
from dispatch.domain.trip.trip import Trip
from dispatch.domain.vehicle.vehicle import Vehicle
from dispatch.payment.core.error_texts import PASSWORD, UNCLEAR, ErrorText, error_text
from dispatch.payment.core.payment import Payment, PaymentRules, decode_payment_event
from dispatch.values.roles import Audience

View = TripView | VehicleView

_encode = msgspec.msgpack.Encoder().encode


class EntityKind(NamedTuple):
    """One kind of entity. ``view`` is None for a kind that clients cannot subscribe to."""

    kind: Kind
    make: Callable[[str, int, bytes | None], Entity]
    decode_event: Callable[[bytes], Event]
    view: Callable[[Entity], View] | None


class StreamUpdate(NamedTuple):
    """One event of a stream as subscribers see it: its name, and the complete view after it."""

    seq: int
    event: str
    at: float
    view: View


def entity_kinds(rules: Rules, payment_rules: PaymentRules) -> Mapping[Kind, EntityKind]:
    return {
        "vehicle": EntityKind(
            "vehicle",
            lambda name, seq, body: Vehicle(name, rules, seq, body),
            decode_vehicle_event,
            lambda entity: vehicle_view(cast("Vehicle", entity)),
        ),
        "trip": EntityKind(
            "trip",
            lambda name, seq, body: Trip(name, rules, seq, body),
            decode_trip_event,
            lambda entity: _with_phrase(trip_view(cast("Trip", entity))),
        ),
        "payment": EntityKind(
            "payment", lambda name, seq, body: Payment(name, payment_rules, seq, body), decode_payment_event, None
        ),
    }


def _with_phrase(view: TripView) -> TripView:
    payment = view.payment
    found = _phrase_of(payment) if payment is not None else None
    if payment is None or found is None:
        return view
    words = PhraseView(found.en, found.zh, found.do_en, found.do_zh)
    return msgspec.structs.replace(view, payment=msgspec.structs.replace(payment, phrase=words))


def _phrase_of(payment: PaymentView) -> ErrorText | None:
    if payment.state == "unknown":
        return UNCLEAR
    if payment.state == "paying" and payment.reason == "PASSWORD":
        return PASSWORD
    return error_text(payment.reason) if payment.state == "due" and payment.reason else None


def encode_update(stream: str, update: StreamUpdate, audience: Audience) -> bytes:
    seq, event, at, view = update
    if isinstance(view, TripView):
        name = event_for(event, view, audience)
        return _encode(Update(stream, seq, name, at, trip=trip_for(view, audience)))
    return _encode(Update(stream, seq, event, at, vehicle=vehicle_for(view, audience)))


def encode_snapshot(stream: str, seq: int, view: View, audience: Audience) -> bytes:
    if isinstance(view, TripView):
        return _encode(Snapshot(stream, seq, recovered=False, trip=trip_for(view, audience)))
    return _encode(Snapshot(stream, seq, recovered=False, vehicle=vehicle_for(view, audience)))
