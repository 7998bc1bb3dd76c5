"""The invariants of a finished simulation: each yields a description of every violation.

They are checked on the messages that clients received, the true state of Alipay and the journal, never on the memory
of a host. Histories are replayed with the entities' own code; order, numbers and completeness are counted
independently.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import pairwise
from typing import Final

import msgspec

from dispatch.actors.core.entity_types import StreamUpdate, encode_snapshot, encode_update
from dispatch.actors.core.protocol import Done
from dispatch.api.client_messages import AcceptOffer, ClientCommand, DeclineOffer, FinishRide, Rate, RequestRide
from dispatch.api.server_messages import Accepted
from dispatch.domain.entity import Entity, EntityKey
from dispatch.domain.events import (
    AssignmentReturned,
    CancelledWithFee,
    HailStarted,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferLapsed,
    OfferMade,
    OfferWithdrawn,
    RideFinished,
    TripAssigned,
    TripCancelled,
    TripFinished,
    TripOffered,
    TripRequested,
    TripReserved,
    event_name,
)
from dispatch.domain.trip.trip import Trip
from dispatch.domain.trip.trip_state import ENDED, WITH_DRIVER
from dispatch.domain.vehicle.vehicle import Vehicle
from dispatch.payment.core.payment import Payment
from dispatch.payment.core.rules import CASH
from sim.simtest.apps.app import SimApp, StreamEntry
from sim.simtest.simulation import Simulation

Invariant = Callable[["Evidence"], Iterator[str]]


class Evidence:
    """A finished simulation, and its histories replayed once for all invariants."""

    def __init__(self, world: Simulation) -> None:
        self.world = world

    @cached_property
    def entities(self) -> dict[EntityKey, Entity]:
        return {key: self._replay(key) for key in self.world.context.tables.events}

    @cached_property
    def broken(self) -> list[str]:
        found: list[str] = []
        for key in self.world.context.tables.events:
            try:
                self._replay(key)
            except Exception as error:  # noqa: BLE001 - any exception during a replay is a violation
                found.append(f"{key} cannot be replayed: {error!r}")
        return found

    def _replay(self, key: EntityKey) -> Entity:
        kind = self.world.context.kinds[key.kind]
        entity = kind.make(key.id, 0, None)
        for stored in self.world.context.tables.events[key]:
            entity.apply(kind.decode_event(stored.body))
        return entity

    def trips(self) -> Iterator[Trip]:
        return (entity for entity in self.entities.values() if isinstance(entity, Trip))

    def expected(self, key: EntityKey, audience: str) -> dict[int, tuple[bytes, bytes]]:
        kind = self.world.context.kinds[key.kind]
        assert kind.view is not None  # noqa: S101 - payments have no subscribers
        entity = kind.make(key.id, 0, None)
        expected = {0: (b"", encode_snapshot(str(key), 0, kind.view(entity), audience))}  # type: ignore[arg-type]
        for stored in self.world.context.tables.events.get(key, ()):
            event = kind.decode_event(stored.body)
            entity.apply(event)
            view = kind.view(entity)
            update = encode_update(str(key), StreamUpdate(entity.seq, event_name(event), event.at, view), audience)  # type: ignore[arg-type]
            expected[entity.seq] = (update, encode_snapshot(str(key), entity.seq, view, audience))  # type: ignore[arg-type]
        return expected


def numbers_run_on(evidence: Evidence) -> Iterator[str]:
    """Every stream is numbered from 1 without gaps, and every commit followed the one before."""
    for key, events in evidence.world.context.tables.events.items():
        numbers = [event.seq for event in events]
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"{key} is numbered {numbers}"
    yield from evidence.broken


def one_trip_one_vehicle(evidence: Evidence) -> Iterator[str]:
    """At no moment has a vehicle two trips or a trip two vehicles, in the order of the commits."""
    trip_of: dict[str, str] = {}
    vehicle_of: dict[str, str] = {}
    for happened in evidence.world.commit_log.events:
        event, trip = happened.event, happened.key.id
        if isinstance(event, TripAssigned | HailStarted):
            if event.vehicle in trip_of or trip in vehicle_of:
                had = f"it had {vehicle_of.get(trip)}"
                yield f"{trip} gets {event.vehicle}, which has {trip_of.get(event.vehicle)}; {had}"
            trip_of[event.vehicle], vehicle_of[trip] = trip, event.vehicle
        elif isinstance(event, TripFinished | AssignmentReturned | TripCancelled | CancelledWithFee):
            vehicle = vehicle_of.pop(trip, None)
            if vehicle is not None:
                trip_of.pop(vehicle, None)


def both_sides_agree(evidence: Evidence) -> Iterator[str]:
    """At the end vehicles, trips and active assignments agree on which vehicle has which trip."""
    if evidence.broken:
        return
    tables = evidence.world.context.tables
    holding = {t.id: t.data.vehicle for t in evidence.trips() if t.state in WITH_DRIVER}
    riding = {
        e.data.trip: e.id for e in evidence.entities.values() if isinstance(e, Vehicle) and e.data.trip is not None
    }
    if holding != riding:
        yield f"trips say {holding}, vehicles say {riding}"
    if tables.vehicle_of != holding or {v: k for k, v in tables.trip_of.items()} != tables.vehicle_of:
        yield f"claims say {tables.vehicle_of}, trips say {holding}"


def histories_replay_to_their_rows(evidence: Evidence) -> Iterator[str]:
    """The row of each entity equals its replayed history."""
    if evidence.broken:
        return
    tables = evidence.world.context.tables
    for key, entity in evidence.entities.items():
        row = entity.row()
        if row is not None and tables.rows.get(row.table, {}).get(row.id) != row.values:
            there = tables.rows.get(row.table, {}).get(row.id, {})
            wrong = [name for name, value in row.values.items() if there.get(name) != value]
            yield f"the row of {key} is wrong in {wrong}"


def an_offer_has_one_outcome(evidence: Evidence) -> Iterator[str]:
    """Each offer is made once and ends once, the same way for vehicle and trip."""
    made: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    names: dict[str, str] = {}
    of_trip: Counter[str] = Counter()
    for happened in evidence.world.commit_log.events:
        event = happened.event
        if isinstance(event, OfferMade):
            made[event.offer] += 1
        elif isinstance(event, OfferAccepted | OfferDeclined | OfferExpired | OfferWithdrawn):
            ended[event.offer] += 1
            names[event.offer] = type(event).__name__
        elif isinstance(event, TripAssigned | OfferLapsed):
            of_trip[event.offer] += 1
            accepted = names.get(event.offer)
            if isinstance(event, TripAssigned) and accepted is not None and accepted != "OfferAccepted":
                yield f"offer {event.offer}: the trip is assigned, the vehicle says {accepted}"
    for offer, count in (made + ended).items():
        if made[offer] != 1 or ended[offer] != 1 or of_trip[offer] > 1:
            yield f"offer {offer}: made {made[offer]}, ended {ended[offer]}, {of_trip[offer]} in the trip ({count})"
    for offer, name in names.items():
        if name == "OfferAccepted" and of_trip[offer] != 1:
            yield f"offer {offer} was accepted, but the trip was not assigned"


def refusing_vehicles_are_excluded(evidence: Evidence) -> Iterator[str]:
    """A vehicle that declined, let lapse or returned a trip is not offered it again, except manually."""
    out: set[tuple[str, str]] = set()
    for happened in evidence.world.commit_log.events:
        event, trip = happened.event, happened.key.id
        if isinstance(event, OfferLapsed | AssignmentReturned):
            out.add((trip, event.vehicle))
        elif isinstance(event, TripOffered) and not event.by_hand and (trip, event.vehicle) in out:
            yield f"{trip} is offered again to {event.vehicle}, which had declined it"


def no_offer_to_a_stale_vehicle(evidence: Evidence) -> Iterator[str]:
    """No trip is offered to a vehicle with stale fixes."""
    yield from evidence.world.commit_log.stale


def timers_are_fenced(evidence: Evidence) -> Iterator[str]:
    """Every write of a timer or call carries the expected number of its entity, so that a stale owner writes none."""
    yield from evidence.world.commit_log.unfenced


def trips_end_and_timers_fire(evidence: Evidence) -> Iterator[str]:
    """After the faults every trip ends or has an alarm, and no timer or call is overdue."""
    world = evidence.world
    alarmed = {str(alarm.fields.get("trip")) for alarm in world.alarms}
    for trip, row in world.context.rows("trip").items():
        if row["state"] not in ENDED and trip not in alarmed:
            yield f"{trip} stays {row['state']}"
    yield from (f"overdue: {due}" for due in world.context.overdue())
    for app in world.apps:
        for sent in app.sent:
            if sent.answer is None and isinstance(sent.message, RequestRide | FinishRide):
                yield f"{app.subject} never got an answer to {sent.id} {sent.message}"


EVIDENCE_OF: Final[dict[type[ClientCommand], tuple[str, ...]]] = {
    AcceptOffer: ("OfferAccepted",),
    DeclineOffer: ("OfferDeclined",),
    FinishRide: ("RideFinished",),
    RequestRide: ("TripRequested", "TripReserved"),
    Rate: ("RideRated",),
}
"""Commands that cause exactly one of these events."""


def acknowledged_commands_are_written_once(evidence: Evidence) -> Iterator[str]:
    """An accepted command is in the journal with the answer that was sent, and no command has two answers."""
    world = evidence.world
    replies = Counter(world.commit_log.replies)
    for app in world.apps:
        for sent in app.sent:
            accepted = [answer for answer in sent.seen if isinstance(answer, Accepted)]
            if len({msgspec.msgpack.encode(answer) for answer in accepted}) > 1:
                yield f"{sent.id} was answered in two ways: {accepted}"
            if accepted and any(not isinstance(a, Accepted) and not a.retryable for a in sent.seen):
                yield f"{sent.id} was accepted and refused: {sent.seen}"
            if accepted and type(sent.message) in EVIDENCE_OF:
                yield from _written(evidence, app, sent.id, accepted[0], replies)
    yield from (f"{name} was written {count} times" for name, count in replies.items() if count > 1)


def _written(evidence: Evidence, app: SimApp, command: str, answer: Accepted, replies: Counter[str]) -> Iterator[str]:
    scoped = f"{app.role}:{app.subject}:{command}"
    if not replies[scoped]:
        yield f"{scoped} was accepted and is not in the journal"
        return
    key = EntityKey.parse(answer.stream or "")
    stored = evidence.world.context.tables.replies[scoped]
    reply = msgspec.msgpack.decode(stored.body, type=Done)
    if (reply.seq, reply.state, key) != (answer.seq, answer.state, stored.key):
        yield f"{scoped} received {answer}, but the journal has {reply}"


def acts_are_done_once(evidence: Evidence) -> Iterator[str]:
    """Each ride is requested, finished and rated at most once."""
    once = TripRequested | TripReserved | RideFinished
    counts = Counter(
        (str(h.key), type(h.event).__name__, getattr(h.event, "trip", ""))
        for h in evidence.world.commit_log.events
        if isinstance(h.event, once)
    )
    yield from (f"{what} happened {count} times" for what, count in counts.items() if count > 1)


def streams_are_complete(evidence: Evidence) -> Iterator[str]:
    """Each app's log of a stream equals the journal's: no gap, duplicate, disorder or wrong content, except after a
    snapshot; and at the end no app lags behind."""
    if evidence.broken:
        return
    by_stream: dict[tuple[str, str], dict[int, tuple[bytes, bytes]]] = {}
    for app in evidence.world.apps:
        for stream, log in app.streams.items():
            known = by_stream.setdefault((stream, app.role), evidence.expected(EntityKey.parse(stream), app.role))
            yield from _judged(app, stream, log, known)


def _judged(app: SimApp, stream: str, log: list[StreamEntry], known: dict[int, tuple[bytes, bytes]]) -> Iterator[str]:
    last: int | None = None
    for entry in log:
        if entry.event and last is not None and entry.seq != last + 1:
            yield f"{app.subject} received {stream} {entry.seq} after {last}"
        if not entry.event and last is not None and entry.seq < last:
            yield f"{app.subject} got a snapshot of {stream} at {entry.seq} after {last}"
        last = entry.seq
        if entry.seq not in known or not _same(known[entry.seq][0 if entry.event else 1], entry.body):
            yield f"{app.subject} received wrong content for {stream} {entry.seq}: {entry.event or 'snapshot'}"
    if last is not None and last < max(known):
        yield f"{app.subject} received {stream} only up to {last} of {max(known)}"


def _same(one: bytes, other: bytes) -> bool:
    """Whether two messages are equal after decoding: a gateway may have encoded one again."""
    return one == other or (bool(one) and msgspec.msgpack.decode(one) == msgspec.msgpack.decode(other))


def positions_run_forward(evidence: Evidence) -> Iterator[str]:
    """On one connection the positions that a passenger receives never go back in time."""
    for app in evidence.world.apps:
        for (trip, _), seen in app.positions.items():
            for one, following in pairwise(seen):
                if following.at < one.at:
                    yield f"{app.subject} saw the car of {trip} at {following.at:.2f} after {one.at:.2f}"
                    break


def paid_only_if_alipay_says_so(evidence: Evidence) -> Iterator[str]:
    """No payment was committed as paid unless Alipay had it at that moment with that amount."""
    yield from evidence.world.commit_log.unpaid


def no_ride_is_charged_twice(evidence: Evidence) -> Iterator[str]:
    """Alipay keeps the fare of each ride, less refunds that are done or under way; or nothing."""
    if evidence.broken:
        return
    world = evidence.world
    kept: Counter[str] = Counter()
    trips = {getattr(e.event, "order", None): e.key.id for e in reversed(world.commit_log.events)}
    for trade in world.alipay.trades.values():
        kept[trips.get(trade.order, "unknown")] += trade.kept
        if trade.refunded > trade.paid:
            yield f"{trade.order}: {trade.refunded} went back of {trade.paid}"
    for entity in list(evidence.entities.values()):
        if not isinstance(entity, Payment):
            continue
        data = entity.data
        paid = data.attempt(data.paid_order)
        by_alipay = paid is not None and paid.method != CASH
        ours = paid.amount.minor - data.refunded if paid is not None and by_alipay else 0
        under_way = data.open_refund.amount.minor if data.open_refund is not None else 0
        if kept[entity.id] not in (ours, ours - under_way):
            yield f"{entity.id}: Alipay keeps {kept[entity.id]}, the payment says {ours} ({data.state})"


def trips_agree_with_payments(evidence: Evidence) -> Iterator[str]:
    """At the end a collected payment and its trip agree."""
    if evidence.broken:
        return
    for entity in evidence.entities.values():
        if isinstance(entity, Payment) and entity.data.paid_order:
            trip = evidence.entities.get(EntityKey("trip", entity.id))
            state = trip.state if trip is not None else "missing"
            if state not in ("paid", "part_refunded", "refunded", "settled_otherwise"):
                yield f"{entity.id} is {entity.state}, and its trip {state}"


def no_unexpected_error(evidence: Evidence) -> Iterator[str]:
    """There was no unexpected error and no endless loop."""
    if evidence.world.timeline.turns >= evidence.world.timeline.most_turns:
        yield f"{evidence.world.timeline.turns} turns in {evidence.world.timeline.time():.0f} s, and no end"
    yield from dict.fromkeys(evidence.world.commit_log.broken)
    yield from dict.fromkeys(evidence.world.timeline.errors)


INVARIANTS: Final[tuple[Invariant, ...]] = (
    numbers_run_on,
    one_trip_one_vehicle,
    both_sides_agree,
    histories_replay_to_their_rows,
    an_offer_has_one_outcome,
    refusing_vehicles_are_excluded,
    no_offer_to_a_stale_vehicle,
    timers_are_fenced,
    trips_end_and_timers_fire,
    acknowledged_commands_are_written_once,
    acts_are_done_once,
    streams_are_complete,
    positions_run_forward,
    paid_only_if_alipay_says_so,
    no_ride_is_charged_twice,
    trips_agree_with_payments,
    no_unexpected_error,
)


def judge(world: Simulation) -> list[tuple[str, str]]:
    evidence = Evidence(world)
    return [(invariant.__name__, seen) for invariant in INVARIANTS for seen in invariant(evidence)]
