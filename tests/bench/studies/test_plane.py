"""Cars on the plane."""

from __future__ import annotations

import numpy as np

from bench.studies.plane import PlaneCandidates
from dispatch.matching.candidates import PickupPoints
from dispatch.values.units import CityTime


def test_cars_within_the_limit_are_listed_by_distance() -> None:
    """Under the Manhattan metric; a removed car is not listed, a moved one where it is now."""
    candidates = PlaneCandidates(mps=10.0, limit_m=500.0)
    for car, (y, x) in enumerate([(300.0, 100.0), (100.0, 0.0), (400.0, 200.0), (0.0, 0.0)]):
        candidates.put(car, y, x)
    candidates.remove(3)
    places = PickupPoints(np.array([0.0]), np.array([0.0]))
    near = candidates.nearest(places, 1)
    assert near.car.tolist() == [1, 0]
    candidates.move(np.array([2]), np.array([10.0]), np.array([10.0]))
    near = candidates.nearest(places, 1)
    assert near.car.tolist() == [2, 1, 0]
    assert candidates.pickup_s(places, near.row, near.car, CityTime(0.0)).tolist() == [2.0, 10.0, 40.0]
