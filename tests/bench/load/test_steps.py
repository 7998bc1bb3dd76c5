"""Results of the steps of ``bench load``."""

from __future__ import annotations

from bench.load.steps import FixStep, RequestStep, highest, saturated_part

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


def test_the_first_part_to_saturate() -> None:
    """A thread that is full, else the machine, else nothing that one can see."""
    threads = {"gateway": 2, "matcher": 1}
    assert saturated_part({"gateway": 1.0, "matcher": 0.95, "hosts": 0.0}, threads, 4) == "matcher"
    assert saturated_part({"gateway": 1.0, "matcher": 0.2, "hosts": 0.8}, threads, 2).startswith("the machine")
    assert saturated_part({"gateway": 0.3, "matcher": 0.2, "hosts": 0.3}, threads, 2).startswith("nothing")
