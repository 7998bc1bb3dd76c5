"""How waiting pays: each second waited takes something off the cost, so that nobody is passed over for ever."""

from __future__ import annotations

import numpy as np

from dispatch.matching.model import Floats


def credit_s(waited_s: Floats, *, ageing: float, ceiling_s: float) -> Floats:
    """Seconds taken off a request's cost, for each request; never negative, at most ``ceiling_s``."""
    return np.clip(waited_s * ageing, 0.0, ceiling_s)
