"""Percentiles and ratios of measured times, and progress output."""

import sys
from collections.abc import Mapping, Sequence
from math import inf

from sim.metrics.percentiles import percentile

Figures = dict[str, object]
"""Result of a bench: a flat mapping from name to value."""


def percentile_ms(seconds: Sequence[float], share: float, never: int = 0) -> float | None:
    """A percentile by nearest rank, in milliseconds.

    ``never`` counts events that did not happen: they rank as infinitely late. None stands for infinity, and for no
    events at all.
    """
    found = percentile((*seconds, *([inf] * never)), share)
    return None if found is None or found == inf else round(1e3 * found, 2)


def percentiles_ms(seconds: Sequence[float], never: int = 0) -> dict[str, float | None]:
    shares = {"p50_ms": 0.5, "p99_ms": 0.99, "max_ms": 1.0}
    return {name: percentile_ms(seconds, share, never) for name, share in shares.items()}


def ratio(value: float | None, reference: float | None) -> float | None:
    """``value / reference``; None if either is missing."""
    return round(value / reference, 3) if value is not None and reference else None


def prefixed(prefix: str, figures: Mapping[str, object]) -> Figures:
    return {f"{prefix}{name}": value for name, value in figures.items()}


def print_progress(figures: Figures) -> Figures:
    print(figures, file=sys.stderr, flush=True)
    return figures
