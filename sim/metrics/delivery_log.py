"""All events that the apps of a run received, and the longest silence of a connection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable


class DeliveryLog:
    """All updates to all apps. ``drivers``: names of apps that must get a message every few seconds.

    Memory grows with the run. Times are wall seconds.
    """

    def __init__(self, drivers: Iterable[str]) -> None:
        self._drivers = frozenset(drivers)
        self._last_message_at: dict[str, float] = {}
        self.delivered: defaultdict[str, dict[int, str]] = defaultdict(dict)
        """By stream and number: the event that apps received."""
        self.last_seen: dict[str, int] = {}
        """The last number of each stream, from updates and snapshots."""
        self.differences: list[str] = []
        """Numbers with different events for two apps, or for one app twice."""
        self.longest_silence_s = 0.0
        """The longest time without a message to a connected driver's app."""

    def update(self, stream: str, seq: int, event: str) -> None:
        before = self.delivered[stream].setdefault(seq, event)
        if before != event:
            self.differences.append(f"{stream} {seq}: {before}, then {event}")
        self.snapshot(stream, seq)

    def snapshot(self, stream: str, seq: int) -> None:
        self.last_seen[stream] = max(seq, self.last_seen.get(stream, 0))

    def message(self, app: str, now: float) -> None:
        """The first message begins a connection."""
        if app in self._drivers:
            before = self._last_message_at.get(app, now)
            self.longest_silence_s = max(self.longest_silence_s, now - before)
            self._last_message_at[app] = now

    def disconnected(self, app: str, now: float) -> None:
        if app in self._last_message_at:
            self.message(app, now)
            del self._last_message_at[app]

    @property
    def connected(self) -> list[str]:
        return sorted(self._last_message_at)
