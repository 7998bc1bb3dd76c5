"""The metrics counts what apps were told."""

from __future__ import annotations

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from dispatch.clock import ManualClock
from dispatch.values.ids import CommandId, TripId, VehicleId
from sim.metrics.assignment_log import AssignmentLog
from sim.metrics.percentiles import RecentRate, percentile
from sim.metrics.run_metrics import RunMetrics
from sim.time.server_clock import ServerClock

T1, T2, V1, V2 = TripId("t1"), TripId("t2"), VehicleId("V1"), VehicleId("V2")


def new_metrics() -> tuple[ManualClock, RunMetrics]:
    clock = ManualClock(1000.0)
    return clock, RunMetrics(ServerClock(clock))


def test_request_to_offer_whichever_is_told_first() -> None:
    """The latency runs from the request's sending to the offer, also where the offer overtakes the answer."""
    clock, metrics = new_metrics()
    for command, trip, offer_first in (("c1", T1, False), ("c2", T2, True)):
        metrics.request_sent(CommandId(command))
        clock.advance(0.2)
        if offer_first:
            metrics.offer_received(trip)
        metrics.request_acknowledged(CommandId(command), trip, "matching")
        metrics.offer_received(trip)
    assert metrics.numbers()["request_to_offer_p99_ms"] == 200.0


def test_a_request_never_offered_counts_as_infinite_when_asked_for() -> None:
    """Unserved and still waiting ones are infinitely late; one that its passenger cancelled is not counted."""
    _, metrics = new_metrics()
    for number, end in enumerate(("unserved", "cancelled", None)):
        trip = TripId(f"t{number}")
        metrics.request_sent(CommandId(trip))
        metrics.request_acknowledged(CommandId(trip), trip, "matching")
        if end is not None:
            metrics.trip_updated(trip, end)
    assert metrics.numbers()["request_to_offer_p50_ms"] is None
    assert metrics.numbers(never_offered=True)["request_to_offer_p50_ms"] == inf
    assert (metrics.numbers()["unserved"], metrics.numbers()["cancelled"]) == (1, 1)


def test_gps_a_second() -> None:
    """While it runs over the last whole seconds, at the end over the whole run."""
    clock, metrics = new_metrics()
    for _ in range(20):
        metrics.fix_sent()
        clock.advance(0.5)
    assert metrics.gps_per_s() == 2.0
    clock.advance(10.0)
    metrics.finish()
    assert metrics.gps_per_s() == 1.0


def test_two_cars_for_one_trip_are_a_double_assignment() -> None:
    """Two drivers told at the same time; one after the other is none."""
    book = AssignmentLog()
    book.assigned(T1, V1, 1.0)
    book.assigned(T1, V1, 1.5)
    book.let_go(T1, V1, 2.0)
    book.assigned(T1, V2, 3.0)
    assert book.doubles == []
    book.assigned(T1, V1, 4.0)
    assert book.doubles == [(T1, V1)]


def test_a_refused_end_means_that_the_assignment_never_ended() -> None:
    """A car that kept its trip and was told another has two."""
    book = AssignmentLog()
    book.assigned(T1, V1, 1.0)
    book.let_go(T1, V1, 2.0)
    book.restored(T1, V1)
    assert book.all() == [(T1, V1, 1.0, None)]
    book.assigned(T2, V1, 3.0)
    assert book.doubles == [(T2, V1)]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.booleans()), max_size=30))
def test_doubles_are_exactly_the_overlaps(steps: list[tuple[str, str, bool]]) -> None:
    """Against a plain set of what lasts: a told assignment is double where trip or car is taken already."""
    book = AssignmentLog()
    lasting: set[tuple[str, str]] = set()
    doubles = 0
    for at, (trip, vehicle, told) in enumerate(steps):
        if not told:
            book.let_go(TripId(trip), VehicleId(vehicle), at)
            lasting.discard((trip, vehicle))
        elif (trip, vehicle) not in lasting:
            doubles += any(t == trip or v == vehicle for t, v in lasting)
            lasting.add((trip, vehicle))
            book.assigned(TripId(trip), VehicleId(vehicle), at)
    assert len(book.doubles) == doubles
    assert book.lasting == len(lasting)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_percentile(values: list[float], share: float) -> None:
    """At least the share lies at or below it, and it is one of the values."""
    found = percentile(values, share)
    assert found in values
    assert sum(v <= found for v in values) >= share * len(values) - 1e-9


def test_percentile_of_nothing() -> None:
    """There is none."""
    assert percentile([], 0.5) is None


def test_a_rate_forgets() -> None:
    """What is older than the window no longer counts."""
    rate = RecentRate()
    rate.add(1.0)
    assert rate.per_second(2.0) > 0
    assert rate.per_second(30.0) == 0
    assert rate.total == 1
