"""``bench/README.md`` and the command know the same benches."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from bench.harness.machine_info import machine
from taxi_cli.bench import BENCHES, MODULES

README = Path(__file__).parents[2] / "bench" / "README.md"


@pytest.mark.parametrize("name", BENCHES)
def test_every_bench_is_there(name: str) -> None:
    """Each can be run, says how it measures, and has its figures in the README."""
    module = importlib.import_module(f"bench.{MODULES[name]}")
    assert callable(module.run)
    assert "Method:" in (module.__doc__ or "")
    assert f"## {name}\n" in README.read_text(encoding="utf-8")


def test_the_machine_is_named() -> None:
    """Figures come with what they were taken on."""
    assert {"cpu", "cpus", "python", "load_before"} <= machine().keys()
