"""Lets apps connect one after the other, so that a thousand of them do not come in one instant."""

from __future__ import annotations

import asyncio

from dispatch.clock import Clock


class ConnectLimiter:
    """Opens ``per_second`` times a wall second, in the order in which apps came to it."""

    def __init__(self, clock: Clock, per_second: float) -> None:
        self._clock = clock
        self._gap_s = 1.0 / per_second
        self._next = 0.0

    async def pass_through(self) -> None:
        """Wait for one's turn."""
        now = self._clock.wall()
        self._next = max(self._next, now) + self._gap_s
        await asyncio.sleep(self._next - self._gap_s - now)
