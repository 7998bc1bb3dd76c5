"""The documents that are made from the code are current, and the diagrams leave nothing out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dispatch.codegen.markdown import DOCUMENTS, MACHINES, write_files
from dispatch.domain.state_machine import NEW, StateMachine, mermaid

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize(("name", "render"), DOCUMENTS.items(), ids=list(DOCUMENTS))
def test_the_document_is_current(name: str, render: Callable[[], str]) -> None:
    """What stands in ``docs/`` is what the code says; ``make docs`` writes it anew."""
    assert (DOCS / name).read_text(encoding="utf-8") == render()


@pytest.mark.parametrize("machine", MACHINES.values(), ids=lambda machine: machine.name)
def test_every_move_is_drawn(machine: StateMachine) -> None:
    """Each event of each state stands on an arrow of the diagram."""
    drawn = mermaid(machine).splitlines()
    for state, moves in machine.table.items():
        start = "[*]" if state == NEW else state
        for event, after in moves.items():
            arrow = next(line for line in drawn if line.strip().startswith(f"{start} --> {after}: "))
            assert str(event.__struct_config__.tag) in arrow.partition(": ")[2].split(", ")


@pytest.mark.parametrize(("source", "machine"), MACHINES.items(), ids=lambda each: str(getattr(each, "name", each)))
def test_the_source_is_named_rightly(source: str, machine: StateMachine) -> None:
    """The file that a diagram names holds that machine."""
    assert f'Machine("{machine.name}"' in (DOCS.parent / source).read_text(encoding="utf-8")


def test_writing_says_what_changed(tmp_path: Path) -> None:
    """A first run writes all documents, a second finds nothing to do."""
    assert {path.name for path in write_files(tmp_path, DOCUMENTS)} == set(DOCUMENTS)
    assert write_files(tmp_path, DOCUMENTS) == []
