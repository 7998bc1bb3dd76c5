"""Figures of ``bench offer`` from the reports of all its worker processes."""

from collections import Counter
from collections.abc import Sequence

from bench.harness.figures import Figures, percentile_ms
from bench.offer.apps import AppsReport
from sim.metrics.assignment_log import AssignmentLog, DriverAssignment


def figures_of(reports: Sequence[AppsReport]) -> Figures:
    waits = offer_waits(reports)
    requests = sum(report.requests for report in reports)
    never = requests - len(waits)
    return {
        "p50_ms": percentile_ms(waits, 0.5, never),
        "p99_ms": percentile_ms(waits, 0.99, never),
        "requests": requests,
        "never_offered": never,
        "gps_per_s": round(sum(report.gps_per_s for report in reports), 1),
        "completed": sum(report.completed for report in reports),
        "double_assignments": double_assignments(reports),
        "errors": sum((Counter(report.errors) for report in reports), Counter[int]()).total(),
        "violations": sum((Counter(report.violations) for report in reports), Counter[str]()).total(),
    }


def offer_waits(reports: Sequence[AppsReport]) -> list[float]:
    """Wall seconds from each request of the span to its first offer, of the requests that had one."""
    offered = {trip: at for report in reports for trip, at in report.offered.items()}
    return [offered[trip] - at for report in reports for trip, at in report.requested.items() if trip in offered]


def double_assignments(reports: Sequence[AppsReport]) -> int:
    """Assignments that began while the trip had another driver, or the driver another trip, in whichever process."""
    moments = [moment for report in reports for each in report.assignments for moment in _moments(each)]
    all_assignments = AssignmentLog()
    for at, begins, assignment in sorted(moments, key=lambda moment: moment[:2]):
        (all_assignments.assigned if begins else all_assignments.let_go)(assignment.trip, assignment.vehicle, at)
    return len(all_assignments.doubles)


def _moments(assignment: DriverAssignment) -> list[tuple[float, bool, DriverAssignment]]:
    """Its begin and end. At the same instant an end sorts before a begin."""
    begin = (assignment.since, True, assignment)
    return [begin] if assignment.until is None else [begin, (assignment.until, False, assignment)]
