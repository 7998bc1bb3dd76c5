"""What the apps of a run were told, word for word, and how long each had to wait for it: for who judges the run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

TOLD_DIFFERENTLY: Final = "told differently"


class DeliveryLog:
    """Every update that any app got. ``drivers`` are the names of apps that are owed an answer every few seconds.

    Memory grows with the run. Times are wall seconds.
    """

    def __init__(self, drivers: Iterable[str]) -> None:
        self._drivers = frozenset(drivers)
        self._heard_at: dict[str, float] = {}
        self.told: defaultdict[str, dict[int, str]] = defaultdict(dict)
        """The event that apps were told at each number of a stream."""
        self.last_seen: dict[str, int] = {}
        """The last number of each stream that an app knows of, by update or snapshot."""
        self.differences: list[str] = []
        """Numbers at which two apps, or one app twice, were told something else."""
        self.longest_silence_s = 0.0
        """The longest time without any message to a driver's app that was connected all the while."""

    def update(self, stream: str, seq: int, event: str) -> None:
        before = self.told[stream].setdefault(seq, event)
        if before != event:
            self.differences.append(f"{stream} {seq}: {before}, then {event}")
        self.stand(stream, seq)

    def stand(self, stream: str, seq: int) -> None:
        self.last_seen[stream] = max(seq, self.last_seen.get(stream, 0))

    def message(self, app: str, now: float) -> None:
        """The first message begins a connection."""
        if app in self._drivers:
            before = self._heard_at.get(app, now)
            self.longest_silence_s = max(self.longest_silence_s, now - before)
            self._heard_at[app] = now

    def gone(self, app: str, now: float) -> None:
        if app in self._heard_at:
            self.message(app, now)
            del self._heard_at[app]

    @property
    def connected(self) -> list[str]:
        return sorted(self._heard_at)
