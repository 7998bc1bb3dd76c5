"""The pace of the machinery in a simulated world: what polls a hundred times a second in production does so less often.

Only pauses are longer, so that a seed takes half a second and not half a minute; no rule is changed by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Final

from dispatch.actors.runtime import (
    console_publisher,
    entity_host,
    host_client,
    host_runtime,
    long_poll,
    map_publisher,
    match_feed,
)
from ws_gateway.hub import hub as gateway

PACE: Final[tuple[tuple[ModuleType, str, float], ...]] = (
    (host_runtime, "TICK_S", 0.5),
    (host_runtime, "RELAXED_COMMIT_S", 2.0),
    (long_poll, "RELAXED_PUSH_S", 2.0),
    (long_poll, "GATHER_S", 0.08),
    (match_feed, "POSITIONS_EVERY_S", 3.0),
    (entity_host, "HOUSEKEEPING_S", 10.0),
    (host_client, "FIX_BATCH_S", 0.5),
    (host_client, "POLL_S", 10.0),
    (console_publisher, "FRAME_S", 10.0),
    (map_publisher, "FRAME_S", 20.0),
    (gateway, "LAG_CHECK_S", 4.0),
)


@contextmanager
def relaxed_pace() -> Iterator[None]:
    """Within this, the machinery takes its time."""
    before = [getattr(module, name) for module, name, _ in PACE]
    for module, name, seconds in PACE:
        setattr(module, name, seconds)
    try:
        yield
    finally:
        for (module, name, _), seconds in zip(PACE, before, strict=True):
            setattr(module, name, seconds)
