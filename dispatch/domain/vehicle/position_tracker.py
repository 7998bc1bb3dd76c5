"""Soft state of a vehicle: its position, and the meter between two checkpoints.

All of it is rebuilt after a crash: the position from the next fix, the meter from its last checkpoint and from the
fixes that the app sends again because they were not acknowledged.
"""

from __future__ import annotations

from typing import Final

import msgspec

from dispatch.domain.fare.gps_meter import Meter, MeterCheckpoint
from dispatch.domain.rules import Rules
from dispatch.geo.gps_filter import FixVerdict, GpsFilter
from dispatch.values.units import CityTime

_ACCEPTED: Final = FixVerdict.ACCEPTED
_FUTURE: Final = FixVerdict.FUTURE
_DRIVEN: Final = (FixVerdict.ACCEPTED, FixVerdict.JUMP)


class FixRow(msgspec.Struct, array_like=True):
    """A GPS fix of a vehicle, as decoded from the gateway's message; never mutated.

    ``source`` 0 is the driver's app, 1 the taximeter; ``at`` is city time.
    """

    vehicle: str
    source: int
    n: int
    at: float
    lat: float
    lng: float
    speed: float | None = None
    heading: float | None = None


class PositionTracker:
    """Filters the fixes of one vehicle and runs the meter of its ride."""

    __slots__ = ("_rules", "gps", "heading", "last_fix_at", "meter", "pending_checkpoint", "source", "unacked")

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.pending_checkpoint: MeterCheckpoint | None = None
        """The checkpoint that was taken and is not in the stream yet."""
        self.gps = GpsFilter(max_mps=rules.max_mps, future_tolerance_s=rules.future_tolerance_s)
        self.meter: Meter | None = None
        self.source = 0
        self.heading: float | None = None
        self.last_fix_at = float("-inf")
        self.unacked: list[FixRow] = []
        """Fixes of a ride that no committed event contains; a finished ride keeps them until its end is committed."""

    def observe(self, fix: FixRow, now: float) -> FixVerdict:
        """Filter a fix and advance the meter. The second source is ignored while the first one sends."""
        if fix.source != self.source:
            if now - self.last_fix_at <= self._rules.stale_after_s:
                return FixVerdict.OLD
            self.source = fix.source
        verdict = self.gps.observe(fix.n, fix.at, fix.lat, fix.lng, now)
        if verdict is not _FUTURE and fix.at > self.last_fix_at:
            self.last_fix_at = fix.at
        if (self.meter is not None or self.unacked) and verdict in _DRIVEN:
            self.unacked.append(fix)
        if verdict is _ACCEPTED:
            self.heading = fix.heading
            if self.meter is not None:
                self.meter.feed(self.gps)
        return verdict

    @property
    def checkpoint_due(self) -> bool:
        """Whether the ride has gone far or long enough since its last checkpoint, and none is pending."""
        return self.meter is not None and self.pending_checkpoint is None and self.meter.due(self.gps)

    def start_checkpoint(self, now: float) -> MeterCheckpoint:
        """The checkpoint at the start of a ride."""
        return Meter.start(self._rules.meter, self.gps, CityTime(now)).last

    def take_checkpoint(self) -> MeterCheckpoint | None:
        """The checkpoint to be written now; it is pending until :meth:`on_commit`."""
        if self.meter is None:
            return None
        self.pending_checkpoint = self.meter.checkpoint(self.gps)
        return self.pending_checkpoint

    def resume_meter(self, started_at: CityTime, checkpoint: MeterCheckpoint) -> None:
        """Run the meter of a ride on from ``checkpoint``."""
        self.pending_checkpoint = None
        self.meter = Meter.restore(self._rules.meter, self.gps, started_at, checkpoint)

    def on_commit(self) -> None:
        """The pending checkpoint is in the stream; the meter has moved on since and keeps its sums."""
        self.pending_checkpoint = None

    def on_replay(self, checkpoint: MeterCheckpoint) -> None:
        """The stream holds a checkpoint that was taken elsewhere; the meter continues from it."""
        if self.meter is not None:
            self.resume_meter(self.meter.started_at, checkpoint)

    def stop_meter(self) -> None:
        self.pending_checkpoint = None
        self.meter = None

    def ack_until(self, at: float) -> int:
        """Drop the fixes up to city time ``at``, which the journal contains. The highest such number, or -1."""
        numbers = [fix.n for fix in self.unacked if fix.at <= at and fix.source == self.source]
        if self.meter is not None and self.meter.last.at <= at:
            numbers.append(self.meter.last.fix_n)
        self.unacked = [fix for fix in self.unacked if fix.at > at]
        return max(numbers, default=-1)

    def ack_all(self) -> int:
        """Drop all fixes of a ride whose end the journal contains. The highest number among them, or -1."""
        return self.ack_until(float("inf"))

    def take_over(self, before: PositionTracker, now: float) -> None:
        """Continue from the discarded copy of the same vehicle, whose last decision was not committed.

        Without a ride the position is taken as it is. During a ride the meter stands at its last checkpoint, so the
        fixes after it are observed again.
        """
        if self.meter is None:
            self.gps, self.source = before.gps, before.source
            self.last_fix_at, self.heading = before.last_fix_at, before.heading
            return
        self.source = before.source
        for fix in before.unacked:
            self.observe(fix, now)
        self.last_fix_at = max(self.last_fix_at, before.last_fix_at)
