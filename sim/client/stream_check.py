"""The client's check of streams: numbers rise by one, without gaps or repeats.

Rule 1: number n of a stream is followed by n + 1. Rule 2: after a resume the server either continues at n + 1 and then
sends ``recovered``, or sends a snapshot that is not older than n. A violation is reported, never repaired.
"""

from __future__ import annotations

from enum import Enum

from dispatch.api.fields import Cursor


class StreamOrder(Enum):
    """The relation of a message to its stream. The values name violations in the metrics."""

    NEXT = "next"
    REPEAT = "repeat"
    GAP = "gap"
    BACKWARDS = "backwards"


class StreamCursors:
    """The last number of each subscribed stream."""

    def __init__(self) -> None:
        self._last: dict[str, int | None] = {}
        self._left: set[str] = set()

    def follow(self, stream: str) -> None:
        self._left.discard(stream)
        self._last.setdefault(stream, None)

    def leave(self, stream: str) -> None:
        """Forget a stream. Later messages of it are not checked."""
        self._last.pop(stream, None)
        self._left.add(stream)

    def last(self, stream: str) -> int | None:
        return self._last.get(stream)

    def resume(self) -> list[Cursor]:
        """The cursors for a reconnect; 0 if no message of the stream arrived yet."""
        return [Cursor(stream, seq or 0) for stream, seq in self._last.items()]

    def update(self, stream: str, seq: int) -> StreamOrder:
        """Check an update. A repeat does not move the cursor."""
        if stream in self._left:
            return StreamOrder.NEXT
        last = self._last.get(stream)
        if last is not None and seq <= last:
            return StreamOrder.REPEAT
        self._last[stream] = seq
        return StreamOrder.NEXT if last is None or seq == last + 1 else StreamOrder.GAP

    def snapshot(self, stream: str, seq: int, *, recovered: bool) -> StreamOrder:
        """Check a snapshot; with ``recovered`` all updates up to it must have arrived before."""
        if stream in self._left:
            return StreamOrder.NEXT
        last = self._last.get(stream)
        self._last[stream] = seq
        if last is None or seq == last:
            return StreamOrder.NEXT
        if seq < last:
            return StreamOrder.BACKWARDS
        return StreamOrder.GAP if recovered else StreamOrder.NEXT
