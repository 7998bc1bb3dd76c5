"""Dual prices of an optimal assignment: the cost below which an omitted pair could improve it.

Theory of operation. The dual of the linear program gives each row a price u and each column a price v <= 0, with
u + v <= cost on every pair, equality on chosen pairs, and v = 0 on unassigned columns (Burkard, Dell'Amico, Martello,
*Assignment Problems*, SIAM 2009, section 4.1). A column outside the graph has v = 0 or, if another row has it,
v <= 0; so an omitted pair can improve the assignment only if it costs less than u. The smallest prices leave
the fewest rows undecided. They are longest paths from the unserved rows and the chosen pairs, computed by relaxing
from changed rows. In an optimal assignment no cycle increases a price, so the relaxation terminates.
"""

import numpy as np

from dispatch.matching.growable_arrays import ranges
from dispatch.matching.types import Ints, Pairs


def row_prices(pairs: Pairs, chosen: Ints) -> Ints:
    """The smallest dual price of each row, in milliseconds. ``chosen``: each row's chosen pair, or -1."""
    row, column, cost = pairs.row, pairs.column, pairs.cost
    served = np.flatnonzero(chosen >= 0)
    price = np.full(chosen.size, pairs.unserved, dtype=np.int64)
    price[served] = cost[chosen[served]]
    owner = np.full(pairs.columns, -1, dtype=np.int64)
    owner[column[chosen[served]]] = served
    paid = np.zeros(pairs.columns, dtype=np.int64)
    paid[column[chosen[served]]] = price[served]
    contested = np.flatnonzero(owner[column] >= 0)
    rival = row[contested]
    holder = owner[column[contested]]
    gap = paid[column[contested]] - cost[contested]
    return _relax(price, rival, holder, gap)


def _relax(price: Ints, rival: Ints, holder: Ints, gap: Ints) -> Ints:
    """Raise prices until ``price[holder] >= price[rival] + gap`` for every contested pair."""
    starts = np.searchsorted(rival, np.arange(price.size + 1))
    lengths = np.diff(starts)
    active = np.arange(price.size)
    while active.size:
        pairs = ranges(starts[active], lengths[active])
        raised = price.copy()
        np.maximum.at(raised, holder[pairs], price[rival[pairs]] + gap[pairs])
        active = np.flatnonzero(raised > price)
        price = raised
    return price
