"""Whole simulated days: what befalls them, that they are the same again, and that nothing is violated in them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim.simtest.context import SimulationPlan
from sim.simtest.fault_model import KINDS
from sim.simtest.invariants import INVARIANTS
from sim.simtest.run import Outcome, kept_seeds, replay_command, run_seed
from sim.simtest.simulation import LEAST_CRASHES
from tests.sim.simtest.worlds_samples import LITTLE

KEPT = Path(__file__).with_name("kept_seeds.txt")
CI_SEEDS = range(1001, 1301)
BLOCK = 15
"""So many worlds have every kind of fault among them."""


def seen_amiss(outcome: Outcome) -> list[str]:
    """What is violated, each with its oracle, and whether the world was too small."""
    amiss = [f"{oracle}: {seen}" for oracle, seen in outcome.violations]
    if outcome.finished < SimulationPlan().rides or outcome.crashes < LEAST_CRASHES:
        amiss.append(f"only {outcome.finished} rides and {outcome.crashes} crashes")
    return amiss


@pytest.mark.parametrize("seed", kept_seeds(KEPT))
def test_kept_seed(seed: int) -> None:
    """A seed that has shown a fault once shows none."""
    assert seen_amiss(run_seed(seed)) == []


def test_a_world_is_large_enough() -> None:
    """A seed has at least fifty rides and five crashes, and comes to rest."""
    outcome = run_seed(1)

    assert outcome.violations == []
    assert outcome.finished >= SimulationPlan().rides == 50
    assert outcome.crashes >= LEAST_CRASHES == 5


def test_same_seed_same_trace() -> None:
    """Every byte of the trace is the same again, and another seed's is another."""
    once, again, other = run_seed(7, LITTLE, trace=True), run_seed(7, LITTLE, trace=True), run_seed(8, LITTLE)

    assert "".join(once.trace).encode() == "".join(again.trace).encode()
    assert once.digest == again.digest != other.digest
    assert len(once.trace) > 500


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_no_order_of_hashes_reaches_a_world(hash_seed: str) -> None:
    """A process whose sets are ordered in another way gives the same trace."""
    code = (
        "from sim.simtest.run import run_seed\n"
        "from tests.sim.simtest.worlds_samples import LITTLE\n"
        "print(run_seed(7, LITTLE).digest)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.split()[-1] == run_seed(7, LITTLE).digest


def test_oracles_say_what_they_hold() -> None:
    """Each oracle has a name of its own and says in words what has to hold."""
    names = [oracle.__name__ for oracle in INVARIANTS]

    assert len(set(names)) == len(names)
    assert all(oracle.__doc__ for oracle in INVARIANTS)
    assert len(set(KINDS)) == len(KINDS)


@pytest.mark.simtest
@pytest.mark.timeout(900)
@pytest.mark.parametrize("first", CI_SEEDS[::BLOCK])
def test_nothing_is_violated(first: int) -> None:
    """Three hundred worlds in each run of CI: each is large enough, nothing that is promised is broken in any, and
    each block of them knows every kind of fault."""
    outcomes = [run_seed(seed) for seed in range(first, first + BLOCK)]
    amiss = [f"{what} ({replay_command(each.seed)})" for each in outcomes for what in seen_amiss(each)]

    assert not amiss, "\n".join(amiss)
    assert set(KINDS) <= {kind for each in outcomes for kind in each.faults}
