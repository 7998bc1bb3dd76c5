"""What a host keeps for gateways: who follows which stream there, and what each gateway has not fetched yet."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from dispatch.actors.core.protocol import Push, PushBatch
from dispatch.domain.entity import EntityKey
from dispatch.values.roles import Audience


class Subscriber(NamedTuple):
    """A gateway that has sessions of this audience on a stream. ``trip`` is set for followers of a car's position."""

    gateway: str
    audience: Audience
    trip: str | None = None


class GatewayQueue:
    """One gateway's inbox. ``newest`` holds what may be skipped: one push for each stream, audience and kind."""

    __slots__ = ("first", "latest", "polled_at", "pushes")

    def __init__(self, now: float) -> None:
        self.first = 1
        self.pushes: deque[Push] = deque()
        self.latest: dict[tuple[str, Audience, str], Push] = {}
        self.polled_at = now


class PushQueues:
    """Pushes wait here until the gateway's next poll says that it has them.

    A gateway that has not polled for ``forget_after_s`` wall seconds, or lets more than ``limit`` pushes gather, is
    forgotten with all it follows; it learns so by the changed incarnation and attaches anew.
    """

    def __init__(self, incarnation: str, *, forget_after_s: float = 60.0, limit: int = 200_000) -> None:
        self._incarnation = incarnation
        self._forget_after_s = forget_after_s
        self._limit = limit
        self._boxes: dict[str, GatewayQueue] = {}
        self._epochs: dict[str, int] = {}
        self._news = False
        self.subscribers: dict[EntityKey, dict[Subscriber, None]] = {}

    def open(self, gateway: str, now: float) -> None:
        """A gateway is there."""
        if gateway not in self._boxes:
            self._boxes[gateway] = GatewayQueue(now)
            self._epochs[gateway] = self._epochs.get(gateway, 0) + 1

    def incarnation(self, gateway: str) -> str:
        """Changes when the host, or the gateway's inbox, was born again."""
        return f"{self._incarnation}.{self._epochs.get(gateway, 0)}"

    def subscribe(self, key: EntityKey, subscriber: Subscriber) -> None:
        """Add a follower; once is enough."""
        self.subscribers.setdefault(key, {})[subscriber] = None

    def unsubscribe(self, key: EntityKey, gateway: str, audience: Audience) -> None:
        """Remove a gateway's followers of one audience."""
        self._remove(key, [f for f in self.subscribers_of(key) if f.gateway == gateway and f.audience == audience])

    def end_tracking(self, key: EntityKey, trip: str | None) -> None:
        """Remove those who follow the position of a car for another trip than ``trip``."""
        self._remove(key, [f for f in self.subscribers_of(key) if f.trip is not None and f.trip != trip])

    def subscribers_of(self, key: EntityKey) -> tuple[Subscriber, ...]:
        """Who follows a stream now; safe against changes by what is done for them."""
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
        """Keep a numbered push until it is fetched."""
        box = self._boxes.get(gateway)
        if box is None:
            return
        box.pushes.append(push)
        self._news = True
        if len(box.pushes) > self._limit:
            self._forget(gateway)

    def push_latest(self, gateway: str, push: Push, kind: str) -> None:
        """Keep a push of which only the newest counts."""
        box = self._boxes.get(gateway)
        if box is not None:
            box.latest[(push.key, push.audience, kind)] = push
            self._news = True

    def take_news(self) -> bool:
        """Whether anything was put in since this was asked last."""
        news, self._news = self._news, False
        return news

    def fetch(self, gateway: str, incarnation: str, cursor: int, now: float) -> PushBatch:
        """What ``gateway`` has not got; ``cursor`` acknowledges all up to that number."""
        self.open(gateway, now)
        box = self._boxes[gateway]
        box.polled_at = now
        current = self.incarnation(gateway)
        if incarnation != current:
            return PushBatch(current, box.first - 1, [])
        while box.pushes and box.first <= cursor:
            box.pushes.popleft()
            box.first += 1
        pushes = [*box.pushes, *box.latest.values()]
        box.latest.clear()
        return PushBatch(current, box.first - 1 + len(box.pushes), pushes)

    def has_numbered(self, gateway: str, cursor: int) -> bool:
        """Whether a poll with this cursor would bring numbered pushes."""
        box = self._boxes.get(gateway)
        return box is not None and box.first + len(box.pushes) - 1 > cursor

    def has_latest(self, gateway: str) -> bool:
        """Whether a poll would bring pushes of which only the newest counts."""
        box = self._boxes.get(gateway)
        return box is not None and bool(box.latest)

    def expire(self, now: float) -> None:
        """Forget gateways that no longer poll."""
        for gateway, box in list(self._boxes.items()):
            if now - box.polled_at > self._forget_after_s:
                self._forget(gateway)

    def _forget(self, gateway: str) -> None:
        self._boxes.pop(gateway, None)
        for key in list(self.subscribers):
            self._remove(key, [f for f in self.subscribers_of(key) if f.gateway == gateway])
