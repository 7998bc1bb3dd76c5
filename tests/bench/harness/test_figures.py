"""Percentiles and ratios."""

from __future__ import annotations

import pytest

from bench.harness.figures import percentile_ms, percentiles_ms, ratio


def test_an_event_that_never_came_is_infinitely_late() -> None:
    """It counts in the ranking, and shows as None."""
    assert percentiles_ms([0.1] * 99) == {"p50_ms": 100.0, "p99_ms": 100.0, "max_ms": 100.0}
    assert percentiles_ms([0.1] * 98, never=2) == {"p50_ms": 100.0, "p99_ms": None, "max_ms": None}
    assert percentiles_ms([]) == {"p50_ms": None, "p99_ms": None, "max_ms": None}


@pytest.mark.parametrize(("never", "p50", "p99"), [(0, 50.0, 99.0), (60, 80.0, None), (200, None, None)])
def test_percentiles_are_nearest_ranks(never: int, p50: float | None, p99: float | None) -> None:
    """Of times in any order."""
    waits = [number / 1000 for number in range(100, 0, -1)]
    assert (percentile_ms(waits, 0.5, never), percentile_ms(waits, 0.99, never)) == (p50, p99)


def test_a_ratio_needs_both_values() -> None:
    """A missing or zero reference gives no ratio."""
    assert (ratio(3.0, 2.0), ratio(None, 2.0), ratio(3.0, None), ratio(3.0, 0.0)) == (1.5, None, None, None)
