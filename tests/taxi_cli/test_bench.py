"""``taxi bench``."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from types import ModuleType
from typing import Any

import msgspec
import pytest

from taxi_cli.bench import BENCHES, MODULES, parsed
from tests.taxi_cli.conftest import Taxi


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A bench that only notes its options."""
    given: dict[str, Any] = {}

    def run(**options: object) -> dict[str, object]:
        if "bad" in options:
            raise ValueError("bad is no option")
        given.update(options)
        return {"ratio": 2.5}

    module = ModuleType("bench.toy")
    module.run = run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "bench.toy", module)
    monkeypatch.setitem(BENCHES, "toy", "notes its options")
    monkeypatch.setitem(MODULES, "toy", "toy")
    # This process has children of its own, which are none of the command's.
    monkeypatch.setattr("taxi_cli.bench.nothing_left_behind", nullcontext)
    return given


def test_options_go_to_the_bench_and_figures_come_back(taxi: Taxi, toy: dict[str, Any]) -> None:
    """Numbers are parsed; with --json one flat object is printed, with what machine it was."""
    done = taxi("bench", "toy", "--cars", "20", "--rate=0.5", "--json", "--trips", "a.parquet", "--dry-run")
    assert done.exit_code == 0, done.output
    figures = msgspec.json.decode(done.stdout)
    assert figures["ratio"] == 2.5
    assert {"cpu", "cpus", "python", "load_before"} <= figures.keys()
    assert toy == {"cars": 20, "rate": 0.5, "trips": "a.parquet", "dry_run": True}


def test_without_json_a_table(taxi: Taxi, toy: dict[str, Any]) -> None:
    """Figures with their names, and the benches where none is named."""
    assert "ratio" in taxi("bench", "toy").stdout
    assert "notes its options" in taxi("bench").stdout


def test_what_is_wrong_is_said_in_one_line(taxi: Taxi, toy: dict[str, Any]) -> None:
    """An unknown bench, and what a bench refuses."""
    for words in (("bench", "none"), ("bench", "toy", "--bad", "1"), ("bench", "toy", "cars")):
        done = taxi(*words)
        assert (done.exit_code, done.stderr.count("\n")) == (1, 1)


def test_a_value_may_be_negative() -> None:
    """Only two dashes begin an option."""
    assert parsed(["--lat", "-1.5", "--on"]) == {"lat": -1.5, "on": True}
