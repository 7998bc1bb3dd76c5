"""What a server's start has made."""

from __future__ import annotations

import gc

from dispatch.processes.gc_freeze import freeze_startup_objects


def test_what_is_there_is_looked_through_no_more() -> None:
    """Only what is made afterwards is the collector's."""
    try:
        freeze_startup_objects()
        assert gc.get_freeze_count() > 10_000
        assert len(gc.get_objects()) < 10_000
    finally:
        gc.unfreeze()
