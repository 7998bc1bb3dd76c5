"""The bus in memory, for tests and for a system of one process. The contract is the port's (``dispatch.store.bus``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self

from dispatch.clock import Clock
from dispatch.store.bus import BusMessage, BusUnavailableError
from dispatch.store.buses import keys
from dispatch.store.buses.latest_by_channel import LatestByChannel


class MemorySubscription:
    """See ``dispatch.store.bus.Subscription``."""

    def __init__(self, readers: set[MemorySubscription], channels: Iterable[str]) -> None:
        self._readers = readers
        self._channels = set(channels)
        self._mailbox = LatestByChannel()
        readers.add(self)

    def deliver(self, message: BusMessage) -> bool:
        """Take ``message`` if its channel is listened to; whether it is."""
        listening = message.channel in self._channels
        if listening:
            self._mailbox.deliver(message)
        return listening

    def fail(self) -> None:
        """The bus is gone."""
        self._readers.discard(self)
        self._mailbox.fail(BusUnavailableError("the bus is gone"))

    async def add(self, channels: Iterable[str]) -> None:
        """Listen to these too."""
        self._channels.update(channels)

    async def drop(self, channels: Iterable[str]) -> None:
        """Listen to these no more."""
        gone = set(channels)
        self._channels -= gone
        self._mailbox.forget(gone)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> BusMessage:
        return await self._mailbox.take()

    async def close(self) -> None:
        """Listen to nothing more."""
        self._readers.discard(self)
        self._mailbox.fail(StopAsyncIteration())


class MemoryBus:
    """See ``dispatch.store.bus``. With ``available`` set to False, every call fails as if the server were away."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._readers: set[MemorySubscription] = set()
        self._kept: dict[str, tuple[float, bytes]] = {}
        self._empty_at: dict[str, float] = {}
        self.available = True

    def _check(self) -> None:
        if not self.available:
            raise BusUnavailableError("the bus is away")

    def lose(self) -> None:
        """Go away, with all that is kept; whoever listens is told."""
        self.available = False
        self._kept.clear()
        self._empty_at.clear()
        for reader in list(self._readers):
            reader.fail()

    async def publish(self, channel: str, payload: bytes) -> None:
        """Tell whoever listens now."""
        await self.publish_many([BusMessage(channel, payload)])

    async def publish_many(self, messages: Sequence[BusMessage]) -> Sequence[int]:
        """Publish all of these; how many listened to each."""
        self._check()
        return [sum([reader.deliver(message) for reader in self._readers]) for message in messages]

    async def subscribe(self, channels: Iterable[str] = ()) -> MemorySubscription:
        """Listen to ``channels``."""
        self._check()
        return MemorySubscription(self._readers, channels)

    async def put(self, key: str, payload: bytes, ttl_s: float) -> None:
        """Keep ``payload`` for ``ttl_s``."""
        await self.put_many([(key, payload)], ttl_s)

    async def put_many(self, entries: Sequence[tuple[str, bytes]], ttl_s: float) -> None:
        """Keep all of these."""
        self._check()
        until = self._clock.wall() + ttl_s
        self._kept.update((key, (until, payload)) for key, payload in entries)

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """What is kept under ``keys``."""
        self._check()
        return [self._get(key) for key in keys]

    def _get(self, key: str) -> bytes | None:
        until, payload = self._kept.get(key, (0.0, b""))
        if self._clock.wall() < until:
            return payload
        self._kept.pop(key, None)
        return None

    async def allow(self, what: str, per_s: float, burst: int) -> bool:
        """The same leaky bucket as ``lua/allow.lua``."""
        self._check()
        now, drop = self._clock.wall(), 1 / per_s
        empty_at = max(self._empty_at.get(what, 0.0), now)
        if empty_at - now > drop * (burst - 1):
            return False
        self._empty_at[what] = empty_at + drop
        return True

    async def attempt(self, what: str, limit: int, ttl_s: float) -> bool:
        """Count an attempt, unless there were ``limit``."""
        (count,) = await self.attempts([what])
        if count >= limit:
            return False
        await self.put(keys.tries(what), str(count + 1).encode(), ttl_s)
        return True

    async def attempts(self, whats: Sequence[str]) -> Sequence[int]:
        """How many are counted."""
        return [int(found or 0) for found in await self.get_many([keys.tries(what) for what in whats])]

    async def forget_attempts(self, what: str) -> None:
        """Count anew."""
        self._check()
        self._kept.pop(keys.tries(what), None)

    async def close(self) -> None:
        """Nothing is held."""
