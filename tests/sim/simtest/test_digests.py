"""The traces of twenty worlds, byte for byte: a change of structure or names moves none of them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sim.simtest.run import run_seed

DIGESTS = Path(__file__).with_name("digests.txt")


def recorded() -> list[tuple[int, str]]:
    """Seeds, each with the digest of its trace."""
    rows = (line.split() for line in DIGESTS.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return [(int(seed), digest) for seed, digest in rows]


@pytest.mark.simtest
@pytest.mark.parametrize(("seed", "digest"), recorded())
def test_the_trace_of_a_seed_is_as_recorded(seed: int, digest: str) -> None:
    """A world runs exactly as it did when its digest was recorded."""
    assert run_seed(seed).digest == digest


if __name__ == "__main__":
    for seed in range(1, 21):
        sys.stdout.write(f"{seed} {run_seed(seed).digest}\n")
        sys.stdout.flush()
