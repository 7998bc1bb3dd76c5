"""Planted bugs are found, leave nothing behind, and where two layers guard one fault each holds alone."""

from __future__ import annotations

import pytest

from sim.simtest.mutants import ALONE, MUTANTS, Mutant
from sim.simtest.run import run_seed
from tests.sim.simtest.worlds_samples import LITTLE

WITHIN = 12


def test_every_mutant_says_what_it_is() -> None:
    """At least twelve, each with a name and a line about the bug."""
    assert len({mutant.__name__ for mutant in MUTANTS}) == len(MUTANTS) >= 12
    assert all(mutant.__doc__ for mutant in MUTANTS)


def test_a_mutant_leaves_nothing_behind() -> None:
    """After all of them were planted and taken away, a world is as it was before."""
    before = run_seed(3, LITTLE).digest
    for mutant in (*MUTANTS, *(layer for _, layer in ALONE)):
        with mutant():
            pass

    assert run_seed(3, LITTLE).digest == before


@pytest.mark.mutants
@pytest.mark.timeout(900)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: str(mutant.__name__))
def test_every_mutant_is_found(mutant: Mutant) -> None:
    """Each planted bug breaks something that an oracle sees."""
    with mutant():
        assert any(run_seed(seed).violations for seed in range(1, WITHIN + 1))


@pytest.mark.mutants
@pytest.mark.timeout(900)
@pytest.mark.parametrize("layer", [layer for _, layer in ALONE], ids=[name for name, _ in ALONE])
def test_one_layer_holds_alone(layer: Mutant) -> None:
    """With one of two layers gone, the other keeps the promise."""
    with layer():
        assert run_seed(1).violations == []
