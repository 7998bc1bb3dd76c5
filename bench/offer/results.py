"""What the apps of all processes of ``bench offer`` were told, put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import inf

from bench.offer.apps import Told
from sim.metrics.assignment_log import Assignment, Assignments
from sim.metrics.percentiles import percentile

MS = 1000.0


def figures_of(parts: Sequence[Told]) -> dict[str, float]:
    """The figures that the apps alone know."""
    waits = offer_ms(parts)
    requests = sum(part.requests for part in parts)
    never = requests - len(waits)
    return {
        "p50_ms": percentile_ms(waits, never, 0.5),
        "p99_ms": percentile_ms(waits, never, 0.99),
        "requests": requests,
        "never_offered": never,
        "gps_per_s": round(sum(part.gps_per_s for part in parts), 1),
        "completed": sum(part.completed for part in parts),
        "double_assignments": double_assignments(parts),
        "errors": sum((Counter(part.errors) for part in parts), Counter[int]()).total(),
        "violations": sum((Counter(part.violations) for part in parts), Counter[str]()).total(),
    }


def offer_ms(parts: Sequence[Told]) -> list[float]:
    """Wall milliseconds from each request of the span to its first offer, of those that had one."""
    offered = {trip: at for part in parts for trip, at in part.offered.items()}
    return [(offered[trip] - at) * MS for part in parts for trip, at in part.asked.items() if trip in offered]


def percentile_ms(waits: Sequence[float], never: int, share: float) -> float:
    """A percentile; one never offered counts as infinite, and so does nothing at all."""
    found = percentile((*waits, *([inf] * never)), share)
    return inf if found is None else round(found, 1)


def double_assignments(parts: Sequence[Told]) -> int:
    """Assignments that began while the trip had another driver, or the driver another trip, in whichever process."""
    moments = [moment for part in parts for each in part.assignments for moment in _moments(each)]
    told = Assignments()
    for at, begins, assignment in sorted(moments, key=lambda moment: moment[:2]):
        (told.told if begins else told.let_go)(assignment.trip, assignment.vehicle, at)
    return len(told.doubles)


def _moments(assignment: Assignment) -> list[tuple[float, bool, Assignment]]:
    """Its begin and its end: what ends at an instant comes before what begins at it."""
    begin = (assignment.since, True, assignment)
    return [begin] if assignment.until is None else [begin, (assignment.until, False, assignment)]
