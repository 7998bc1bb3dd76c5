"""The all-pairs table on disk."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import numpy as np
import pytest

from dispatch.geo import travel_time_matrix as time_table
from dispatch.geo.travel_time_matrix import load_or_build
from tests.dispatch.geo.grids import grid


def sum_of_table(cache: str) -> int:
    """What another process reads."""
    return int(load_or_build(grid(np.random.default_rng(4), keep=0.7), Path(cache)).sum(dtype=np.int64))


def test_rounded_seconds_and_no_way(tmp_path: Path) -> None:
    """A cell is the quickest way's whole seconds; 65,535 says that there is none."""
    network = grid(np.random.default_rng(4), keep=0.7)
    table = load_or_build(network, tmp_path / "new" / "cache")
    exact = network.seconds_from(np.arange(network.size))
    assert np.isinf(exact).any()
    assert (table == np.where(np.isinf(exact), 65_535, np.rint(exact))).all()
    assert table.dtype == np.uint16
    with pytest.raises(ValueError, match="read-only"):
        table[0, 0] = 1


def test_a_second_start_reads_what_the_first_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table is built once for a network; another network gets its own; no unfinished file stays."""
    network = grid(np.random.default_rng(1))
    first = load_or_build(network, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(time_table, "_build", lambda *_: pytest.fail("built twice"))
        assert (load_or_build(grid(np.random.default_rng(1)), tmp_path) == first).all()
    load_or_build(grid(np.random.default_rng(2)), tmp_path)
    assert len(list(tmp_path.glob("*.npy"))) == 2
    assert not list(tmp_path.glob("*.part"))


def test_an_unfinished_file_of_a_dead_process_does_no_harm(tmp_path: Path) -> None:
    """What a process left half-written is written anew."""
    network = grid(np.random.default_rng(1))
    (tmp_path / f"travel-seconds-{network.digest}.part").write_bytes(b"half")
    assert load_or_build(network, tmp_path).shape == (36, 36)


def test_too_many_nodes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network larger than the limit has no table."""
    monkeypatch.setattr(time_table, "MAX_NODES", 10)
    with pytest.raises(ValueError, match="10 at most"):
        load_or_build(grid(np.random.default_rng(1)), tmp_path)


@pytest.mark.integration
def test_processes_that_start_at_once_share_one_table(tmp_path: Path) -> None:
    """Several processes get the same whole table, and one file is left."""
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        sums = pool.map(sum_of_table, [str(tmp_path)] * 3)
    assert len(set(sums)) == 1
    assert len(list(tmp_path.glob("*.npy"))) == 1
