"""How far a car may come from: a limit on the seconds to the passenger, set by each request."""

from __future__ import annotations

from dispatch.matching.model import Bools, Floats


def within_reach(pickup_s: Floats, max_pickup_s: Floats) -> Bools:
    """Which pairs keep the request's limit; the limit itself is still allowed."""
    return pickup_s <= max_pickup_s
