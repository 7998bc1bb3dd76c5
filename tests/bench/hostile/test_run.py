"""The comparison of ``bench hostile``."""

from __future__ import annotations

from bench.hostile.run import compared


def test_pairs_are_compared_pair_by_pair() -> None:
    """The ratio is the median of the pairs' ratios, not the ratio of medians."""

    def said(p99: float) -> dict[str, float]:
        return {"ping_p50_ms": 1.0, "ping_p99_ms": p99, "offer_p99_ms": 400.0, "unanswered": 1, "never_offered": 0}

    found = compared([said(10.0), said(100.0), said(20.0)], [said(10.0), said(150.0), said(60.0)])
    assert (found["ping_p99_ms_without"], found["ping_p99_ms_with"], found["ratio"]) == (20.0, 60.0, 1.5)
    assert (found["unanswered_with"], found["offer_p99_ratio"]) == (3, 1.0)
