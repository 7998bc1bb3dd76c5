"""The pace of a simulation: loops that poll a hundred times a second in production poll less often.

Only pauses are longer, so that a seed takes about a second instead of half a minute. No rule changes.
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
    before = [getattr(module, name) for module, name, _ in PACE]
    for module, name, seconds in PACE:
        setattr(module, name, seconds)
    try:
        yield
    finally:
        for (module, name, _), seconds in zip(PACE, before, strict=True):
            setattr(module, name, seconds)
