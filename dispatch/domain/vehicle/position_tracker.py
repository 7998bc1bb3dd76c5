"""What a vehicle knows softly: where it is, and the meter between two checkpoints.

All of it comes back after a crash: the position with the next fix, the meter from its last checkpoint and the fixes
that the app was not told were heard.
"""

from __future__ import annotations

from typing import Final, Protocol

from dispatch.domain.fare.gps_meter import Meter, MeterCheckpoint
from dispatch.domain.rules import Rules
from dispatch.geo.gps_filter import Trace, Verdict
from dispatch.values.units import CityTime

_ACCEPTED: Final = Verdict.ACCEPTED
_FUTURE: Final = Verdict.FUTURE
_DRIVEN: Final = (Verdict.ACCEPTED, Verdict.JUMP)


class HeardFix(Protocol):
    """A fix as it was heard: ``source`` 0 is the driver's app, 1 the device; ``at`` is city time.

    The row that came over the wire is one, so that none is made for each. Nobody changes it.
    """

    source: int
    n: int
    at: float
    lat: float
    lng: float
    heading: float | None


class Odometer:
    """The trace of one car and the meter of its ride."""

    __slots__ = ("_rules", "_taken", "heading", "heard_at", "meter", "source", "trace", "unsafe")

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._taken: MeterCheckpoint | None = None
        self.trace = Trace(max_mps=rules.max_mps, future_tolerance_s=rules.future_tolerance_s)
        self.meter: Meter | None = None
        self.source = 0
        self.heading: float | None = None
        self.heard_at = float("-inf")
        self.unsafe: list[HeardFix] = []
        """Fixes of a ride that no committed event holds yet; a ride that has just ended keeps them until then."""

    def hear(self, fix: HeardFix, now: float) -> Verdict:
        """Judge a fix and let the meter run on. The second source counts only while the first is silent."""
        if fix.source != self.source:
            if now - self.heard_at <= self._rules.stale_after_s:
                return Verdict.OLD
            self.source = fix.source
        verdict = self.trace.hear(fix.n, fix.at, fix.lat, fix.lng, now)
        if verdict is not _FUTURE and fix.at > self.heard_at:
            self.heard_at = fix.at
        if (self.meter is not None or self.unsafe) and verdict in _DRIVEN:
            self.unsafe.append(fix)
        if verdict is _ACCEPTED:
            self.heading = fix.heading
            if self.meter is not None:
                self.meter.feed(self.trace)
        return verdict

    @property
    def checkpoint_due(self) -> bool:
        """Whether the ride has gone far or long enough since its last checkpoint."""
        return self.meter is not None and self._taken is None and self.meter.due(self.trace)

    def begin(self, now: float) -> MeterCheckpoint:
        """The checkpoint that a ride starts with."""
        return Meter.start(self._rules.meter, self.trace, CityTime(now)).last

    def take(self) -> MeterCheckpoint | None:
        """The checkpoint to be written now."""
        if self.meter is None:
            return None
        self._taken = self.meter.checkpoint(self.trace)
        return self._taken

    def resume(self, started_at: CityTime, checkpoint: MeterCheckpoint) -> None:
        """A ride runs on from ``checkpoint``."""
        self._taken = None
        self.meter = Meter.restore(self._rules.meter, self.trace, started_at, checkpoint)

    def checkpointed(self, checkpoint: MeterCheckpoint) -> None:
        """``checkpoint`` is in the stream. On a fold, the meter goes on from it."""
        if checkpoint is not self._taken and self.meter is not None:
            self.meter = Meter.restore(self._rules.meter, self.trace, self.meter.started_at, checkpoint)
        self._taken = None

    def stop(self) -> None:
        """The ride is over."""
        self._taken = None
        self.meter = None

    def safe_until(self, at: float) -> int:
        """The journal has the meter as of ``at``: forget the fixes until then; the highest safe number, or -1."""
        numbers = [fix.n for fix in self.unsafe if fix.at <= at and fix.source == self.source]
        if self.meter is not None and self.meter.last.at <= at:
            numbers.append(self.meter.last.fix_n)
        self.unsafe = [fix for fix in self.unsafe if fix.at > at]
        return max(numbers, default=-1)

    def settle(self) -> int:
        """The journal has the end of the ride: forget all its fixes; the highest number among them, or -1."""
        return self.safe_until(float("inf"))

    def follow(self, before: Odometer, now: float) -> None:
        """Take over what a forgotten copy of the same vehicle had heard (its last decision was not committed)."""
        if self.meter is None:
            self.trace, self.source = before.trace, before.source
            self.heard_at, self.heading = before.heard_at, before.heading
            return
        self.source = before.source
        for fix in before.unsafe:
            self.hear(fix, now)
        self.heard_at = max(self.heard_at, before.heard_at)
