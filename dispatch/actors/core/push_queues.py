"""Subscribers of each stream, and the pushes that each gateway has not fetched yet."""

from collections import deque
from typing import NamedTuple

from dispatch.actors.core.protocol import Push, PushBatch
from dispatch.domain.entity import EntityKey
from dispatch.values.roles import Audience


class Subscriber(NamedTuple):
    """A gateway with sessions of this audience on a stream. ``trip`` is set for subscribers of a vehicle's position."""

    gateway: str
    audience: Audience
    trip: str | None = None


class GatewayQueue:
    """Pushes for one gateway. ``latest`` holds the pushes of which only the last counts, by stream, audience and kind.

    ``first`` is the number of the first push in ``pushes``.
    """

    __slots__ = ("first", "latest", "polled_at", "pushes")

    def __init__(self, now: float) -> None:
        self.first = 1
        self.pushes: deque[Push] = deque()
        self.latest: dict[tuple[str, Audience, str], Push] = {}
        self.polled_at = now


class PushQueues:
    """Keeps pushes until the gateway's next poll acknowledges them.

    A gateway that has not polled for ``forget_after_s`` wall seconds, or has more than ``limit`` unfetched pushes, is
    forgotten with all its subscriptions. It notices the changed incarnation and subscribes again.
    """

    def __init__(self, incarnation: str, *, forget_after_s: float = 60.0, limit: int = 200_000) -> None:
        self._incarnation = incarnation
        self._forget_after_s = forget_after_s
        self._limit = limit
        self._queues: dict[str, GatewayQueue] = {}
        self._epochs: dict[str, int] = {}
        self._has_new = False
        self.subscribers: dict[EntityKey, dict[Subscriber, None]] = {}

    def open(self, gateway: str, now: float) -> None:
        if gateway not in self._queues:
            self._queues[gateway] = GatewayQueue(now)
            self._epochs[gateway] = self._epochs.get(gateway, 0) + 1

    def incarnation(self, gateway: str) -> str:
        """Changes when the host or the gateway's queue has been created anew."""
        return f"{self._incarnation}.{self._epochs.get(gateway, 0)}"

    def subscribe(self, key: EntityKey, subscriber: Subscriber) -> None:
        self.subscribers.setdefault(key, {})[subscriber] = None

    def unsubscribe(self, key: EntityKey, gateway: str, audience: Audience) -> None:
        self._remove(key, [s for s in self.subscribers_of(key) if s.gateway == gateway and s.audience == audience])

    def end_tracking(self, key: EntityKey, trip: str | None) -> None:
        """Remove the subscribers of a vehicle's position that belong to another trip than ``trip``."""
        self._remove(key, [s for s in self.subscribers_of(key) if s.trip is not None and s.trip != trip])

    def subscribers_of(self, key: EntityKey) -> tuple[Subscriber, ...]:
        """A copy, so that the caller may subscribe and unsubscribe while iterating."""
        return tuple(self.subscribers.get(key, ()))

    def _remove(self, key: EntityKey, leaving: list[Subscriber]) -> None:
        of_key = self.subscribers.get(key)
        if of_key is None:
            return
        for subscriber in leaving:
            del of_key[subscriber]
        if not of_key:
            del self.subscribers[key]

    def push(self, gateway: str, push: Push) -> None:
        queue = self._queues.get(gateway)
        if queue is None:
            return
        queue.pushes.append(push)
        self._has_new = True
        if len(queue.pushes) > self._limit:
            self._forget(gateway)

    def push_latest(self, gateway: str, push: Push, kind: str) -> None:
        """Queue a push that replaces the former one of its stream, audience and kind."""
        queue = self._queues.get(gateway)
        if queue is not None:
            queue.latest[(push.key, push.audience, kind)] = push
            self._has_new = True

    def take_new(self) -> bool:
        has_new, self._has_new = self._has_new, False
        return has_new

    def fetch(self, gateway: str, incarnation: str, cursor: int, now: float) -> PushBatch:
        """All unacknowledged pushes of ``gateway``; ``cursor`` acknowledges all up to that number."""
        self.open(gateway, now)
        queue = self._queues[gateway]
        queue.polled_at = now
        current = self.incarnation(gateway)
        if incarnation != current:
            return PushBatch(current, queue.first - 1, [])
        while queue.pushes and queue.first <= cursor:
            queue.pushes.popleft()
            queue.first += 1
        pushes = [*queue.pushes, *queue.latest.values()]
        queue.latest.clear()
        return PushBatch(current, queue.first - 1 + len(queue.pushes), pushes)

    def has_numbered(self, gateway: str, cursor: int) -> bool:
        queue = self._queues.get(gateway)
        return queue is not None and queue.first + len(queue.pushes) - 1 > cursor

    def has_latest(self, gateway: str) -> bool:
        queue = self._queues.get(gateway)
        return queue is not None and bool(queue.latest)

    def expire(self, now: float) -> None:
        for gateway, queue in list(self._queues.items()):
            if now - queue.polled_at > self._forget_after_s:
                self._forget(gateway)

    def _forget(self, gateway: str) -> None:
        self._queues.pop(gateway, None)
        for key in list(self.subscribers):
            self._remove(key, [s for s in self.subscribers_of(key) if s.gateway == gateway])
