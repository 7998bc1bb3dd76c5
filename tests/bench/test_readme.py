"""``bench/README.md``, the command and the modules name the same benches."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from taxi_cli.bench import bench

ROOT = Path(__file__).parents[2]
NAMES = [each.name or each.callback.__name__ for each in bench.registered_commands if each.callback is not None]
MODULES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "bench").rglob("*.py"))}


@pytest.mark.parametrize("name", NAMES)
def test_figures_are_in_the_readme(name: str) -> None:
    """Under a heading of its own."""
    assert f"## {name}\n" in (ROOT / "bench" / "README.md").read_text(encoding="utf-8")


def test_each_bench_states_its_method() -> None:
    """In the docstring of the module with its ``run``; there is one such module for each command."""
    benches = {
        path: ast.get_docstring(module) or ""
        for path, module in MODULES.items()
        if any(isinstance(node, ast.FunctionDef) and node.name == "run" for node in module.body)
    }
    assert len(benches) == len(NAMES) == 14
    assert [path for path, text in benches.items() if "Method:" not in text] == []
