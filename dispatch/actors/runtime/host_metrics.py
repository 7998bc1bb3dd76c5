"""The metrics of one host."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from dispatch.actors.core.cached_entity import CachedEntity
from dispatch.actors.core.protocol import Done, Reply
from dispatch.actors.core.work_items import Effects
from dispatch.api.fields import TripView
from dispatch.clock import Clock
from dispatch.domain.entity import Kind
from dispatch.domain.trip.trip_state import ENDED
from dispatch.geo.gps_filter import FixVerdict
from dispatch.observability.metrics import Metrics
from dispatch.store.journal import Batch, Committed, Conflict

PAYMENT_ENDS: Final = frozenset({"payment_paid", "payment_failed", "payment_unknown"})


class HostMetrics:
    """Records a host's commands, commits, offers, payments and open trips."""

    def __init__(self, metrics: Metrics, kind: Kind, clock: Clock) -> None:
        self._metrics = metrics
        self._kind = kind
        self._clock = clock
        self._requested_at: dict[str, float] = {}
        self._fare_due_at: dict[str, float] = {}

    def on_replies(self, replies: Sequence[Reply], seconds: float) -> None:
        for reply in replies:
            self._metrics.commands.labels(self._kind, "accepted" if isinstance(reply, Done) else "refused").inc()
            self._metrics.command_seconds.labels(self._kind).observe(seconds)

    def on_commit(self, batch: Batch, result: Committed | Conflict | None, seconds: float) -> None:
        self._metrics.commit_events.observe(sum(len(append.events) for append in batch.appends))
        self._metrics.commit_seconds.observe(seconds)
        if isinstance(result, Conflict):
            self._metrics.journal_conflicts.labels(self._kind).inc()

    def on_effects(self, effects: Effects) -> None:
        for notice in effects.notices:
            if notice.name in PAYMENT_ENDS:
                self._metrics.payments.labels(notice.name.removeprefix("payment_")).inc()
        for key, update in effects.updates:
            if isinstance(update.view, TripView):
                self._time_trip(key.id, update.event)
            if update.event.startswith("offer_") and update.event != "offer_made" and key.kind == "vehicle":
                self._metrics.offers.labels(update.event.removeprefix("offer_")).inc()

    def _time_trip(self, trip: str, event: str) -> None:
        """Wall seconds from the request to the first offer, and from a fare that is due to its payment."""
        now = self._clock.wall()
        if event in ("trip_requested", "matching_began"):
            self._requested_at[trip] = now
        elif event == "ride_ended":
            self._fare_due_at[trip] = now
        elif event == "trip_offered" and trip in self._requested_at:
            self._metrics.request_to_offer_seconds.observe(now - self._requested_at.pop(trip))
        elif event == "fare_paid" and trip in self._fare_due_at:
            self._metrics.payment_seconds.observe(now - self._fare_due_at.pop(trip))
        elif event in ("trip_cancelled", "trip_unserved"):
            self._requested_at.pop(trip, None)

    def count_fixes(self, verdicts: Mapping[FixVerdict, int]) -> None:
        for verdict, count in verdicts.items():
            self._metrics.fixes.labels(verdict.value).inc(count)

    def count_open_trips(self, entries: Iterable[CachedEntity]) -> None:
        states = (entry.entity.state for entry in entries if entry.key.kind == "trip" and entry.entity is not None)
        counts = Counter(state for state in states if state not in ENDED)
        self._metrics.open_trips.clear()
        for state, count in counts.items():
            self._metrics.open_trips.labels(state).set(count)

    def expose(self) -> bytes:
        return self._metrics.expose()

    def count_alarm(self, name: str) -> None:
        self._metrics.alarms.labels(name).inc()
