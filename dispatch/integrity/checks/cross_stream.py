"""Invariants between streams: assignments, offers, timers, and the payment of a trip.

All facts of a page are read at one moment of the journal, so no difference is a matter of timing. A difference is
allowed only while a pending message will repair it: a row that another host's message updates, or a vehicle whose trip
was cancelled.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from dispatch.domain.commands import decode_command
from dispatch.domain.entity import ActiveAssignment, EntityKey
from dispatch.domain.trip import trip_state
from dispatch.domain.trip.trip import Trip
from dispatch.domain.vehicle import vehicle_state
from dispatch.domain.vehicle.offers import OFFER_EXPIRY
from dispatch.domain.vehicle.vehicle import Vehicle
from dispatch.integrity.checks.stream import Row, StreamCheck
from dispatch.payment.core.payment import Payment
from dispatch.payment.core.state import COLLECTED
from dispatch.store.journal import StoredCommand, shard_of

GIVE_UP: Final = "give_up"
BEGIN_MATCHING: Final = "begin_matching"
_GIVES_UP: Final = frozenset({trip_state.MATCHING, trip_state.OFFERED, trip_state.ASSIGNED, trip_state.ARRIVED})
_AT_WORK: Final = frozenset({trip_state.PAYING, trip_state.PAYMENT_UNKNOWN})
_PAID: Final = frozenset({trip_state.PAID, trip_state.PART_REFUNDED, trip_state.REFUNDED})
_UNPAID: Final = frozenset({trip_state.FARE_DUE, *_AT_WORK})


class ShardedTimer(msgspec.Struct, frozen=True):
    """A timer as stored in the journal, with its shard."""

    due: StoredCommand
    shard: int


class Surroundings(msgspec.Struct, kw_only=True):
    """The rows of the journal that concern one stream, at the moment of its page.

    ``own`` are its timers; ``incoming`` are those of other streams that target it (read only if
    :func:`wants_incoming`); ``claim`` is its active assignment; ``other`` is the row of its :func:`counterpart`.
    """

    own: Sequence[ShardedTimer] = ()
    incoming: Sequence[StoredCommand] = ()
    claim: ActiveAssignment | None = None
    other: Row | None = None


def counterpart(check: StreamCheck) -> EntityKey | None:
    """The entity whose row must agree with this stream."""
    entity = check.entity
    if isinstance(entity, Vehicle) and entity.data.state == vehicle_state.OFFERED and entity.data.offer is not None:
        return EntityKey("trip", entity.data.offer.trip)
    if isinstance(entity, Trip) and entity.data.state == trip_state.OFFERED:
        return EntityKey("vehicle", entity.data.vehicle or "")
    if isinstance(entity, Trip):
        return EntityKey("payment", entity.id) if entity.data.fare is not None else None
    if isinstance(entity, Payment):
        return EntityKey("trip", entity.id)
    return None


def wants_incoming(check: StreamCheck, claim: ActiveAssignment | None) -> bool:
    """Whether this stream is correct only if a message for it is pending."""
    entity = check.entity
    if check.row_is_behind:
        return True
    if isinstance(entity, Vehicle) and entity.data.state == vehicle_state.OFFERED:
        return True
    if isinstance(entity, Vehicle):
        return entity.data.state in vehicle_state.WITH_TRIP and claim is None
    return isinstance(entity, Trip) and entity.data.state in _AT_WORK


def check_around(check: StreamCheck, around: Surroundings, shards: int) -> None:
    """Compare one replayed stream with its surroundings; findings are added to ``check``."""
    _check_shards(check, around.own, shards)
    if check.entity is None:
        return
    _check_row_behind(check, around)
    _check_claim(check, around)
    _check_offer(check, around)
    _check_timers(check, {each.due.name for each in around.own})
    _check_payment(check, around)


def _check_row_behind(check: StreamCheck, around: Surroundings) -> None:
    if not check.row_is_behind or check.entity is None:
        return
    prefix = f"moved:{check.key}:"
    numbers = [due.name.removeprefix(prefix) for due in around.incoming if due.name.startswith(prefix)]
    if not any(number.isdigit() and int(number) > check.row_seq for number in numbers):
        check.report("row_behind", f"the row is at {check.row_seq}; the history is at {check.entity.seq}")


def _check_claim(check: StreamCheck, around: Surroundings) -> None:
    claim = around.claim
    match check.entity:
        case Vehicle() as vehicle:
            _check_vehicle_claim(check, vehicle, around)
        case Trip() as trip:
            wanted = trip.data.vehicle if trip.data.state in trip_state.WITH_DRIVER else None
            have = claim.vehicle if claim is not None else None
            if have != wanted:
                check.report("claim", f"it is {trip.state} with {_name(wanted)}; the claim is {_name(have)}'s")


def _check_vehicle_claim(check: StreamCheck, vehicle: Vehicle, around: Surroundings) -> None:
    """A cancelled trip releases its vehicle at once; the vehicle keeps the trip until the message reaches it."""
    wanted = vehicle.data.trip if vehicle.data.state in vehicle_state.WITH_TRIP else None
    have = around.claim.trip if around.claim is not None else None
    if have == wanted:
        return
    pending = any(due.owner == EntityKey("trip", wanted or "") for due in around.incoming)
    if have is not None or not pending:
        check.report("claim", f"it is {vehicle.state} with {_name(wanted)}; the claim is for {_name(have)}")


def _check_offer(check: StreamCheck, around: Surroundings) -> None:
    """Both histories get an offer in one transaction; a cancelled trip sends a message to the vehicle."""
    match check.entity:
        case Trip() as trip if trip.data.state == trip_state.OFFERED:
            state = around.other["state"] if around.other is not None else "missing"
            if state != vehicle_state.OFFERED:
                check.report("offer", f"it is offered to {_name(trip.data.vehicle)}, which is {state}")
        case Vehicle(data=data) if data.state == vehicle_state.OFFERED and data.offer is not None:
            row, key = around.other, EntityKey("trip", data.offer.trip)
            agreed = row is not None and (row["state"], row["vehicle"]) == (trip_state.OFFERED, check.key.id)
            telling = any(each.due.target == str(key) for each in around.own)
            if not (agreed or telling or any(due.owner == key for due in around.incoming)):
                state = f"{row['state']} with {_name(row['vehicle'])}" if row is not None else "missing"
                check.report("offer", f"it has an offer of {key.id}, which is {state}")


def _name(entity_id: str | None) -> str:
    return entity_id or "none"


def _check_shards(check: StreamCheck, timers: Sequence[ShardedTimer], shards: int) -> None:
    for due, shard in ((each.due, each.shard) for each in timers):
        right = shard_of(due.owner, shards)
        if shard != right:
            check.report("due_lost", f"timer {due.name} is stored in shard {shard} instead of {right}")
        try:
            if due.target.startswith("alipay:"):
                msgspec.msgpack.decode(due.command)
            else:
                EntityKey.parse(due.target)
                decode_command(due.command)
        except (ValueError, msgspec.DecodeError) as error:
            check.report("unreadable", f"timer {due.name} for {due.target!r} cannot be decoded: {error}")


def needed(entity: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - a Vehicle, Trip or Payment
    """The timers that an entity's state requires, each with the reason."""
    match entity:
        case Vehicle(data=data) if data.state == vehicle_state.OFFERED:
            yield OFFER_EXPIRY, "an offer is open"
        case Trip(data=data) if data.state == trip_state.RESERVED:
            yield BEGIN_MATCHING, "it is reserved"
        case Trip(data=data) if data.state in _GIVES_UP:
            yield GIVE_UP, f"it is {data.state}"
        case Payment(data=data):
            for attempt in data.attempts:
                if attempt.end == "open" or attempt.checking:
                    yield f"ask:{attempt.order}", f"attempt {attempt.order} is open"
            for refund in data.refunds:
                if refund.end == "open":
                    yield f"again:{refund.refund}", f"refund {refund.refund} is open"


def _may_have(entity: Any, name: str) -> bool:  # noqa: ANN401 - a Vehicle, Trip or Payment
    """Whether a timer that is not required may remain: it fires without effect."""
    if name == GIVE_UP:
        return entity.data.state not in (trip_state.RESERVED, trip_state.CANCELLED, trip_state.UNSERVED)
    return not (name in (OFFER_EXPIRY, BEGIN_MATCHING) or name.startswith(("ask:", "again:")))


def _check_timers(check: StreamCheck, names: set[str]) -> None:
    wanted = dict(needed(check.entity))
    for name, why in wanted.items():
        if name not in names:
            check.report("due_missing", f"{why}, and there is no timer {name}")
    for name in sorted(names - wanted.keys()):
        if not _may_have(check.entity, name):
            state = check.entity.state if check.entity is not None else ""
            check.report("due_idle", f"timer {name} is set, and it is {state}")


def _check_payment(check: StreamCheck, around: Surroundings) -> None:
    match check.entity:
        case Trip() as trip:
            _check_trip_is_paid(check, trip, around)
        case Payment() as payment:
            _check_paid_trip(check, payment, around)


def _check_trip_is_paid(check: StreamCheck, trip: Trip, around: Surroundings) -> None:
    payment, data = around.other, trip.data
    if data.state in _AT_WORK:
        sent = any(each.due.target == f"payment:{trip.id}" for each in around.own)
        coming = any(due.owner.kind == "payment" for due in around.incoming)
        at_work = payment is not None and payment["state"] in ("creating", "waiting", "unknown")
        if not (sent or coming or at_work):
            check.report("payment", f"the trip is {data.state}, and no payment is collecting the fare")
    if data.state not in _PAID:
        return
    if payment is None or payment["state"] not in COLLECTED:
        state = payment["state"] if payment is not None else "missing"
        check.report("payment", f"the trip is {data.state}, and its payment is {state}")
    elif data.fare is not None and (payment["amount_minor"], payment["currency"]) != (
        data.fare.minor,
        data.fare.currency,
    ):
        paid = f"{payment['amount_minor']} {payment['currency']}"
        check.report(
            "payment", f"the fare is {data.fare.minor} {data.fare.currency}, but {paid} was paid (minor units)"
        )


def _check_paid_trip(check: StreamCheck, payment: Payment, around: Surroundings) -> None:
    if payment.state not in COLLECTED:
        return
    trip = around.other
    if trip is None:
        check.report("payment", "the fare is paid, and the trip does not exist")
        return
    telling = any(each.due.target == f"trip:{payment.id}" for each in around.own)
    if trip["state"] in _UNPAID and not telling:
        check.report("payment", f"the fare is paid, the trip is {trip['state']}, and no message is pending")
