"""``bench/README.md``, the command and the modules name the same benches."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from taxi_cli.bench import BENCHES

ROOT = Path(__file__).parents[2]
MODULES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "bench").rglob("*.py"))}


@pytest.mark.parametrize("name", BENCHES)
def test_figures_are_in_the_readme(name: str) -> None:
    """Under a heading of its own."""
    assert f"## {name}\n" in (ROOT / "bench" / "README.md").read_text(encoding="utf-8")


def test_each_bench_states_its_method() -> None:
    """In the docstring of its module; every module with a ``run`` is the module of a bench."""
    benches = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): ast.get_docstring(module) or ""
        for path, module in MODULES.items()
        if any(isinstance(node, ast.FunctionDef) and node.name == "run" for node in module.body)
    }
    assert sorted(benches) == sorted(module for module, _ in BENCHES.values())
    assert [name for name, text in benches.items() if "Method:" not in text] == []
