"""Figures of ``bench offer``."""

from __future__ import annotations

from collections.abc import Sequence

from bench.offer.apps import AppsReport
from bench.offer.results import figures_of
from dispatch.values.ids import TripId, VehicleId
from sim.metrics.assignment_log import DriverAssignment


def report(
    requested: dict[str, float] | None = None,
    offered: dict[str, float] | None = None,
    refused: int = 0,
    assignments: Sequence[DriverAssignment] = (),
) -> AppsReport:
    """The report of one process."""
    return AppsReport(
        requests=len(requested or {}) + refused,
        requested={TripId(trip): at for trip, at in (requested or {}).items()},
        offered={TripId(trip): at for trip, at in (offered or {}).items()},
        assignments=list(assignments),
        began=0.0,
        ended=60.0,
        gps_per_s=1000.0,
        completed=1,
        errors={},
        violations={},
    )


def test_a_request_may_be_offered_in_another_process() -> None:
    """A passenger of one process and a driver of the other make one figure."""
    found = figures_of(
        [report(requested={"T1": 10.0, "T2": 11.0}), report(offered={"T1": 10.5, "T2": 12.0, "T0": 1.0})]
    )
    assert (found["p50_ms"], found["p99_ms"]) == (500.0, 1000.0)
    assert (found["requests"], found["never_offered"], found["gps_per_s"], found["completed"]) == (2, 0, 2000.0, 2)


def test_a_request_without_an_offer_is_never_forgotten() -> None:
    """Refused, given up, or still waiting: all were never offered."""
    assert figures_of([report(requested={"T1": 1.0}, refused=2), report()])["never_offered"] == 3


def test_no_request_is_no_good_figure() -> None:
    """A span in which nothing was measured does not look fast."""
    assert figures_of([report()])["p50_ms"] is None


def test_doubles_are_found_over_all_processes() -> None:
    """One trip with two drivers at a time, each told by another process; one after the other is no double."""
    first = DriverAssignment(TripId("T1"), VehicleId("V1"), 1.0, 3.0)
    beside = DriverAssignment(TripId("T1"), VehicleId("V2"), 2.0, None)
    after = DriverAssignment(TripId("T1"), VehicleId("V2"), 3.0, None)
    assert figures_of([report(assignments=[first]), report(assignments=[beside])])["double_assignments"] == 1
    assert figures_of([report(assignments=[first]), report(assignments=[after])])["double_assignments"] == 0
