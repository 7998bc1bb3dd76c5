"""Long polls of gateways for pushes.

| the gateway's queue has    | the poll returns                                             |
|----------------------------|--------------------------------------------------------------|
| another incarnation        | at once                                                      |
| numbered pushes            | at once; GATHER_S after the first that arrives while waiting |
| only latest-value pushes   | RELAXED_PUSH_S after the poll began                          |
| nothing                    | after ``wait_s``, without pushes                             |
"""

import asyncio
from typing import Final

from dispatch.actors.core.protocol import PushBatch
from dispatch.actors.core.push_queues import PushQueues
from dispatch.clock import Clock

GATHER_S: Final = 0.01
"""Pushes are gathered for this long before a waiting poll returns: a reply costs more than its content."""
RELAXED_PUSH_S: Final = 0.25
"""Maximum batching delay for latest-value pushes (fix acknowledgements, vehicle positions)."""


class LongPolls:
    """The polls of one host's gateways."""

    def __init__(self, queues: PushQueues, clock: Clock) -> None:
        self._queues = queues
        self._clock = clock
        self._new = asyncio.Event()

    async def poll(self, gateway: str, incarnation: str, cursor: int, wait_s: float) -> PushBatch:
        """All unfetched pushes of a gateway, waiting for them at most ``wait_s``. See the module for the delays."""
        queues, began = self._queues, self._clock.wall()
        queues.open(gateway, began)
        if queues.incarnation(gateway) != incarnation or queues.has_numbered(gateway, cursor):
            return self._fetch(gateway, incarnation, cursor)
        while (left_s := self._limit_s(gateway, wait_s) - (self._clock.wall() - began)) > 0:
            self._new.clear()
            try:
                async with asyncio.timeout(left_s):
                    await self._new.wait()
            except TimeoutError:
                break
            if queues.has_numbered(gateway, cursor):
                await asyncio.sleep(GATHER_S)
                break
        return self._fetch(gateway, incarnation, cursor)

    def _limit_s(self, gateway: str, wait_s: float) -> float:
        return min(wait_s, RELAXED_PUSH_S) if self._queues.has_latest(gateway) else wait_s

    def _fetch(self, gateway: str, incarnation: str, cursor: int) -> PushBatch:
        return self._queues.fetch(gateway, incarnation, cursor, self._clock.wall())

    def wake(self) -> None:
        if self._queues.take_new():
            self._new.set()
