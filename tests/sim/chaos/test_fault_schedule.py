"""The order of the faults follows from the seed, and no kind is forgotten."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.chaos.fault_schedule import DISK, MEMORY, POSTGRES, SOCKETS, chosen, kinds, plan

ALL = kinds(postgres=True, disk=True)


@given(st.integers(0, 1000), st.integers(1, 80))
def test_as_many_kills_as_were_asked_for(seed: int, kills: int) -> None:
    """Not one more, and the same seed gives the same order."""
    faults = list(plan(seed, kills, ALL))

    assert sum(fault.action == "kill" for fault in faults) == kills
    assert faults == list(plan(seed, kills, ALL))


def test_every_kind_comes_before_any_comes_again_and_again() -> None:
    """Two kills of each process a deck, and each of the others once."""
    once = sum(fault.action == "kill" for fault in ALL) * 2
    counts = Counter(plan(5, once * 3, ALL))

    assert {fault: counts[fault] for fault in ALL if fault.action == "kill"} == {
        fault: 6 for fault in ALL if fault.action == "kill"
    }
    assert all(2 <= counts[fault] <= 3 for fault in ALL if fault.action != "kill")


def test_other_seeds_have_other_orders() -> None:
    """Else one order would be tried for ever."""
    assert len({tuple(plan(seed, 30, ALL)) for seed in range(20)}) == 20


@pytest.mark.parametrize(("postgres", "disk"), [(False, False), (False, True), (True, False)])
def test_only_what_can_be_done_here(postgres: bool, disk: bool) -> None:
    """PostgreSQL is injected where it is the journal; a disk is filled where one can be made."""
    found = kinds(postgres=postgres, disk=disk)

    assert any(fault.target == POSTGRES for fault in found) is postgres
    assert (DISK in found) is disk
    assert {SOCKETS, MEMORY} <= set(found)


def test_some_kinds_only() -> None:
    """By words of their names; a plan without kills has as many faults as were asked for."""
    assert {fault.kind for fault in chosen(ALL, "kill gcs, cut")} == {"kill gcs", "cut sockets"}
    assert chosen(ALL, "") == ALL
    assert chosen(ALL, "nothing of the kind") == ()
    assert list(plan(1, 3, (SOCKETS,))) == [SOCKETS] * 3
    assert list(plan(1, 3, ())) == []
