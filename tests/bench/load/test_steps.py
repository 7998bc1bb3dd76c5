"""What the steps of ``bench load`` and the pairs of ``bench hostile`` say together."""

from __future__ import annotations

from bench.harness.worker_process import spread_ms
from bench.hostile.run import compared
from bench.load.steps import FixStep, RequestStep, gives_first, highest

QUIET = 400.0


def _step(*, heard: float = 1.0, sent: float = 1.0, p99: float | None = 500.0) -> FixStep:
    return FixStep(1000.0, sent, heard, 300.0, p99, 0, {})


def test_a_rate_is_held_where_all_holds() -> None:
    """Sent, heard, and offers hardly later than in a quiet system."""
    assert _step().held(QUIET)
    assert not _step(heard=0.97).held(QUIET)
    assert not _step(sent=0.97).held(QUIET)
    assert not _step(p99=1.6 * QUIET).held(QUIET)
    assert not _step(p99=None).held(QUIET)


def test_requests_are_held_where_none_is_left() -> None:
    """One that is never offered is one too many."""
    assert RequestStep(10.0, 300.0, 2_000.0, 0, {}).held
    assert not RequestStep(10.0, 300.0, 2_000.0, 1, {}).held
    assert not RequestStep(10.0, 300.0, 2_600.0, 0, {}).held
    assert not RequestStep(10.0, 300.0, None, 0, {}).held


def test_the_highest_lies_below_the_first_that_fails() -> None:
    """A lucky step above it does not count."""
    assert highest([(1.0, True), (2.0, True), (3.0, False), (4.0, True)]) == 2.0
    assert highest([(1.0, False), (2.0, True)]) == 0.0


def test_what_gives_first() -> None:
    """A thread that is full, else the machine, else nothing that one can see."""
    threads = {"gateway": 2, "matcher": 1}
    assert gives_first({"gateway": 1.0, "matcher": 0.95, "hosts": 0.0}, threads, 4) == "matcher"
    assert gives_first({"gateway": 1.0, "matcher": 0.2, "hosts": 0.8}, threads, 2).startswith("the machine")
    assert gives_first({"gateway": 0.3, "matcher": 0.2, "hosts": 0.3}, threads, 2).startswith("nothing")


def test_what_never_came_is_infinitely_late() -> None:
    """It counts in the ranking, and shows as None."""
    assert spread_ms([0.1] * 99) == {"p50_ms": 100.0, "p99_ms": 100.0, "max_ms": 100.0}
    assert spread_ms([0.1] * 98, never=2) == {"p50_ms": 100.0, "p99_ms": None, "max_ms": None}
    assert spread_ms([]) == {"p50_ms": None, "p99_ms": None, "max_ms": None}


def test_pairs_are_compared_pair_by_pair() -> None:
    """The ratio is the median of the pairs' ratios, not the ratio of medians."""

    def said(p99: float) -> dict[str, float]:
        return {"ping_p50_ms": 1.0, "ping_p99_ms": p99, "offer_p99_ms": 400.0, "unanswered": 1, "never_offered": 0}

    found = compared([said(10.0), said(100.0), said(20.0)], [said(10.0), said(150.0), said(60.0)])
    assert (found["ping_p99_ms_without"], found["ping_p99_ms_with"], found["ratio"]) == (20.0, 60.0, 1.5)
    assert (found["unanswered_with"], found["offer_p99_ratio"]) == (3, 1.0)
