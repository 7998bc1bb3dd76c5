"""``bench matcher``, small."""

from __future__ import annotations

import numpy as np

from bench.matching.matcher import EAST, NORTH, SOUTH, WEST, MatcherPlan, random_places, run


def test_the_highest_rate_that_the_matcher_sustains_is_found() -> None:
    """Each rate has its figures; those of the best are repeated without its name."""
    figures = run(MatcherPlan(cars=60, windows=20, rates="0.5,1"))
    assert figures["requests_per_s"] in (0.5, 1.0)
    assert figures["served_percent"] == figures[f"rate_{figures['requests_per_s']:g}_served_percent"]
    assert figures["rate_0.5_served_percent"] == 100.0


def test_cars_that_cannot_serve_all_do_not_sustain_the_rate() -> None:
    """One car cannot serve twenty requests a second."""
    figures = run(MatcherPlan(cars=1, windows=20, rates="20"))
    assert figures["requests_per_s"] == 0.0
    served = figures["rate_20_served_percent"]
    assert isinstance(served, float)
    assert served < 10.0


def test_places_lie_in_the_box() -> None:
    """Latitudes first."""
    lat, lng = random_places(np.random.default_rng(1), 100)
    assert (lat.shape, lng.shape) == ((100,), (100,))
    assert SOUTH <= lat.min() < lat.max() <= NORTH
    assert WEST <= lng.min() < lng.max() <= EAST
