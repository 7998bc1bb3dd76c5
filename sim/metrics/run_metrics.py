"""Metrics of the messages to simulated apps, independent of the system's own data.

The caller compares ``acknowledged``, ``assignments`` and ``paid`` with the journal and the accounts at Alipay's
sandbox: a request that was accepted, did not end, and is not among the system's open trips, is lost.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from dispatch.values.ids import CommandId, TripId, VehicleId
from sim.metrics.assignment_log import AssignmentLog, DriverAssignment
from sim.metrics.delivery_log import DeliveryLog
from sim.metrics.percentiles import RecentRate, Samples
from sim.states import ENDED, UNSERVED
from sim.time.server_clock import ServerClock

Number = int | float | None
MS: Final = 1000.0


class RunMetrics:
    """Counts, latencies and violations of one run. Waiting times of people are city time, latencies wall time."""

    def __init__(self, clock: ServerClock) -> None:
        self.clock = clock
        self._began = clock.wall()
        self._ended: float | None = None
        self._sent_at: dict[CommandId, float] = {}
        self._open_requests: dict[TripId, float] = {}
        self._offered_at: dict[TripId, float] = {}
        self._assignments = AssignmentLog()
        self._completed: set[TripId] = set()
        self._on_trip: set[TripId] = set()
        self.acknowledged: dict[TripId, str] = {}
        """The last known state of each trip that was requested with success, hails included."""
        self.paid: dict[TripId, int] = {}
        """Confirmed payments in minor units."""
        self.delivery_log: DeliveryLog | None = None
        """Optional log of all deliveries."""
        self.counts: Counter[str] = Counter()
        self.errors: Counter[int] = Counter()
        self.violations: Counter[str] = Counter()
        self.closes: Counter[int] = Counter()
        self.fixes = RecentRate()
        self.request_to_offer = Samples()
        self.payment = Samples()
        self.pickup = Samples()
        self.wait = Samples()

    def request_sent(self, command: CommandId) -> None:
        self.counts["requests"] += 1
        self._sent_at[command] = self.clock.wall()

    def reservation_sent(self) -> None:
        """A request for later: no offer is due at once."""
        self.counts["requests"] += 1
        self.counts["reservations"] += 1

    def request_refused(self, command: CommandId) -> None:
        self.counts["refused"] += 1
        self._sent_at.pop(command, None)

    def request_acknowledged(self, command: CommandId, trip: TripId, state: str) -> None:
        self.acknowledged.setdefault(trip, state)
        sent_at = self._sent_at.pop(command, None)
        if sent_at is None:
            return
        offered = self._offered_at.get(trip)
        if offered is None:
            self._open_requests[trip] = sent_at
        else:
            self.request_to_offer.add((offered - sent_at) * MS)

    def offer_received(self, trip: TripId) -> None:
        self.counts["offers"] += 1
        now = self.clock.wall()
        self._offered_at.setdefault(trip, now)
        sent_at = self._open_requests.pop(trip, None)
        if sent_at is not None:
            self.request_to_offer.add((now - sent_at) * MS)

    def assigned(self, trip: TripId, vehicle: VehicleId) -> None:
        self._assignments.assigned(trip, vehicle, self.clock.city())

    def let_go(self, trip: TripId, vehicle: VehicleId) -> None:
        self._on_trip.discard(trip)
        self._assignments.let_go(trip, vehicle, self.clock.city())

    def restored(self, trip: TripId, vehicle: VehicleId) -> None:
        self._assignments.restored(trip, vehicle)

    def hail_began(self, trip: TripId) -> None:
        self.counts["hails"] += 1
        self.acknowledged.setdefault(trip, "in_progress")
        self._on_trip.add(trip)

    def ride_began(self, trip: TripId) -> None:
        self._on_trip.add(trip)

    def trip_updated(self, trip: TripId, state: str) -> None:
        before = self.acknowledged.get(trip)
        self.acknowledged[trip] = state
        if state in ENDED and before not in ENDED:
            never_offered = self._open_requests.pop(trip, None) is not None
            self.counts["never_offered"] += never_offered and state == UNSERVED
            self.counts[state] += 1

    def ride_completed(self, trip: TripId) -> None:
        """The driver's app was informed that the ride is over and the fare due."""
        self._completed.add(trip)
        self.acknowledged[trip] = self.acknowledged.get(trip, "fare_due")
        self._on_trip.discard(trip)

    def fare_paid(self, trip: TripId, minor: int, waited_s: float) -> None:
        """``waited_s``: wall seconds from the payment request to its confirmation."""
        if trip not in self.paid:
            self.paid[trip] = minor
            self.payment.add(waited_s * MS)

    def fix_sent(self) -> None:
        self.fixes.add(self.clock.wall())

    def finish(self) -> None:
        self._ended = self.clock.wall()

    @property
    def assignments(self) -> list[DriverAssignment]:
        """Times are city time; ``until`` is None while an assignment lasts."""
        return self._assignments.all()

    @property
    def doubles(self) -> list[tuple[TripId, VehicleId]]:
        """Assignments that began while another driver had the trip, or the driver another trip."""
        return list(self._assignments.doubles)

    def _never_offered(self) -> int:
        """Requests without an offer. Requests that the passenger cancelled before are not counted."""
        return len(self._open_requests) + len(self._sent_at) + self.counts["never_offered"] + self.counts["refused"]

    def numbers(self, *, never_offered: bool = False) -> dict[str, Number]:
        """The figures as one flat map. ``never_offered`` counts requests without an offer as infinitely late."""
        never = self._never_offered() if never_offered else 0
        return {
            "requests": self.counts["requests"],
            "hails": self.counts["hails"],
            "offers": self.counts["offers"],
            "matched": len(self._assignments.trips_ever) - self.counts["hails"],
            "on_trip": len(self._on_trip),
            "completed": len(self._completed),
            "paid": len(self.paid),
            "cancelled": self.counts["cancelled"],
            "unserved": self.counts["unserved"],
            "double_assignments": len(self._assignments.doubles),
            "gps_per_s": _rounded(self.gps_per_s()),
            "pickup_mean_s": _rounded(self.pickup.mean()),
            "wait_mean_s": _rounded(self.wait.mean()),
            "request_to_offer_p50_ms": _rounded(self.request_to_offer.percentile(0.5, never=never)),
            "request_to_offer_p99_ms": _rounded(self.request_to_offer.percentile(0.99, never=never)),
            "payment_p50_ms": _rounded(self.payment.percentile(0.5)),
            "violations": self.violations.total(),
            "errors": self.errors.total(),
        }

    @property
    def lasted_s(self) -> float:
        return (self._ended if self._ended is not None else self.clock.wall()) - self._began

    def gps_per_s(self) -> float:
        """Fixes per wall second: over the last seconds, and after the end over the whole run."""
        if self._ended is None:
            return self.fixes.per_second(self.clock.wall())
        return self.fixes.total / max(self._ended - self._began, 1e-9)


def _rounded(value: float | None) -> Number:
    return None if value is None else round(value, 1)
