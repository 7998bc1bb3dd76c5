"""``taxi bench``."""

from __future__ import annotations

from contextlib import nullcontext

import msgspec
import pytest

from bench.recovery import cold_start
from bench.recovery.cold_start import ColdStartPlan
from taxi_cli.bench import BENCHES
from tests.taxi_cli.conftest import Taxi


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[ColdStartPlan]:
    """The plans of ``taxi bench cold``, which measures nothing here."""
    plans: list[ColdStartPlan] = []

    def run(plan: ColdStartPlan) -> dict[str, object]:
        if plan.trips > plan.cars:
            raise ValueError("each trip needs a car")
        plans.append(plan)
        return {"ratio": 2.5}

    monkeypatch.setattr(cold_start, "run", run)
    # This process has children of its own that the command must not end.
    monkeypatch.setattr("taxi_cli.bench.nothing_left_behind", nullcontext)
    return plans


def test_options_go_to_the_bench_and_figures_come_back(taxi: Taxi, plans: list[ColdStartPlan]) -> None:
    """With --json one flat object is printed, with the machine it ran on."""
    done = taxi("bench", "cold", "--cars", "20", "--trips=7", "--json")
    assert done.exit_code == 0, done.output
    figures = msgspec.json.decode(done.stdout)
    assert figures["ratio"] == 2.5
    assert {"cpu", "cpus", "python", "load_before"} <= figures.keys()
    assert plans == [ColdStartPlan(cars=20, trips=7, history=20, url="", json=True)]


def test_without_json_a_table(taxi: Taxi, plans: list[ColdStartPlan]) -> None:
    """Figures with their names."""
    done = taxi("bench", "cold")
    assert (done.exit_code, "ratio" in done.stdout, len(plans)) == (0, True, 1)


def test_benches_are_listed(taxi: Taxi) -> None:
    """Without a name."""
    output = taxi("bench").output
    assert all(name in output for name in BENCHES)


@pytest.mark.parametrize("name", BENCHES)
def test_each_bench_has_typed_options(taxi: Taxi, name: str) -> None:
    """Its help shows them with their types."""
    done = taxi("bench", name, "--help")
    assert done.exit_code == 0, done.output
    assert "--json" in done.output
    assert "<int" in done.output or "<float" in done.output


def test_options_may_have_underscores(taxi: Taxi) -> None:
    """``--per_socket`` is ``--per-socket``, and its value is checked."""
    done = taxi("bench", "ingest", "--per_socket", "many")
    assert (done.exit_code, "--per-socket" in done.stderr) == (2, True)


def test_an_impossible_plan_is_refused_in_one_line(taxi: Taxi, plans: list[ColdStartPlan]) -> None:
    """Before anything is measured."""
    done = taxi("bench", "cold", "--cars", "3", "--trips", "4")
    assert (done.exit_code, done.stderr) == (1, "taxi: bench: each trip needs a car\n")
    assert plans == []


@pytest.mark.parametrize("words", [["none"], ["cold", "--carz", "1"], ["cold", "20"]])
def test_unknown_words_are_refused(taxi: Taxi, words: list[str]) -> None:
    """An unknown bench, option or argument."""
    assert taxi("bench", *words).exit_code == 2
