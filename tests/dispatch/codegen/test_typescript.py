"""The types of the wire for TypeScript are current, and say what the structs say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dispatch.codegen.markdown import write_files
from dispatch.codegen.typescript import FILES, render_messages, render_tables

PROTOCOL = Path(__file__).parents[3] / "web" / "src" / "protocol"


@pytest.mark.parametrize(("name", "render"), FILES.items(), ids=list(FILES))
def test_the_file_is_current(name: str, render: Callable[[], str]) -> None:
    """What stands in ``web/src/protocol`` is what the structs say; ``make docs`` writes it anew."""
    assert (PROTOCOL / name).read_text(encoding="utf-8") == render()


def test_a_field_with_a_default_may_be_left_out() -> None:
    """A required field has no question mark; an optional one is never null where it is left out instead."""
    declared = render_messages()
    assert "\n  stream: string;\n  after?: number;\n" in declared
    assert "speed?: number | null" in declared


def test_a_struct_that_is_an_array_is_a_tuple() -> None:
    """A fix travels as an array, so its type is one."""
    assert "export type Fix = [n: number, at: number, lat: number, lng: number," in render_messages()


def test_tables_are_constants() -> None:
    """Errors by number, and the states of the map in their order."""
    tables = render_tables()
    assert '"4002": {' in tables
    assert '"retryable": false' in tables
    assert 'MAP_STATES = [\n  "offline",\n  "idle",' in tables


def test_writing_says_what_changed(tmp_path: Path) -> None:
    """A first run writes all files, a second finds nothing to do."""
    assert [path.name for path in write_files(tmp_path, FILES)] == list(FILES)
    assert write_files(tmp_path, FILES) == []
