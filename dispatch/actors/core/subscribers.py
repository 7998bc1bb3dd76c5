"""Subscriptions to the streams of a host: access, missed updates and pushes.

Rule 1: subscribers see committed events only. A request that arrives while a decision is staged waits for its commit.
Rule 2: each event is pushed once, in the order of its number, also after the entity was reloaded in between.
"""

from collections.abc import Callable

from dispatch.actors.core.cached_entity import CachedEntity
from dispatch.actors.core.entity_types import EntityKind, StreamUpdate, View, encode_snapshot, encode_update
from dispatch.actors.core.protocol import Push, Refused, Subscribed, SubscribeReply, SubscribeRequest
from dispatch.actors.core.push_queues import PushQueues, Subscriber
from dispatch.domain.entity import Entity, EntityKey
from dispatch.domain.errors import ErrorCode
from dispatch.domain.stream_access import SEES_CAR_OF_TRIP
from dispatch.values.roles import Audience


class Subscribers:
    """The subscribers of one host's entities."""

    def __init__(self, own: EntityKind, queues: PushQueues) -> None:
        self.acked_by: Callable[[Entity, Audience], int] = lambda _, __: 0
        """Number of the last safe GPS fix of an audience; 0 for an audience that sends none."""
        self._own = own
        self._queues = queues
        self._waiting: dict[EntityKey, list[tuple[int, str, SubscribeRequest]]] = {}

    def wait(self, key: EntityKey, token: int, gateway: str, request: SubscribeRequest) -> None:
        self._waiting.setdefault(key, []).append((token, gateway, request))

    def awaited_keys(self) -> list[EntityKey]:
        return list(self._waiting)

    def refuse(self, key: EntityKey, code: ErrorCode) -> list[tuple[int, SubscribeReply]]:
        return [(token, Refused(code.value)) for token, _, _ in self._waiting.pop(key, ())]

    def are_ahead(self, entry: CachedEntity) -> bool:
        """Whether a waiting subscriber has seen a higher number than the entity in memory has."""
        return any(_is_ahead(request, entry.entity) for _, _, request in self._waiting.get(entry.key, ()))

    def answer(self, entry: CachedEntity) -> list[tuple[int, SubscribeReply]]:
        """Answer the waiting requests if nothing is staged. A subscriber that is ahead waits until the entity rests."""
        entity = entry.entity
        if entity is None or entry.staged or entry.key not in self._waiting:
            return []
        waiting = self._waiting.pop(entry.key)
        if not entry.at_rest and (later := [each for each in waiting if _is_ahead(each[2], entity)]):
            self._waiting[entry.key] = later
            waiting = [each for each in waiting if each not in later]
        return [(token, self._subscribe(entry, entity, gateway, request)) for token, gateway, request in waiting]

    def publish(self, entry: CachedEntity, update: StreamUpdate) -> bool:
        """Push an event once for each gateway and audience. False if it was pushed before."""
        if update.seq <= entry.last_pushed_seq:
            return False
        entry.last_pushed_seq = update.seq
        entry.tail.append(update)
        stream = str(entry.key)
        bodies: dict[Audience, bytes] = {}
        for gateway, audience, trip in self._queues.subscribers_of(entry.key):
            if trip is not None:
                continue
            if audience not in bodies:
                bodies[audience] = encode_update(stream, update, audience)
            self._queues.push(gateway, Push(stream, audience, update.seq, bodies[audience]))
        return True

    def _subscribe(
        self, entry: CachedEntity, entity: Entity, gateway: str, request: SubscribeRequest
    ) -> SubscribeReply:
        view = self._own.view
        if view is None or request.principal.role == "system":
            return Refused(ErrorCode.NOT_ALLOWED.value)
        if request.trip is not None:
            return self._track(entry, entity, gateway, request)
        if entity.seq == 0 and request.principal.role not in ("driver", "device"):
            unknown = ErrorCode.UNKNOWN_VEHICLE if self._own.kind == "vehicle" else ErrorCode.UNKNOWN_TRIP
            return Refused(unknown.value, detail=entry.key.id)
        if not entity.may_follow(request.principal):
            return Refused(ErrorCode.NOT_YOURS.value, detail=entry.key.id)
        self._queues.subscribe(entry.key, Subscriber(gateway, request.principal.role))
        return self._resume(entry, entity, request.principal.role, request.after, view(entity))

    def _resume(
        self, entry: CachedEntity, entity: Entity, audience: Audience, after: int | None, view: View
    ) -> SubscribeReply:
        stream = str(entry.key)
        heard = self.acked_by(entity, audience)
        missed = entry.missed(after, entity.seq)
        if missed is None:
            snapshot = encode_snapshot(stream, entity.seq, view, audience)
            return Subscribed(entity.seq, recovered=False, snapshot=snapshot, heard=heard)
        updates = [(update.seq, encode_update(stream, update, audience)) for update in missed]
        return Subscribed(entity.seq, recovered=True, updates=updates, heard=heard)

    def _track(self, entry: CachedEntity, entity: Entity, gateway: str, request: SubscribeRequest) -> SubscribeReply:
        """Subscribe a passenger or guest to the position of the trip's vehicle, from assignment to drop-off."""
        row = entity.row()
        on_trip = row.values.get("trip") if row is not None else None
        who = request.principal
        may = who.role in SEES_CAR_OF_TRIP and (who.role != "guest" or who.id == request.trip)
        if self._own.kind != "vehicle" or on_trip != request.trip or who.role == "system" or not may:
            return Refused(ErrorCode.NOT_YOURS.value, detail=entry.key.id)
        self._queues.subscribe(entry.key, Subscriber(gateway, who.role, request.trip))
        return Subscribed(entity.seq, recovered=True)


def _is_ahead(request: SubscribeRequest, entity: Entity | None) -> bool:
    return entity is not None and (request.after or 0) > entity.seq
