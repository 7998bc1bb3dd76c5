"""The cost of a pair: seconds to pick-up minus an ageing credit, in whole milliseconds.

Integer milliseconds make sums exact: 10,000 requests of an hour each stay far below 2^53, so a float64 solver adds
them without rounding, and equal costs compare equal.
"""

import numpy as np

from dispatch.matching.types import Floats, Ints

MS = 1000
NEVER = np.int64(2**60)
"""Greater than the cost of any pair."""


def cost_ms(pickup_s: Floats, credit_s: Floats) -> Ints:
    """The cost of each pair in milliseconds; negative if the credit exceeds the pick-up."""
    return np.rint((pickup_s - credit_s) * MS).astype(np.int64)


def unlisted_cost_ms(reach_s: Floats, max_pickup_s: Floats, credit_s: Floats) -> Ints:
    """For each request, a lower bound of the cost of any unlisted vehicle; NEVER if none could be allowed.

    ``reach_s``: no unlisted vehicle is nearer than this; infinite if the list holds every vehicle.
    """
    possible = (reach_s <= max_pickup_s) & np.isfinite(reach_s)
    least = np.floor(np.where(possible, reach_s - credit_s, 0.0) * MS).astype(np.int64)
    return np.where(possible, least, NEVER)


def served_first_ms(requests: int, max_pickup_s: Floats, credit_s: Floats) -> int:
    """The cost of an unserved request, greater than any saving in pick-ups, so that as many as possible are served.

    Serving one more request can change the pick-up of every other: at most ``requests`` times the widest span
    between two allowed costs.
    """
    widest = float(np.max(max_pickup_s, initial=0.0) + np.max(credit_s, initial=0.0))
    return int((requests + 1) * (widest * MS + MS))


def credit_s(waited_s: Floats, *, ageing: float, ceiling_s: float) -> Floats:
    """The ageing credit of each request: 0 to ``ceiling_s`` seconds, so that no request waits forever."""
    return np.clip(waited_s * ageing, 0.0, ceiling_s)
