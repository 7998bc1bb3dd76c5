"""What a pair costs: seconds to pick-up minus an ageing credit, in whole milliseconds.

Milliseconds as integers make sums exact: 10,000 requests of an hour each stay far below 2^53, so that a float64
solver adds them without rounding and equal costs compare equal.
"""

from __future__ import annotations

import numpy as np

from dispatch.matching.types import Floats, Ints

MS = 1000
NEVER = np.int64(2**60)
"""A cost that no pair has."""


def cost_ms(pickup_s: Floats, credit_s: Floats) -> Ints:
    """Cost of each pair in milliseconds; negative where the credit exceeds the pick-up."""
    return np.rint((pickup_s - credit_s) * MS).astype(np.int64)


def unlisted_cost_ms(reach_s: Floats, max_pickup_s: Floats, credit_s: Floats) -> Ints:
    """The least that a car outside a request's list could cost; NEVER where none could be allowed.

    ``reach_s``: no unlisted car is nearer than this; infinite where the list holds every car.
    """
    possible = (reach_s <= max_pickup_s) & np.isfinite(reach_s)
    least = np.floor(np.where(possible, reach_s - credit_s, 0.0) * MS).astype(np.int64)
    return np.where(possible, least, NEVER)


def served_first_ms(requests: int, max_pickup_s: Floats, credit_s: Floats) -> int:
    """A price for leaving a request out that no sum of pick-ups can outweigh.

    One more request served may change the pick-up of every other: at most ``requests`` times the widest span
    between two allowed costs.
    """
    widest = float(np.max(max_pickup_s, initial=0.0) + np.max(credit_s, initial=0.0))
    return int((requests + 1) * (widest * MS + MS))


def credit_s(waited_s: Floats, *, ageing: float, ceiling_s: float) -> Floats:
    """Seconds taken off a request's cost, for each request; never negative, at most ``ceiling_s``."""
    return np.clip(waited_s * ageing, 0.0, ceiling_s)
