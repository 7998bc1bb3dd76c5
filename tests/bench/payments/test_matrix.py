"""A part of the payment cases; ``taxi bench payments`` plays all."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.payments.matrix import play, quietly, sample

pytestmark = pytest.mark.integration

SHARE = 0.012
SEED = 11


@pytest.mark.timeout(300)
async def test_a_part_of_the_matrix(tmp_path: Path) -> None:
    """Whatever goes wrong and whenever the host crashes: paid once or not at all, books right, nothing left open."""
    with quietly():
        results = [result async for result in play(sample(SHARE, SEED), tmp_path)]

    assert [f"{result.case}: {result.why}" for result in results if not result.good] == []
    assert [each.case for each in results if each.off_the_bill] == []
    assert sum(result.struck for result in results) > len(results) / 2
    assert sum(result.died for result in results) > len(results) / 3
    assert sum(result.paid for result in results) > len(results) / 3
