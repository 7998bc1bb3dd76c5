"""The meter of one ride: distance and waiting from believed GPS fixes, with checkpoints that outlive a host.

Rule 1: the meter's state is what its last checkpoint says plus the believed fixes after it, summed in their order.
Rule 2: during a ride the app is told "heard" only up to the number of the last *committed* checkpoint.

From both follows: a host that dies costs nothing. The next host restores meter and gps from the checkpoint, the
app sends what it was not told was heard, and the sums come out the same to the last bit.

A stretch between two believed fixes counts as waiting when its mean speed lies below the tariff's waiting speed. Of
a stretch that began before the ride, the share of its time that lies within the ride counts.
"""

from __future__ import annotations

from typing import Self

import msgspec

from dispatch.domain.fare.fare import Fare, RideMeasure, Tariff, fare_of
from dispatch.geo.gps_filter import GpsFilter
from dispatch.values.units import CityTime, Meters, Seconds


class MeterRules(msgspec.Struct, frozen=True):
    """How a meter runs. Below ``waiting_kmh`` is waiting (the tariff's rule; 0: nothing is).

    A checkpoint is due when ``checkpoint_m`` have been driven or ``checkpoint_s`` (city time) have passed.
    """

    waiting_kmh: float
    checkpoint_m: float = 200.0
    checkpoint_s: float = 10.0


class MeterCheckpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The meter as it stood after the believed fix number ``fix_n``, made at ``at`` (city time) in ``lat``/``lng``.

    ``meters`` is the whole way driven, ``slow_m`` its part below the waiting speed, ``waiting_s`` the time spent
    there. ``fix_n`` is -1 where the ride began before the car had any believed fix; then the place means nothing.
    """

    meters: float
    waiting_s: float
    at: CityTime
    fix_n: int
    lat: float
    lng: float
    slow_m: float = 0.0


class Meter:
    """Runs from the start to the end of a ride. It knows no clock: time is that of the fixes."""

    __slots__ = ("_due_m", "_due_s", "_last", "_waiting_mps", "meters", "rules", "slow_m", "started_at", "waiting_s")

    def __init__(self, rules: MeterRules, started_at: CityTime, checkpoint: MeterCheckpoint) -> None:
        self.rules = rules
        self.started_at = started_at
        self.meters = checkpoint.meters
        self.slow_m = checkpoint.slow_m
        self.waiting_s = checkpoint.waiting_s
        self._waiting_mps = rules.waiting_kmh / 3.6
        self._written(checkpoint)

    @classmethod
    def start(cls, rules: MeterRules, gps: GpsFilter, at: CityTime) -> Self:
        """A ride begins at ``at``. The checkpoint of this moment belongs into the event that starts the ride."""
        since = gps.at if gps.anchored else at
        return cls(rules, at, MeterCheckpoint(0.0, 0.0, since, gps.n, gps.lat, gps.lng))

    @classmethod
    def restore(cls, rules: MeterRules, gps: GpsFilter, started_at: CityTime, checkpoint: MeterCheckpoint) -> Self:
        """The meter, and in place the gps, as they stood at ``checkpoint``; feed the fixes after ``fix_n`` next."""
        if checkpoint.fix_n >= 0:
            gps.anchor(checkpoint.fix_n, checkpoint.at, checkpoint.lat, checkpoint.lng)
        return cls(rules, started_at, checkpoint)

    def feed(self, gps: GpsFilter) -> bool:
        """Count what the fix that ``gps`` has just ACCEPTED added. True: a checkpoint is due."""
        moved_m, elapsed_s = gps.moved_m, gps.elapsed_s
        within_s = gps.at - self.started_at
        if elapsed_s > 0.0 and within_s < elapsed_s:
            share = max(0.0, within_s) / elapsed_s
            moved_m, elapsed_s = moved_m * share, elapsed_s * share
        self.meters += moved_m
        if moved_m < self._waiting_mps * elapsed_s:
            self.waiting_s += elapsed_s
            self.slow_m += moved_m
        return self.due(gps)

    def due(self, gps: GpsFilter) -> bool:
        """Whether a checkpoint is due at the gps's anchor."""
        return self.meters >= self._due_m or gps.at >= self._due_s

    def checkpoint(self, gps: GpsFilter) -> MeterCheckpoint:
        """The meter and the gps's anchor as they stand, to be written; counts until the next is due."""
        at = gps.at if gps.anchored else self.started_at
        taken = MeterCheckpoint(self.meters, self.waiting_s, at, gps.n, gps.lat, gps.lng, self.slow_m)
        self._written(taken)
        return taken

    @property
    def last(self) -> MeterCheckpoint:
        """The checkpoint taken last. Once it is committed, fixes up to its ``fix_n`` may be told as heard."""
        return self._last

    def measure(self, ended_at: CityTime, *, from_airport: bool = False) -> RideMeasure:
        """What the ride has come to at ``ended_at``, for the tariff."""
        return RideMeasure(
            meters=Meters(self.meters),
            waiting_s=Seconds(self.waiting_s),
            started_at=self.started_at,
            ended_at=CityTime(max(ended_at, self.started_at)),
            from_airport=from_airport,
            slow_m=Meters(self.slow_m),
        )

    def reading(self, tariff: Tariff, ended_at: CityTime, *, from_airport: bool = False) -> Fare:
        """The fare, had the ride ended at ``ended_at``."""
        return fare_of(tariff, self.measure(ended_at, from_airport=from_airport))

    def _written(self, checkpoint: MeterCheckpoint) -> None:
        self._last = checkpoint
        self._due_m = checkpoint.meters + self.rules.checkpoint_m
        self._due_s = max(checkpoint.at, self.started_at) + self.rules.checkpoint_s
