"""The meter of a ride: distance and waiting from accepted GPS fixes, with checkpoints that survive a host.

Rule 1: the meter's state is its last checkpoint plus the accepted fixes after it, summed in their order.
Rule 2: during a ride, fixes are acknowledged only up to the last *committed* checkpoint.

Therefore a crash of a host loses nothing: the next host restores meter and filter from the checkpoint, the app sends
the unacknowledged fixes again, and the sums are equal to the last bit.

A section between two accepted fixes counts as waiting if its mean speed is below the tariff's waiting speed. Of a
section that started before the ride, the share of its time within the ride counts.
"""

from typing import Self

import msgspec

from dispatch.domain.fare.fare import Fare, RideMeasure, Tariff, fare_of
from dispatch.geo.gps_filter import GpsFilter
from dispatch.values.units import CityTime, Meters, Seconds


class MeterRules(msgspec.Struct, frozen=True):
    """How a meter runs. Speeds below ``waiting_kmh`` are waiting (by the tariff; 0: never).

    A checkpoint is due after ``checkpoint_m`` metres or ``checkpoint_s`` seconds (city time).
    """

    waiting_kmh: float
    checkpoint_m: float = 200.0
    checkpoint_s: float = 10.0


class MeterCheckpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The meter after the accepted fix number ``fix_n``, at ``at`` (city time) in ``lat``/``lng``.

    ``meters`` is the total distance, ``slow_m`` the part below the waiting speed, ``waiting_s`` the time spent there.
    ``fix_n`` is -1 if the ride started before the vehicle had an accepted fix; the place is then undefined.
    """

    meters: float
    waiting_s: float
    at: CityTime
    fix_n: int
    lat: float
    lng: float
    slow_m: float = 0.0


class Meter:
    """Runs from the start to the end of a ride. It uses no clock: times are those of the fixes."""

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
        """Start a ride at ``at``. Its checkpoint belongs into the event that starts the ride."""
        since = gps.at if gps.anchored else at
        return cls(rules, at, MeterCheckpoint(0.0, 0.0, since, gps.n, gps.lat, gps.lng))

    @classmethod
    def restore(cls, rules: MeterRules, gps: GpsFilter, started_at: CityTime, checkpoint: MeterCheckpoint) -> Self:
        """Restore the meter, and ``gps`` in place, from ``checkpoint``; the fixes after ``fix_n`` follow."""
        if checkpoint.fix_n >= 0:
            gps.anchor(checkpoint.fix_n, checkpoint.at, checkpoint.lat, checkpoint.lng)
        return cls(rules, started_at, checkpoint)

    def feed(self, gps: GpsFilter) -> bool:
        """Add the distance and time of the fix that ``gps`` accepted last. True: a checkpoint is due."""
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
        return self.meters >= self._due_m or gps.at >= self._due_s

    def checkpoint(self, gps: GpsFilter) -> MeterCheckpoint:
        """The meter and the filter's anchor now, to be written; restarts the count until the next one is due."""
        at = gps.at if gps.anchored else self.started_at
        taken = MeterCheckpoint(self.meters, self.waiting_s, at, gps.n, gps.lat, gps.lng, self.slow_m)
        self._written(taken)
        return taken

    @property
    def last(self) -> MeterCheckpoint:
        """The last checkpoint. Once it is committed, fixes up to its ``fix_n`` can be acknowledged."""
        return self._last

    def measure(self, ended_at: CityTime, *, from_airport: bool = False) -> RideMeasure:
        """The ride as measured until ``ended_at``, for the tariff."""
        return RideMeasure(
            meters=Meters(self.meters),
            waiting_s=Seconds(self.waiting_s),
            started_at=self.started_at,
            ended_at=CityTime(max(ended_at, self.started_at)),
            from_airport=from_airport,
            slow_m=Meters(self.slow_m),
        )

    def reading(self, tariff: Tariff, ended_at: CityTime, *, from_airport: bool = False) -> Fare:
        """The fare if the ride ended at ``ended_at``."""
        return fare_of(tariff, self.measure(ended_at, from_airport=from_airport))

    def _written(self, checkpoint: MeterCheckpoint) -> None:
        self._last = checkpoint
        self._due_m = checkpoint.meters + self.rules.checkpoint_m
        self._due_s = max(checkpoint.at, self.started_at) + self.rules.checkpoint_s
