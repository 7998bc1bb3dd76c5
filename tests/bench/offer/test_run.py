"""The plan of ``bench offer``."""

from __future__ import annotations

from bench.offer.run import OfferPlan


def test_there_are_more_passengers_than_trips_at_a_time() -> None:
    """With some to spare."""
    plan = OfferPlan(requests_per_s=2.0, think_s=1.0, pickup_s=20.0, ride_s=60.0, window_s=2.0)
    assert 2 * 83 < plan.passengers < 2 * 83 * 1.5
