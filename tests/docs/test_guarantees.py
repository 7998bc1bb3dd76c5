"""What the documents promise is backed: tests that they name exist, and links and commands lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.guarantees_samples import ROOT, defined_names

PAGES = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("[a-z]*/README.md")})
GUARANTEES = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
NAMED = re.findall(r"^- `(tests/\S+?)::(\w+)`$", GUARANTEES, re.MULTILINE)


def _anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_named_test_exists() -> None:
    """A guarantee names the tests that show it; none of them is gone."""
    gone = [f"{file}::{name}" for file, name in NAMED if name not in defined_names(ROOT / file)]

    assert gone == []


def test_every_guarantee_names_a_test() -> None:
    """No promise stands without proof."""
    promised = GUARANTEES.partition("## Guaranteed")[2].partition("## Not guaranteed")[0]
    unproved = [part.splitlines()[0] for part in promised.split("\n### ")[1:] if "- `tests/" not in part]

    assert unproved == []
    assert GUARANTEES.count("- `tests/") == len(NAMED)


def test_every_named_invariant_exists() -> None:
    """The invariants that find the planted bugs are those of the simulation."""
    planted = GUARANTEES.partition("## Planted bugs")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+){2,})`", planted))

    assert len(named) > 5
    assert named - defined_names(ROOT / "sim" / "simtest" / "invariants.py") == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """Each link to a file of ours finds it, and the section it names."""
    for target in re.findall(r"\]\((?!https?://|mailto:)([^)\s]+)\)", page.read_text(encoding="utf-8")):
        name, _, anchor = target.partition("#")
        linked = (page.parent / name) if name else page
        assert linked.exists(), target
        assert not anchor or anchor in _anchors(linked), target
