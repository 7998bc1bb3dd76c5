"""The published table."""

from __future__ import annotations

from bench.studies.hku import CELLS, read_cells


def test_the_shipped_table_is_read() -> None:
    """Thirty cells with shares and waits."""
    cells = read_cells(CELLS)
    assert len(cells) == 30
    assert all(0.0 < cell.served <= 1.0 and cell.total_wait_s > 0.0 for cell in cells)
    assert len({cell.name for cell in cells}) == 30
