"""``taxi simtest``: what it prints and with what it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.simtest import run
from sim.simtest.run import Outcome, kept_seeds
from taxi_cli.main import app


def world(seed: int, *_: object, trace: bool = False) -> Outcome:
    """A world that took no time; every third one violates something."""
    violations = [("an_oracle", "something wrong")] if seed % 3 == 0 else []
    lines = ["1.0 a line\n"] if trace else []
    return Outcome(seed, 60, 55, 6, 300, {"socket: cut": 2}, violations, 0.5, 1000, "digest", lines)


@pytest.fixture(autouse=True)
def _worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "run_seed", world)


def test_figures_are_one_object() -> None:
    """Seeds, rides, crashes, faults by kind and those that did not come, hours; 0 where nothing is wrong."""
    result = CliRunner().invoke(app, ["simtest", "--first", "1", "--seeds", "2", "--json"])
    report = json.loads(result.stdout)

    assert result.exit_code == 0
    assert (report["seeds"], report["rides"], report["crashes"], report["simulated_hours"]) == (2, 120, 12, 1.0)
    assert report["faults"]["socket: cut"] == 4
    assert "crash: at rest" in report["faults_missing"]
    assert report["violations"] == []


def test_a_violation_comes_with_its_replay(tmp_path: Path) -> None:
    """Each names its seed and the command that shows it again, is kept if wanted, and the end is 1."""
    kept = tmp_path / "kept.txt"
    kept.write_text("3  # known\n")
    result = CliRunner().invoke(app, ["simtest", "--seeds", "6", "--keep", str(kept), "--json"])
    violations = json.loads(result.stdout)["violations"]

    assert result.exit_code == 1
    assert [each["replay"] for each in violations] == ["taxi simtest --seed 3 --trace", "taxi simtest --seed 6 --trace"]
    assert kept_seeds(kept) == [3, 6]
    assert "# known" in kept.read_text()


def test_trace_of_one_seed() -> None:
    """The trace is printed as it is, and then what was violated."""
    result = CliRunner().invoke(app, ["simtest", "--seed", "3", "--trace"])

    assert (result.exit_code, result.stdout) == (1, "1.0 a line\nviolated: an_oracle: something wrong\n")
    assert CliRunner().invoke(app, ["simtest", "--trace"]).exit_code == 1
