"""``bench assign``, small: its claims hold at any size."""

from __future__ import annotations

from bench.matching.assign import AssignPlan, run


def test_all_three_optima_cost_the_same() -> None:
    """The sparse solver proves the optimum that the dense solver finds: uniform, clustered, and at one spot."""
    figures = run(AssignPlan(cars=300, requests=30, spot=10, repeat=1))
    assert [figures[f"equal_cost{scene}"] for scene in ("", "_clustered", "_spot")] == [True, True, True]
    assert {"ratio", "ratio_whole", "ratio_clustered", "ratio_spot"} <= figures.keys()
