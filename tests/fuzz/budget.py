"""How long the fuzz of one run of all tests may take, and the settings that hold it to that.

Sixty seconds on two processors, by numbers of examples: what a slow machine tries is what a fast one tries. Drawn from
the test's own name and not from chance, so that a run in CI can be repeated; ``TAXI_FUZZ=5 pytest tests/fuzz`` tries
five times as much, by chance, for whoever hunts.
"""

from __future__ import annotations

import os
from typing import Final

from hypothesis import HealthCheck, settings

_TIMES: Final = int(os.environ.get("TAXI_FUZZ", "0"))


def tried(examples: int) -> settings:
    """So many examples of one test."""
    return settings(
        max_examples=examples * max(1, _TIMES),
        derandomize=_TIMES == 0,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
