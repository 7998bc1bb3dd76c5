"""Greedy assignment: each request in order of age takes the nearest remaining vehicle, as many systems do.

Used for comparison, with the same interface as the exact assignment.
"""

import numpy as np

from dispatch.matching.exact_assignment import Assignment
from dispatch.matching.types import Ints, Pairs


def oldest_first(pairs: Pairs) -> Assignment:
    """Each row in turn takes its cheapest free column. A row is wanting while an unlisted vehicle could be cheaper."""
    chosen = _take_in_turn(pairs)
    least = np.full(pairs.rows, pairs.unserved, dtype=np.int64)
    served = chosen >= 0
    least[served] = pairs.cost[chosen[served]]
    return Assignment(chosen, pairs.unlisted < least)


def _take_in_turn(pairs: Pairs) -> Ints:
    chosen = np.full(pairs.rows, -1, dtype=np.int64)
    taken = np.zeros(pairs.columns, dtype=np.bool_)
    starts = np.searchsorted(pairs.row, np.arange(pairs.rows + 1))
    for row in np.flatnonzero(np.diff(starts)).tolist():
        edges = np.arange(starts[row], starts[row + 1])
        left = edges[~taken[pairs.column[edges]]]
        if left.size:
            best = left[np.argmin(pairs.cost[left])]
            chosen[row] = best
            taken[pairs.column[best]] = True
    return chosen
