"""Publishes the live map's frames cell by cell on the bus. Lossy by design: the cell's next full frame repairs any gap.

The bus returns the number of receivers. After a full round without any, frames are published only once a second until
there is a receiver.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from dispatch.actors.runtime.lazy_start import Publisher
from dispatch.api.live_map.cell_index import CellIndex
from dispatch.api.live_map.cell_members import TURNS
from dispatch.api.live_map.vehicle_slots import MapPosition
from dispatch.clock import Clock
from dispatch.store.bus import BusMessage, BusUnavailableError
from dispatch.store.buses import keys

log = structlog.get_logger()

FRAME_S: Final = 0.2
"""Wall seconds between frames. Each cell has a full frame every ``FRAME_S`` x ``TURNS`` = 5 s."""
WHOLE_KEPT_S: Final = 3 * FRAME_S * TURNS
"""Lifetime of a stored full frame, for consoles that connect later."""
COUNTS_EVERY: Final = 5
"""Turns between two counts."""
REST_TURNS: Final = 5
"""Turns that share a frame while there are no receivers."""

_encode = msgspec.msgpack.Encoder().encode


class MapPublisher:
    """Publishes the vehicles of the host ``host`` on the channel ``console``."""

    def __init__(
        self, bus: Publisher, clock: Clock, host: str, console: str, moved: Callable[[], list[MapPosition]]
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._console = console
        self._moved = moved
        self._board = CellIndex(host)
        self._counted = False
        self._down = False
        self._turns_without_receivers = 0

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        turn, due = 0, loop.time()
        while True:
            turns = self.turns
            due = max(due + turns * FRAME_S, loop.time())
            await asyncio.sleep(due - loop.time())
            counted, turn = turn // COUNTS_EVERY, turn + turns
            try:
                await self.publish(counts=turn // COUNTS_EVERY > counted)
                self._down = False
            except BusUnavailableError as error:
                if not self._down:
                    log.warning("live map stale: Redis unavailable", error=str(error))
                self._down = True

    @property
    def turns(self) -> int:
        return REST_TURNS if self._turns_without_receivers >= TURNS else 1

    async def publish(self, *, counts: bool) -> None:
        """One frame for each cell that has changed or whose turn it is. Raises ``BusUnavailableError``."""
        now, turns = self._clock.city(), self.turns
        self._board.update(self._moved(), now)
        messages, kept = [], []
        for frame in self._board.frames(now, turns):
            body = _encode(frame)
            messages.append(BusMessage(keys.map_channel(frame.cell, self._console), body))
            if frame.whole:
                kept.append((keys.map_whole(frame.cell, self._console), body))
        frames = len(messages)
        if counts:
            messages.extend(self._counts())
        receivers = await self._bus.publish_many(messages) if messages else []
        self._turns_without_receivers = 0 if any(receivers[:frames]) else self._turns_without_receivers + turns
        if kept:
            await self._bus.put_many(kept, WHOLE_KEPT_S)

    def _counts(self) -> list[BusMessage]:
        counts = self._board.counts(self._clock.city())
        if not counts.cells and not self._counted:
            return []
        self._counted = bool(counts.cells)
        return [BusMessage(keys.map_counts_channel(self._console), _encode(counts))]
