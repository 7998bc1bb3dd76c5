"""What a server's start has made."""

from __future__ import annotations

import gc

from dispatch.processes.gc_freeze import keep_start


def test_what_is_there_is_looked_through_no_more() -> None:
    """Only what is made afterwards is the collector's."""
    try:
        keep_start()
        assert gc.get_freeze_count() > 10_000
        assert len(gc.get_objects()) < 10_000
    finally:
        gc.unfreeze()
