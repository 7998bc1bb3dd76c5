"""The sparse solver against scipy's dense one, and the prices that prove it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from dispatch.matching.exact_assignment import cheapest, exact
from dispatch.matching.types import Bools, Floats, Ints, Pairs

NEVER = 2**60


def pairs_of(cost: Ints, allowed: Bools, unserved: int, unlisted: int = NEVER) -> Pairs:
    """A graph from a dense matrix, where ``allowed`` is true."""
    row, column = np.nonzero(allowed)
    rows, columns = cost.shape
    return Pairs(
        row=row,
        column=column,
        cost=cost[row, column],
        rows=rows,
        columns=columns,
        unserved=unserved,
        unlisted=np.full(rows, unlisted),
    )


def total(pairs: Pairs, chosen: Ints) -> int:
    """What an assignment costs, those without a partner included."""
    served = chosen >= 0
    assert len(set(pairs.column[chosen[served]].tolist())) == served.sum()
    assert (pairs.row[chosen[served]] == np.flatnonzero(served)).all()
    return int(pairs.cost[chosen[served]].sum()) + int((~served).sum()) * pairs.unserved


def dense_total(cost: Ints, allowed: Bools, unserved: int) -> int:
    """The optimum by scipy's dense solver, with a column of its own for each row."""
    rows = len(cost)
    real = np.where(allowed, cost, 4 * unserved).astype(float)
    own = np.full((rows, rows), float(unserved))
    matrix: Floats = np.hstack((real, own))
    r, c = linear_sum_assignment(matrix)
    return int(matrix[r, c].sum())


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Ints, Bools, int]:
    """Small matrices with ties, zero and negative costs, forbidden pairs."""
    rows, columns = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    cost = rng.integers(-3, draw(st.sampled_from((4, 1000))), (rows, columns))
    allowed = rng.random((rows, columns)) < draw(st.floats(0.1, 1.0))
    return cost, allowed, draw(st.sampled_from((2000, 100_000)))


@given(graphs())
def test_cheapest_equals_dense(graph: tuple[Ints, Bools, int]) -> None:
    """The sparse optimum costs what the dense one costs, whatever the shape."""
    cost, allowed, unserved = graph
    pairs = pairs_of(cost, allowed, unserved)
    assert total(pairs, cheapest(pairs)) == dense_total(cost, allowed, unserved)


@given(graphs(), st.integers(-5, 1005))
def test_prices_tell_who_could_gain(graph: tuple[Ints, Bools, int], offer: int) -> None:
    """A new car at some cost to one row improves the optimum exactly if it is below the row's price."""
    cost, allowed, unserved = graph
    pairs = pairs_of(cost, allowed, unserved, unlisted=offer)
    answer = exact(pairs)
    before = total(pairs, answer.chosen)
    for row in range(len(cost)):
        wider = np.hstack((cost, np.full((len(cost), 1), offer)))
        also = np.hstack((allowed, np.zeros((len(cost), 1), dtype=bool)))
        also[row, -1] = True
        gains = dense_total(wider, also, unserved) < before
        assert bool(answer.wanting[row]) == gains


def test_served_first() -> None:
    """Two far pairs are preferred to one near pair when leaving somebody out is dearer than all pick-ups."""
    cost = np.array([[0, 900_000], [900_000, 10**9]])
    allowed = np.array([[True, True], [True, False]])
    chosen = cheapest(pairs_of(cost, allowed, 3_000_000))
    assert (chosen >= 0).all()
    chosen = cheapest(pairs_of(cost, allowed, 950_000))
    assert (chosen >= 0).sum() == 1


def test_no_pairs() -> None:
    """Without an allowed pair nobody is served, and everybody would like more cars."""
    answer = exact(pairs_of(np.zeros((3, 2), dtype=np.int64), np.zeros((3, 2), dtype=bool), 1000, unlisted=0))
    assert (answer.chosen == -1).all()
    assert answer.wanting.all()


def test_order_decides_ties() -> None:
    """One car, two requests at the same cost: the first row; one request, two such cars: the first column."""
    allowed = np.ones((2, 1), dtype=bool)
    assert cheapest(pairs_of(np.zeros((2, 1), dtype=np.int64), allowed, 100)).tolist() == [0, -1]
    assert cheapest(pairs_of(np.zeros((1, 2), dtype=np.int64), allowed.T, 100)).tolist() == [0]
