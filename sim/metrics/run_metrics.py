"""What the simulated apps were told, counted. Nothing here comes from the system's own books.

The caller holds ``acknowledged``, ``assignments`` and ``paid`` against the journal and the accounts at Alipay's
sandbox: a request that was accepted, reached no end, and is not among the system's open trips, is lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from dispatch.values.ids import CommandId, TripId, VehicleId
from sim.client.states import ENDED, UNSERVED
from sim.metrics.assignment_log import Assignment, AssignmentLog
from sim.metrics.delivery_log import DeliveryLog
from sim.metrics.percentiles import RecentRate, Samples
from sim.time.server_clock import ServerClock

Number = int | float | None
MS: Final = 1000.0


class RunMetrics:
    """Counts, latencies and breaches of one run. City time for what people wait, wall time for the machinery."""

    def __init__(self, clock: ServerClock) -> None:
        self.clock = clock
        self._began = clock.wall()
        self._ended: float | None = None
        self._asked_at: dict[CommandId, float] = {}
        self._open_asks: dict[TripId, float] = {}
        self._offered_at: dict[TripId, float] = {}
        self._assignments = AssignmentLog()
        self._completed: set[TripId] = set()
        self._on_trip: set[TripId] = set()
        self.acknowledged: dict[TripId, str] = {}
        """The last known state of each trip that was requested with success, hails included."""
        self.paid: dict[TripId, int] = {}
        """Minor units that passengers were told to have paid."""
        self.delivery_log: DeliveryLog | None = None
        """Who writes down all that apps are told, where somebody wants that."""
        self.counts: Counter[str] = Counter()
        self.errors: Counter[int] = Counter()
        self.violations: Counter[str] = Counter()
        self.closes: Counter[int] = Counter()
        self.fixes = RecentRate()
        self.request_to_offer = Samples()
        self.payment = Samples()
        self.pickup = Samples()
        self.wait = Samples()

    # ── requests and offers ──────────────────────────────────────────────────────────────────────────────────────

    def request_sent(self, command: CommandId) -> None:
        """A passenger's app sends a request for a car now."""
        self.counts["requests"] += 1
        self._asked_at[command] = self.clock.wall()

    def reservation_sent(self) -> None:
        """A passenger's app sends a request for later: no offer is due at once."""
        self.counts["requests"] += 1
        self.counts["reservations"] += 1

    def request_refused(self, command: CommandId) -> None:
        """The request was refused: it waits for no offer."""
        self.counts["refused"] += 1
        self._asked_at.pop(command, None)

    def request_acknowledged(self, command: CommandId, trip: TripId, state: str) -> None:
        """The request was accepted as ``trip``."""
        self.acknowledged.setdefault(trip, state)
        asked = self._asked_at.pop(command, None)
        if asked is None:
            return
        offered = self._offered_at.get(trip)
        if offered is None:
            self._open_asks[trip] = asked
        else:
            self.request_to_offer.add((offered - asked) * MS)

    def offer_told(self, trip: TripId) -> None:
        """A driver's app shows an offer of ``trip``."""
        self.counts["offers"] += 1
        now = self.clock.wall()
        self._offered_at.setdefault(trip, now)
        asked = self._open_asks.pop(trip, None)
        if asked is not None:
            self.request_to_offer.add((now - asked) * MS)

    # ── rides ────────────────────────────────────────────────────────────────────────────────────────────────────

    def assigned(self, trip: TripId, vehicle: VehicleId) -> None:
        """A driver was told that the accept holds, or began a street hail."""
        self._assignments.assigned(trip, vehicle, self.clock.city())

    def let_go(self, trip: TripId, vehicle: VehicleId) -> None:
        """A driver asked to end the assignment, or was told that it ended."""
        self._on_trip.discard(trip)
        self._assignments.let_go(trip, vehicle, self.clock.city())

    def restored(self, trip: TripId, vehicle: VehicleId) -> None:
        """The driver's wish to end it was refused."""
        self._assignments.restored(trip, vehicle)

    def hail_began(self, trip: TripId) -> None:
        """A street hail was accepted as ``trip``."""
        self.counts["hails"] += 1
        self.acknowledged.setdefault(trip, "in_progress")
        self._on_trip.add(trip)

    def ride_began(self, trip: TripId) -> None:
        """The passenger is on board."""
        self._on_trip.add(trip)

    def trip_told(self, trip: TripId, state: str) -> None:
        """A passenger's app was told the trip's state."""
        before = self.acknowledged.get(trip)
        self.acknowledged[trip] = state
        if state in ENDED and before not in ENDED:
            never_offered = self._open_asks.pop(trip, None) is not None
            self.counts["never_offered"] += never_offered and state == UNSERVED
            self.counts[state] += 1

    def ride_completed(self, trip: TripId) -> None:
        """A driver was told that the ride is over and the fare due."""
        self._completed.add(trip)
        self.acknowledged[trip] = self.acknowledged.get(trip, "fare_due")
        self._on_trip.discard(trip)

    def fare_paid(self, trip: TripId, minor: int, waited_s: float) -> None:
        """A passenger was told that the fare is paid, ``waited_s`` wall seconds after saying ``pay``."""
        if trip not in self.paid:
            self.paid[trip] = minor
            self.payment.add(waited_s * MS)

    # ── the machinery ────────────────────────────────────────────────────────────────────────────────────────────

    def fix_sent(self) -> None:
        """A GPS fix left an app."""
        self.fixes.add(self.clock.wall())

    def rejected(self, code: int) -> None:
        """A client was told an error."""
        self.errors[code] += 1

    def violation(self, name: str) -> None:
        """Something that the protocol rules out."""
        self.violations[name] += 1

    def closed(self, code: int) -> None:
        """A socket was closed by the other side, or broke (1006)."""
        self.closes[code] += 1

    def finish(self) -> None:
        """The run is over: rates are over the time until now."""
        self._ended = self.clock.wall()

    # ── what came of it ──────────────────────────────────────────────────────────────────────────────────────────

    @property
    def assignments(self) -> list[Assignment]:
        """(trip, vehicle, since, until) in city time; ``until`` is None while it lasts."""
        return self._assignments.all()

    @property
    def doubles(self) -> list[tuple[TripId, VehicleId]]:
        """AssignmentLog that were told while another driver had the trip, or the driver another trip."""
        return list(self._assignments.doubles)

    def lost(self, open_trips: Iterable[TripId]) -> list[TripId]:
        """Acknowledged trips that reached no end and are not among the system's open or ended ``open_trips``."""
        known = set(open_trips)
        return [trip for trip, state in self.acknowledged.items() if state not in ENDED and trip not in known]

    def _never_offered(self) -> int:
        """Requests of which no driver has heard. One that its passenger cancelled before is not counted."""
        return len(self._open_asks) + len(self._asked_at) + self.counts["never_offered"] + self.counts["refused"]

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
        """Wall seconds of the run, so far or in all."""
        return (self._ended if self._ended is not None else self.clock.wall()) - self._began

    def gps_per_s(self) -> float:
        """Fixes a wall second: over the last seconds, and after the end over the whole run."""
        if self._ended is None:
            return self.fixes.per_second(self.clock.wall())
        return self.fixes.total / max(self._ended - self._began, 1e-9)


def _rounded(value: float | None) -> Number:
    return None if value is None else round(value, 1)
