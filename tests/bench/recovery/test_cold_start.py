"""``bench cold``, small: what it says is true whatever its size."""

from __future__ import annotations

import pytest

from bench.recovery.cold_start import MIX, ColdStartPlan, run


def test_all_answer_and_every_free_car_is_known() -> None:
    """After a cold start every stream stands where it stood, and the matcher knows each free car by its next fix."""
    figures = run(ColdStartPlan(cars=30, trips=2 * len(MIX), history=2))
    assert figures["lost"] == 0
    assert figures["free"] == figures["free_listed"] == 30 - 8
    assert figures["commands_from_drivers"] == 0
    assert figures["trips_armed"] == 2 * len(MIX)


def test_impossible_options_are_refused() -> None:
    """Before anything is made."""
    with pytest.raises(ValueError, match="a car"):
        run(ColdStartPlan(cars=10, trips=11, history=2))
