"""The exact minimum-cost assignment of vehicles to requests.

Theory of operation. Requests are rows, vehicles are columns, and an allowed pair is an edge with an integer cost in
milliseconds. Each row of the smaller side also has a column of its own with the cost ``unserved``; a row in that column
has no partner, so a full matching always exists. LAPJVsp (Jonker and Volgenant 1987, in scipy) finds the cheapest one.
Costs are shifted to be positive, because scipy reads zero as no edge; shifting all pairs and ``unserved`` equally
changes no preference. With integers below 2^53 the float64 sums are exact.

Rule 1. Edges are sorted by row, then by column, and each pair occurs once, so the answer depends on nothing else.
Rule 2. Rows are sorted by age, columns by vehicle id. Among equal answers the older request and the lower id win
        if a single vehicle or request is at stake.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from dispatch.matching.cost import NEVER
from dispatch.matching.dual_prices import row_prices
from dispatch.matching.types import Bools, Ints, Pairs

FEW = 4
"""Pairs per row in the first round, for rows of up to ``FEW * LONG`` pairs; longer rows start with one in ``LONG``."""
LONG = 8
WIDEN_BY = 4


@dataclass(frozen=True, slots=True)
class Assignment:
    """For each row the index of its pair, or -1; and the rows that an unlisted vehicle could improve."""

    chosen: Ints
    wanting: Bools


Assigner = Callable[[Pairs], Assignment]
"""An assignment rule. Rows are sorted by age, oldest first."""


def exact(pairs: Pairs) -> Assignment:
    """The cheapest assignment. A row is wanting until its dual price proves that no unlisted vehicle could help.

    A row seldom needs more than its cheapest pairs. The solver starts with those and adds four times as many for each
    row whose price exceeds its cheapest omitted pair: the same proof as for vehicles outside the lists.
    """
    place, after = _by_cost(pairs)
    depth = np.maximum(FEW, np.bincount(pairs.row, minlength=pairs.rows) // LONG)
    while True:
        kept = np.flatnonzero(place < depth[pairs.row])
        part = _part(pairs, kept)
        chosen = cheapest(part)
        left_out = after(depth)
        least = np.minimum(left_out, pairs.unlisted)
        if (least >= pairs.unserved).all():  # no price exceeds the cost of staying unserved
            price = least
            break
        price = row_prices(part, chosen)
        wanting = left_out < price
        if not wanting.any():
            break
        depth[wanting] *= WIDEN_BY
    served = chosen >= 0
    chosen[served] = kept[chosen[served]]
    return Assignment(chosen, pairs.unlisted < price)


def _by_cost(pairs: Pairs) -> tuple[Ints, Callable[[Ints], Ints]]:
    """The rank of each pair by cost within its row; and a function: the cost of the next pair after ``depth`` pairs."""
    floor, ceiling = int(np.min(pairs.cost, initial=0)), int(np.max(pairs.cost, initial=0))
    order = np.argsort(pairs.row * (ceiling - floor + 1) + (pairs.cost - floor), kind="stable")
    starts = np.searchsorted(pairs.row, np.arange(pairs.rows + 1))
    place = np.empty(order.size, dtype=np.int64)
    place[order] = np.arange(order.size) - starts[pairs.row]
    costs = np.append(pairs.cost[order], NEVER)

    def after(depth: Ints) -> Ints:
        following = starts[:-1] + depth
        beyond: Ints = np.where(following < starts[1:], costs[np.minimum(following, order.size)], NEVER)
        return beyond

    return place, after


def _part(pairs: Pairs, kept: Ints) -> Pairs:
    if kept.size == pairs.row.size:
        return pairs
    return Pairs(
        row=pairs.row[kept],
        column=pairs.column[kept],
        cost=pairs.cost[kept],
        rows=pairs.rows,
        columns=pairs.columns,
        unserved=pairs.unserved,
        unlisted=pairs.unlisted,
    )


def cheapest(pairs: Pairs) -> Ints:
    """For each row the index of its pair in a cheapest assignment, -1 if it stays unserved."""
    chosen = np.full(pairs.rows, -1, dtype=np.int64)
    worth = np.flatnonzero(pairs.cost < pairs.unserved)
    if not worth.size:
        return chosen
    row, column, cost = pairs.row[worth], pairs.column[worth], pairs.cost[worth]
    best = _own_best(row, column, cost)
    if best is None:
        best = _solve_smaller_side(row, column, cost, pairs.unserved)
    chosen[row[best]] = worth[best]
    return chosen


def _own_best(row: Ints, column: Ints, cost: Ints) -> Ints | None:
    """Each row's cheapest pair, if all have different columns: then no assignment is cheaper. Otherwise None."""
    first = np.flatnonzero(np.diff(row, prepend=-1))
    least = np.minimum.reduceat(cost, first)
    lengths = np.diff(np.append(first, row.size))
    at_least = np.flatnonzero(cost == np.repeat(least, lengths))
    best = at_least[np.flatnonzero(np.diff(row[at_least], prepend=-1))]
    taken = np.sort(column[best])
    if (taken[1:] == taken[:-1]).any():
        return None
    return best


def _solve_smaller_side(row: Ints, column: Ints, cost: Ints, unserved: int) -> Ints:
    """Indices of the chosen pairs. The smaller side becomes the rows of the solver's matrix."""
    row_names, r = np.unique(row, return_inverse=True)
    column_names, c = np.unique(column, return_inverse=True)
    if row_names.size <= column_names.size:
        return _solve(r, c, cost, (row_names.size, column_names.size), unserved)
    turned = np.lexsort((r, c))
    return turned[_solve(c[turned], r[turned], cost[turned], (column_names.size, row_names.size), unserved)]


def _solve(row: Ints, column: Ints, cost: Ints, shape: tuple[int, int], unserved: int) -> Ints:
    """Indices of the chosen pairs. ``row`` is sorted; every row and column has at least one pair."""
    rows, columns = shape
    shift = 1 - int(cost.min())
    edges = cost.size
    starts = np.zeros(rows + 1, dtype=np.int32)
    np.cumsum(np.bincount(row, minlength=rows) + 1, out=starts[1:])
    data = np.empty(edges + rows)
    indices = np.empty(edges + rows, dtype=np.int32)
    real = np.arange(edges) + row
    data[real], indices[real] = cost + shift, column
    own = starts[1:] - 1
    data[own], indices[own] = unserved + shift, columns + np.arange(rows)
    matrix = csr_array((data, indices, starts), shape=(rows, columns + rows))
    matched = min_weight_full_bipartite_matching(matrix)[1].astype(np.int64)
    served = np.flatnonzero(matched < columns)
    key = row.astype(np.int64) * columns + column
    return np.searchsorted(key, served * columns + matched[served])
