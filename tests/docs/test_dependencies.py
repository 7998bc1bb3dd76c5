"""The dependencies: each is explained, locked by hash from no named registry, and under a licence that we may ship."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
LOCKED = re.findall(r"^([a-z0-9._-]+)==", LOCK, re.MULTILINE)


def _direct() -> list[str]:
    """The names of all that ``pyproject.toml`` asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(each for extra in project["optional-dependencies"].values() for each in extra)]
    return [re.split(r"[^A-Za-z0-9._-]", each, maxsplit=1)[0].lower() for each in asked]


def _licence(name: str) -> str:
    found = importlib.metadata.metadata(name)
    said = [*(found.get_all("License-Expression") or []), *(found.get_all("Classifier") or [])]
    lines = [text.splitlines()[0] for text in found.get_all("License") or [] if text]
    return " ".join([*(each for each in said if "::" not in each or each.startswith("License")), *lines])


def test_every_dependency_is_explained() -> None:
    """The decision record has a line for each direct dependency, and none for what is gone."""
    record = (ROOT / "docs" / "decisions" / "0001-dependencies.md").read_text(encoding="utf-8")
    explained = re.findall(r"^\| ([a-z0-9.-]+) \|", record.replace("| library |", ""), re.MULTILINE)

    assert sorted(explained) == sorted(_direct())


def test_every_dependency_is_locked_by_hash() -> None:
    """Nothing is installed that was not looked at, and no registry is written down."""
    assert set(_direct()) - set(LOCKED) == set()
    assert re.findall(r"https?://", LOCK) == []
    assert LOCK.count("==") <= LOCK.count("--hash=sha256:")


def test_licences_let_us_ship() -> None:
    """Whatever is installed says its licence, and none is under GPL or AGPL."""
    installed = {each.name.lower().replace("_", "-") for each in importlib.metadata.distributions()}
    licences = {name: _licence(name) for name in sorted(set(LOCKED) & installed)}

    assert len(licences) > len(_direct())
    assert [name for name, licence in licences.items() if not licence] == []
    assert [name for name, licence in licences.items() if re.search(r"\bA?GPL|GNU (Affero )?General", licence)] == []
