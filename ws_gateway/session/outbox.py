"""The queue of messages for one socket. Of positions the newest replaces older ones; an event is never dropped.

Rule 1. A message with a slot replaces an unsent message of the same slot, at that message's place in the queue.
Rule 2. All other messages are sent in order.
Rule 3. Slow consumers are disconnected instead of being served late or with gaps; they resume from their cursors.
"""

from dispatch.domain.errors import CloseCode


class Outbox:
    """Bounded by messages and bytes. ``closing`` is set once the socket must close after the queued messages."""

    __slots__ = ("_bytes", "_count", "_max_bytes", "_max_events", "_waiting", "closing")

    def __init__(self, max_events: int, max_bytes: int) -> None:
        self.closing: CloseCode | None = None
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._waiting: dict[str | int, bytes] = {}
        self._bytes = 0
        self._count = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, message: bytes, slot: str | None = None) -> bool:
        """Queue a message; returns True if it replaced an unsent one. Over the bounds, the queue is dropped and the
        socket closes as slow. Messages after ``close`` are dropped."""
        if self.closing is not None:
            return False
        self._count += 1
        key: str | int = self._count if slot is None else slot
        older = self._waiting.get(key)
        if older is not None:
            self._bytes -= len(older)
        self._waiting[key] = message
        self._bytes += len(message)
        if len(self._waiting) > self._max_events or self._bytes > self._max_bytes:
            self._waiting.clear()
            self._bytes = 0
            self.closing = CloseCode.SLOW
        return older is not None

    def holds(self, slot: str) -> bool:
        return slot in self._waiting

    def close(self, code: CloseCode) -> None:
        """Close after the queued messages. The first code wins."""
        if self.closing is None:
            self.closing = code

    def take(self) -> list[bytes]:
        """Remove and return all queued messages, oldest first."""
        taken = list(self._waiting.values())
        self._waiting.clear()
        self._bytes = 0
        return taken
