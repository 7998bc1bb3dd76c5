"""The bus: a port for soft state, all of which may be lost. Offers, trips and payments never depend on it.

Contract, for every implementation (one conformance suite runs on all, ``tests/dispatch/store/buses/conformance.py``):

* A message reaches a subscriber at most once, and not at all who is away. The latest wins: of the messages of one
  channel that wait to be read only the newest is kept, so a slow reader holds at most one message a channel.
* What is put is gone after its time to live, or earlier. Times to live are wall seconds.
* Where the bus does not answer, every call raises :class:`BusUnavailableError` within about a second and nothing else
  happens; whoever listens is told so too, and subscribes anew. The caller goes on without.

Names of channels and keys come from ``dispatch.store.buses.keys``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol, Self


class BusUnavailableError(Exception):
    """The bus did not answer. Soft state is stale until it does."""


class BusMessage(NamedTuple):
    """What was published on a channel."""

    channel: str
    payload: bytes


class Subscription(Protocol):
    """An endless iterator over the messages of a set of channels, which may change while it is read."""

    async def add(self, channels: Iterable[str]) -> None:
        """Listen to these too. Whatever is published after this returns is heard."""
        ...

    async def drop(self, channels: Iterable[str]) -> None:
        """Listen to these no more; what waits of them is dropped."""
        ...

    def __aiter__(self) -> Self:
        """The subscription itself."""
        ...

    async def __anext__(self) -> BusMessage:
        """The channel that has waited longest, with its newest message. Raises :class:`BusUnavailableError`."""
        ...

    async def close(self) -> None:
        """Listen to nothing more."""
        ...


class Bus(Protocol):
    """See the module for the contract."""

    async def publish(self, channel: str, payload: bytes) -> None:
        """Tell whoever listens now."""
        ...

    async def publish_many(self, messages: Sequence[BusMessage]) -> Sequence[int]:
        """Publish all of these in one go; how many listened to each."""
        ...

    async def subscribe(self, channels: Iterable[str] = ()) -> Subscription:
        """Listen to ``channels``."""
        ...

    async def put(self, key: str, payload: bytes, ttl_s: float) -> None:
        """Keep ``payload`` for ``ttl_s`` (at least a millisecond)."""
        ...

    async def put_many(self, entries: Sequence[tuple[str, bytes]], ttl_s: float) -> None:
        """Keep all of these in one go."""
        ...

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """What is kept under ``keys``, in their order."""
        ...

    async def allow(self, what: str, per_s: float, burst: int) -> bool:
        """Whether ``what`` may be done now: at most ``burst`` times at once and ``per_s`` times a second after that."""
        ...

    async def attempt(self, what: str, limit: int, ttl_s: float) -> bool:
        """Count an attempt at ``what``, unless there were ``limit`` of them; they are forgotten ``ttl_s`` after the
        last that was counted."""
        ...

    async def attempts(self, whats: Sequence[str]) -> Sequence[int]:
        """How many attempts at ``whats`` are counted, in their order."""
        ...

    async def forget_attempts(self, what: str) -> None:
        """Count anew."""
        ...

    async def close(self) -> None:
        """Give back connections; subscriptions are closed by who holds them."""
        ...
