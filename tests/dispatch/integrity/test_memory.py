"""What the real cores write is never found wrong, at whatever moment one looks."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant

from dispatch.domain.commands import AppendedElsewhere, CancelTrip
from tests.dispatch.actors.core.harness import KINDS, PASSENGER, SHARDS, City, trip_key
from tests.dispatch.actors.core.host_core_disorder_samples import Disorder
from tests.dispatch.integrity.verified_tables import verify_tables
from tests.recorded.make import PaidCity, a_day


class Verified(Disorder):
    """Random commands, failing commits, deaths, two owners and lost calls; the journal is looked at after each step."""

    @invariant()
    def the_journal_verifies(self) -> None:
        assert verify_tables(self.city.tables, KINDS, SHARDS) == []


TestVerified = Verified.TestCase
TestVerified.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


class LookedAt(PaidCity):
    """A city whose journal is verified after every call that is delivered."""

    looks = 0

    def settle(self) -> None:
        """Run, and look."""
        super().settle()
        self.looks += 1
        assert verify_tables(self.tables, KINDS, SHARDS) == []


def test_a_day_of_rides_and_payments() -> None:
    """After every step of a day in which cars, trips, payments and refunds come to nearly every state."""
    city = LookedAt()
    a_day(city)
    assert city.looks > 100


def test_a_paused_owner_does_not_put_a_row_back() -> None:
    """It hears late of an offer that is history by now: the row stays as new as the stream."""
    city = City()
    city.online()
    city.request()
    paused = city.trips
    city.bear("trip")
    city.offer()
    offered = city.tables.events[trip_key()][1]
    city.do(trip_key(), CancelTrip("no"), PASSENGER)
    late = city.envelope(trip_key(), AppendedElsewhere(1, ((offered.at, offered.body),)), keep=False)
    paused.submit(late)
    paused.pump()
    assert city.tables.rows["trip"]["T1"]["state"] == "cancelled"
    assert verify_tables(city.tables, KINDS, SHARDS) == []
