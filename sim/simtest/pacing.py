"""The pace of the machinery in a simulated world: what polls a hundred times a second in production does so less often.

Only pauses are longer, so that a seed takes half a second and not half a minute; no rule is changed by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Final

from dispatch.actors.ray import host_actor as ray_host
from dispatch.actors.runtime import host_client as client
from dispatch.actors.runtime import host_runtime as host_shell
from dispatch.actors.runtime import match_feed as market_feed
from ws_gateway.hub import hub as gateway

PACE: Final[tuple[tuple[ModuleType, str, float], ...]] = (
    (host_shell, "TICK_S", 0.5),
    (host_shell, "RELAXED_COMMIT_S", 2.0),
    (host_shell, "GATHER_S", 0.08),
    (ray_host, "FEED_POSITIONS_S", 3.0),
    (ray_host, "HOUSEKEEPING_S", 10.0),
    (client, "FIX_BATCH_S", 0.5),
    (client, "POLL_S", 10.0),
    (market_feed, "FEED_S", 0.5),
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
