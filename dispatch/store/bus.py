"""The bus: a port for soft state, all of which may be lost. Offers, trips and payments never depend on it.

Contract of every implementation (one conformance suite runs on all, ``tests/dispatch/store/buses/conformance.py``):

* At-most-once delivery: a subscriber gets a message once, or never if it is disconnected. Only the latest unread
  message of a channel is kept, so a slow reader holds at most one message per channel.
* Stored values expire after their time to live, or earlier. Times to live are wall seconds.
* If the bus does not answer, every call raises :class:`BusUnavailableError` within about a second and has no other
  effect. Subscriptions raise it too, and must be renewed by their owner. Callers continue without the bus.

Channel and key names are defined in ``dispatch.store.buses.keys``.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol, Self


class BusUnavailableError(Exception):
    """The bus did not answer. Soft state is stale until it does."""


class BusMessage(NamedTuple):
    """A message on a channel."""

    channel: str
    payload: bytes


class Subscription(Protocol):
    """An endless iterator over the messages of a set of channels. The set can change during iteration."""

    async def add(self, channels: Iterable[str]) -> None:
        """Subscribe to more channels. Messages published after this returns are received."""

    async def drop(self, channels: Iterable[str]) -> None:
        """Unsubscribe from channels; their unread messages are dropped."""

    def __aiter__(self) -> Self: ...

    async def __anext__(self) -> BusMessage:
        """The latest message of the channel that has waited longest. Raises :class:`BusUnavailableError`."""

    async def close(self) -> None:
        """Unsubscribe from all channels; iteration ends."""


class Bus(Protocol):
    """See the module for the contract."""

    async def publish(self, channel: str, payload: bytes) -> None: ...

    async def publish_many(self, messages: Sequence[BusMessage]) -> Sequence[int]:
        """Publish all messages in one round trip; the number of subscribers that each one reached."""

    async def subscribe(self, channels: Iterable[str] = ()) -> Subscription: ...

    async def put(self, key: str, payload: bytes, ttl_s: float) -> None:
        """Store ``payload`` for ``ttl_s`` (at least a millisecond)."""

    async def put_many(self, entries: Sequence[tuple[str, bytes]], ttl_s: float) -> None:
        """Store all entries in one round trip."""

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """The stored values of ``keys``, in their order."""

    async def allow(self, what: str, per_s: float, burst: int) -> bool:
        """A rate limit: at most ``burst`` calls at once, and ``per_s`` calls a second after that. False if exceeded."""

    async def attempt(self, what: str, limit: int, ttl_s: float) -> bool:
        """Count an attempt at ``what``. False, without counting, if ``limit`` attempts are counted already.

        The count is deleted ``ttl_s`` after the last counted attempt.
        """

    async def attempts(self, whats: Sequence[str]) -> Sequence[int]:
        """The number of counted attempts at each of ``whats``, in their order."""

    async def forget_attempts(self, what: str) -> None:
        """Reset the count of attempts."""

    async def close(self) -> None:
        """Close all connections. Subscriptions are closed by their owners."""
