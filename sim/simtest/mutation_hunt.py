"""Whether the simulation finds planted bugs: runs each mutant on one seed after another until an invariant fails."""

from collections.abc import Callable
from typing import Any, Final

from dispatch.clock import CityClock
from sim.simtest.mutants import ALONE, MUTANTS, Mutant
from sim.simtest.run import run_seed

SEEDS_OF_ONE_LAYER: Final = 3
"""Number of seeds that a single layer must pass."""


def hunt(seeds: int, only: str, tell: Callable[[str], None], first: int = 1) -> dict[str, Any]:
    """Run each mutant on at most ``seeds`` seeds. ``missed`` are mutants without a violation."""
    began = CityClock().wall()
    found = []
    for mutant in MUTANTS:
        if only in mutant.__name__:
            found.append(_hunted(mutant, seeds, first))
            tell(f"{found[-1]['mutant']}: {found[-1]['found_after'] or 'not found'} {found[-1]['oracle']}")
    held = [_held(name, layer, first) for name, layer in ALONE if not only]
    return {
        "mutants": found,
        "found": sum(each["found_after"] is not None for each in found),
        "missed": [each["mutant"] for each in found if each["found_after"] is None],
        "one_layer_alone": held,
        "not_held": [each["layer"] for each in held if each["violations"]],
        "wall_s": round(CityClock().wall() - began, 2),
    }


def _hunted(mutant: Mutant, seeds: int, first: int) -> dict[str, Any]:
    name, bug = mutant.__name__, (mutant.__doc__ or "").strip()
    for number, seed in enumerate(range(first, first + seeds), 1):
        with mutant():
            violations = run_seed(seed).violations
        if violations:
            invariant = ", ".join(dict.fromkeys(invariant for invariant, _ in violations))
            seen = violations[0][1]
            return {"mutant": name, "bug": bug, "found_after": number, "seed": seed, "oracle": invariant, "seen": seen}
    return {"mutant": name, "bug": bug, "found_after": None, "seed": None, "oracle": "", "seen": ""}


def _held(name: str, layer: Mutant, first: int) -> dict[str, Any]:
    seen: list[str] = []
    for seed in range(first, first + SEEDS_OF_ONE_LAYER):
        with layer():
            seen += [f"seed {seed}: {invariant}: {what}" for invariant, what in run_seed(seed).violations]
    return {"layer": name, "seeds": SEEDS_OF_ONE_LAYER, "violations": seen}
