"""What waits to be written to one socket. The newest position wins; an event is never dropped.

Rule 1. A message with a slot takes the place of an unsent one of the same slot, where that stood.
Rule 2. Everything else goes out in the order in which it came.
Rule 3. Who does not keep up is closed, rather than served late or with holes: it resumes by its cursors.
"""

from __future__ import annotations

from dispatch.domain.errors import CloseCode


class Outbox:
    """Bounded by messages and bytes. ``closing`` is set once the socket is to be closed after what is left."""

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
        """Queue a message; after ``close`` it is dropped. Too many of them close the socket as slow.

        True where it took the place of an unsent one.
        """
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
        """Whether a message of this slot waits to be written."""
        return slot in self._waiting

    def close(self, code: CloseCode) -> None:
        """Close after what waits. The first reason stands."""
        if self.closing is None:
            self.closing = code

    def take(self) -> list[bytes]:
        """Everything that waits, oldest first."""
        taken = list(self._waiting.values())
        self._waiting.clear()
        self._bytes = 0
        return taken
