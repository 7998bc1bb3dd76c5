"""Who follows the streams of a host: how they come to it, what they missed, and what they are told.

Rule 1: followers see only what is committed; who comes while something is staged waits for its commit.
Rule 2: each event is told once, in the order of the numbers, also when the entity was loaded again in between.
"""

from __future__ import annotations

from collections.abc import Callable

from dispatch.actors.core.cached_entity import CachedEntity
from dispatch.actors.core.entity_types import EntityKind, Shown, View, encode_snapshot, encode_update
from dispatch.actors.core.protocol import Push, Refused, Subscribed, SubscribeReply, SubscribeRequest
from dispatch.actors.core.push_queues import PushQueues, Subscriber
from dispatch.domain.entity import Entity, EntityKey
from dispatch.domain.errors import ErrorCode
from dispatch.domain.stream_access import SEES_CAR_OF_TRIP
from dispatch.values.roles import Audience


class Subscribers:
    """The followers of one host's entities of one kind."""

    def __init__(self, own: EntityKind, queues: PushQueues) -> None:
        self.acked_by: Callable[[Entity, Audience], int] = lambda _, __: 0
        """Up to which number an audience's fixes are safe; 0 where it sends none."""
        self._own = own
        self._queues = queues
        self._waiting: dict[EntityKey, list[tuple[int, str, SubscribeRequest]]] = {}

    def wait(self, key: EntityKey, token: int, gateway: str, request: SubscribeRequest) -> None:
        """Somebody wants to follow a stream."""
        self._waiting.setdefault(key, []).append((token, gateway, request))

    def awaited_keys(self) -> list[EntityKey]:
        """The streams that somebody waits for."""
        return list(self._waiting)

    def refuse(self, key: EntityKey, code: ErrorCode) -> list[tuple[int, SubscribeReply]]:
        """Nobody can follow this stream now."""
        return [(token, Refused(code.value)) for token, _, _ in self._waiting.pop(key, ())]

    def know_more(self, entry: CachedEntity) -> bool:
        """Whether anybody who waits for a stream has seen more of it than is known here."""
        return any(_knows_more(asked, entry.entity) for _, _, asked in self._waiting.get(entry.key, ()))

    def answer(self, entry: CachedEntity) -> list[tuple[int, SubscribeReply]]:
        """Answer those who wait for a stream, if nothing of it is staged; who has seen more, if it is at rest."""
        entity = entry.entity
        if entity is None or entry.staged or entry.key not in self._waiting:
            return []
        waiting = self._waiting.pop(entry.key)
        if not entry.at_rest and (later := [each for each in waiting if _knows_more(each[2], entity)]):
            self._waiting[entry.key] = later
            waiting = [each for each in waiting if each not in later]
        return [(token, self._attach(entry, entity, gateway, asked)) for token, gateway, asked in waiting]

    def publish(self, entry: CachedEntity, shown: Shown) -> bool:
        """Send one event to those who follow, once for each gateway and audience. False: it was told before."""
        if shown.seq <= entry.last_pushed_seq:
            return False
        entry.last_pushed_seq = shown.seq
        entry.tail.append(shown)
        stream = str(entry.key)
        bodies: dict[Audience, bytes] = {}
        for gateway, audience, trip in self._queues.subscribers_of(entry.key):
            if trip is not None:
                continue
            if audience not in bodies:
                bodies[audience] = encode_update(stream, shown, audience)
            self._queues.push(gateway, Push(stream, audience, shown.seq, bodies[audience]))
        return True

    def _attach(self, entry: CachedEntity, entity: Entity, gateway: str, asked: SubscribeRequest) -> SubscribeReply:
        view = self._own.view
        if view is None or asked.principal.role == "system":
            return Refused(ErrorCode.NOT_ALLOWED.value)
        if asked.trip is not None:
            return self._track(entry, entity, gateway, asked)
        if entity.seq == 0 and asked.principal.role not in ("driver", "device"):
            unknown = ErrorCode.UNKNOWN_VEHICLE if self._own.kind == "vehicle" else ErrorCode.UNKNOWN_TRIP
            return Refused(unknown.value, detail=entry.key.id)
        if not entity.may_follow(asked.principal):
            return Refused(ErrorCode.NOT_YOURS.value, detail=entry.key.id)
        self._queues.subscribe(entry.key, Subscriber(gateway, asked.principal.role))
        return self._caught_up(entry, entity, asked.principal.role, asked.after, view(entity))

    def _caught_up(
        self, entry: CachedEntity, entity: Entity, audience: Audience, after: int | None, view: View
    ) -> SubscribeReply:
        """What is needed to go on from number ``after``: the updates since, or a snapshot."""
        stream = str(entry.key)
        heard = self.acked_by(entity, audience)
        missed = entry.missed(after, entity.seq)
        if missed is None:
            snapshot = encode_snapshot(stream, entity.seq, view, audience)
            return Subscribed(entity.seq, recovered=False, snapshot=snapshot, heard=heard)
        updates = [(shown.seq, encode_update(stream, shown, audience)) for shown in missed]
        return Subscribed(entity.seq, recovered=True, updates=updates, heard=heard)

    def _track(self, entry: CachedEntity, entity: Entity, gateway: str, asked: SubscribeRequest) -> SubscribeReply:
        """A passenger, or its guest, follows the position of the car, from assignment to drop-off."""
        row = entity.row()
        on_trip = row.values.get("trip") if row is not None else None
        who = asked.principal
        may = who.role in SEES_CAR_OF_TRIP and (who.role != "guest" or who.id == asked.trip)
        if self._own.kind != "vehicle" or on_trip != asked.trip or who.role == "system" or not may:
            return Refused(ErrorCode.NOT_YOURS.value, detail=entry.key.id)
        self._queues.subscribe(entry.key, Subscriber(gateway, who.role, asked.trip))
        return Subscribed(entity.seq, recovered=True)


def _knows_more(asked: SubscribeRequest, entity: Entity | None) -> bool:
    return entity is not None and (asked.after or 0) > entity.seq
