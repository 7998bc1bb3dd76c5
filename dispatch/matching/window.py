"""The search of one window: nearby vehicles, judged pair by pair, with lists widened until the assignment is proven."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dispatch.matching.candidates import Candidates, Nearby
from dispatch.matching.cost import MS, NEVER, cost_ms, credit_s, served_first_ms, unlisted_cost_ms
from dispatch.matching.eligibility import Cause, capable, causes, seated, within_reach
from dispatch.matching.exact_assignment import Assigner, Assignment
from dispatch.matching.free_vehicles import FreeVehicles
from dispatch.matching.open_requests import WaitingRequests
from dispatch.matching.types import Bools, Codes, Floats, Ints, MatcherSettings, Pairs
from dispatch.values.units import CityTime

MAX_ROUNDS = 24
"""Lists grow fourfold per round, so no fleet is large enough to reach this limit."""


@dataclass(frozen=True, slots=True)
class JudgedPairs:
    """Examined pairs, sorted by row, then by distance: metres, seconds and the cause against each.

    ``pickup_s`` is NaN where another cause already excludes the pair.
    """

    row: Ints
    car: Ints
    meters: Floats
    pickup_s: Floats
    cause: Codes

    def where(self, keep: Bools) -> JudgedPairs:
        return JudgedPairs(self.row[keep], self.car[keep], self.meters[keep], self.pickup_s[keep], self.cause[keep])

    def then(self, other: JudgedPairs) -> JudgedPairs:
        """Both sets of pairs, merged by row; each row is in one of them only."""
        row = np.concatenate((self.row, other.row))
        order = np.argsort(row, kind="stable")
        return JudgedPairs(
            row[order],
            np.concatenate((self.car, other.car))[order],
            np.concatenate((self.meters, other.meters))[order],
            np.concatenate((self.pickup_s, other.pickup_s))[order],
            np.concatenate((self.cause, other.cause))[order],
        )


def no_pairs() -> JudgedPairs:
    none = np.zeros(0, dtype=np.int64)
    return JudgedPairs(none, none, np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int8))


@dataclass(frozen=True, slots=True)
class WindowResult:
    """The result of a window's search. ``chosen`` holds an index into ``judged`` for each row, or -1."""

    judged: JudgedPairs
    chosen: Ints
    cost: Ints
    allowed: int
    rounds: int
    widest: int
    proven: bool


class WindowSearch:
    """Finds the best assignment of one window. Starts with short lists and widens them as far as the proof requires."""

    def __init__(
        self,
        *,
        waiting: WaitingRequests,
        fleet: FreeVehicles,
        candidates: Candidates,
        excluded: Ints,
        settings: MatcherSettings,
        now: CityTime,
    ) -> None:
        self._waiting = waiting
        self._fleet = fleet
        self._candidates = candidates
        self._excluded = excluded
        self._settings = settings
        self._now = now
        self._fresh = fleet.fresh(now - settings.stale_after_s)
        self._credit = credit_s(now - waiting.requested_at, ageing=settings.ageing, ceiling_s=settings.ageing_ceiling_s)
        self._unserved = self._unserved_ms()
        self._unlisted = np.full(len(waiting), NEVER, dtype=np.int64)

    def run(self, assign: Assigner) -> WindowResult:
        """Assign, widen the lists of the wanting rows, and assign again until no row is wanting."""
        k, rounds = self._settings.candidates, 1
        judged = self._look(np.arange(len(self._waiting)), k)
        index, pairs = self._pairs(judged)
        answer = assign(pairs)
        while answer.wanting.any() and rounds < MAX_ROUNDS:
            k, rounds = k * self._settings.widen_by, rounds + 1
            judged = judged.where(~answer.wanting[judged.row])
            judged = judged.then(self._look(np.flatnonzero(answer.wanting), k))
            index, pairs = self._pairs(judged)
            answer = assign(pairs)
        chosen, cost = self._settle(judged, index, pairs, answer)
        return WindowResult(
            judged=judged,
            chosen=chosen,
            cost=cost,
            allowed=index.size,
            rounds=rounds,
            widest=min(k, self._fleet.free_count),
            proven=not bool(answer.wanting.any()),
        )

    def _look(self, rows: Ints, k: int) -> JudgedPairs:
        near = self._candidates.nearest(self._waiting.places.take(rows), k)
        self._unlisted[rows] = unlisted_cost_ms(near.reach_s, self._waiting.max_pickup_s[rows], self._credit[rows])
        return self._judge(rows[near.row], near)

    def look_for_reasons(self, rows: Ints, k: int) -> JudgedPairs:
        """The ``k`` nearest vehicles of these rows, judged, without changing the search."""
        near = self._candidates.nearest(self._waiting.places.take(rows), k)
        return self._judge(rows[near.row], near)

    def _judge(self, row: Ints, near: Nearby) -> JudgedPairs:
        car, waiting, fleet = near.car, self._waiting, self._fleet
        cause = causes(
            right_class=fleet.vehicle_class[car] == waiting.vehicle_class[row],
            capable=capable(fleet.capabilities[car], waiting.needs[row]),
            seated=seated(fleet.seats[car], waiting.seats[row]),
            fresh=self._fresh[car],
            held=fleet.held[car],
            excluded=self._is_excluded(row, car),
        )
        pickup_s = np.full(car.size, np.nan)
        asked = np.flatnonzero(cause == Cause.LOST)
        if asked.size:
            pickup_s[asked] = self._candidates.pickup_s(waiting.places, row[asked], car[asked], self._now)
            far = ~within_reach(pickup_s[asked], waiting.max_pickup_s[row[asked]])
            cause[asked[far]] = Cause.TOO_FAR
        return JudgedPairs(row, car, near.meters, pickup_s, cause)

    def _is_excluded(self, row: Ints, car: Ints) -> Bools:
        if not self._excluded.size:
            return np.zeros(row.size, dtype=np.bool_)
        return np.isin(row * len(self._fleet) + car, self._excluded)

    def _pairs(self, judged: JudgedPairs) -> tuple[Ints, Pairs]:
        """The allowed pairs as a graph, and the index of each in ``judged``."""
        allowed = np.flatnonzero(judged.cause == Cause.LOST)
        row = judged.row[allowed]
        column = self._fleet.rank()[judged.car[allowed]]
        order = np.argsort(row * len(self._fleet) + column)
        index, row, column = allowed[order], row[order], column[order]
        cost = cost_ms(judged.pickup_s[index], self._credit[row])
        return index, Pairs(
            row=row,
            column=column,
            cost=cost,
            rows=len(self._waiting),
            columns=len(self._fleet),
            unserved=self._unserved,
            unlisted=self._unlisted,
        )

    def _unserved_ms(self) -> int:
        if self._settings.unserved_s is not None:
            return round(self._settings.unserved_s * MS)
        return served_first_ms(len(self._waiting), self._waiting.max_pickup_s, self._credit)

    def _settle(self, judged: JudgedPairs, index: Ints, pairs: Pairs, answer: Assignment) -> tuple[Ints, Ints]:
        """For each row the index of the chosen pair in ``judged`` (-1: none) and its cost (0: none)."""
        served = np.flatnonzero(answer.chosen >= 0)
        chosen = np.full(len(self._waiting), -1, dtype=np.int64)
        cost = np.zeros(len(self._waiting), dtype=np.int64)
        chosen[served] = index[answer.chosen[served]]
        cost[served] = pairs.cost[answer.chosen[served]]
        judged.cause[chosen[served]] = Cause.MATCHED
        return chosen, cost
