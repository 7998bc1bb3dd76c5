"""``bench nearest``, small: the three searches find the same cars."""

from __future__ import annotations

import pytest

from bench.matching.nearest import NearestPlan, run


@pytest.mark.integration
def test_all_searches_are_timed_and_agree() -> None:
    """Valkey's searches are complete, or the bench ends; the tree finds the cars that our index finds."""
    figures = run(NearestPlan(cars=500, requests=20, k=8, rounds=2))
    assert figures["same_as_ckdtree"] == 1.0
    assert {"ours_ms", "ckdtree_ms", "geosearch_ms", "ratio_geosearch", "ratio_ckdtree"} <= figures.keys()
