"""The flat city of the published table: bookkeeping, determinism, and agreement where cars abound."""

from __future__ import annotations

from bench.studies.plane_city import PlaneCity, PlaneSetup


def test_same_seed_same_outcome() -> None:
    """A seed fixes every figure; another seed changes them."""
    setup = PlaneSetup(orders=1.0, cars=60, seed=1, duration_s=1200.0)
    first, again = PlaneCity(setup).run(), PlaneCity(setup).run()
    other = PlaneCity(PlaneSetup(orders=1.0, cars=60, seed=2, duration_s=1200.0)).run()
    assert first == again
    assert first != other


def test_scarce_cars_leave_orders_out() -> None:
    """With few cars some give up after their patience, and no wait is longer than patience and reach allow."""
    outcome = PlaneCity(PlaneSetup(orders=2.0, cars=50, seed=1, duration_s=1800.0)).run()
    assert outcome.served < 0.6
    assert outcome.total_wait_s < 300.0 + 1000.0 / 11.11
    assert outcome.vacant < 10


def test_abundant_cars_match_in_one_step() -> None:
    """With cars everywhere each order is matched in the step after it came, as in the published table."""
    outcome = PlaneCity(PlaneSetup(orders=0.5, cars=1500, seed=1, duration_s=600.0)).run()
    assert outcome.matched == outcome.requests
    assert outcome.matching_s == 2.0
    assert 12.0 < outcome.pickup_s < 24.0
