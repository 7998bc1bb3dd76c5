"""The live map's frames, published cell by cell on the bus. Soft: what is lost, the cell's next whole frame mends.

The bus tells how many listened. Where nobody has for a whole round, in which every cell was told, frames come a
second apart, until somebody does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from dispatch.actors.runtime.lazy_bus import Publisher
from dispatch.api.live_map.cell_index import CellIndex
from dispatch.api.live_map.cell_members import TURNS
from dispatch.api.live_map.vehicle_slots import MapPosition
from dispatch.clock import Clock
from dispatch.store.bus import BusMessage, BusUnavailableError
from dispatch.store.buses import keys

log = structlog.get_logger()

FRAME_S: Final = 0.2
"""Wall seconds between frames; a cell is told whole every ``FRAME_S`` x ``TURNS`` = 5 s."""
WHOLE_KEPT_S: Final = 3 * FRAME_S * TURNS
"""How long a whole frame is kept for consoles that come later."""
COUNTS_EVERY: Final = 5
"""Turns between two counts."""
REST_TURNS: Final = 5
"""Turns that are told at once while nobody looks."""

_encode = msgspec.msgpack.Encoder().encode


class MapPublisher:
    """Publishes the cars of the host ``host``, under the name ``console`` that consoles know it by."""

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
        self._unheard_turns = 0

    async def run(self) -> None:
        """Publish for ever."""
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
                    log.warning("the map stands still: no bus", error=str(error))
                self._down = True

    @property
    def turns(self) -> int:
        """How many turns the next frames are of."""
        return REST_TURNS if self._unheard_turns >= TURNS else 1

    async def publish(self, *, counts: bool) -> None:
        """One frame of each cell where something changed or whose turn it is. Raises ``BusUnavailableError``."""
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
        listeners = await self._bus.publish_many(messages) if messages else []
        self._unheard_turns = 0 if any(listeners[:frames]) else self._unheard_turns + turns
        if kept:
            await self._bus.put_many(kept, WHOLE_KEPT_S)

    def _counts(self) -> list[BusMessage]:
        """The counts; none where there was nothing to count twice in a row."""
        told = self._board.counts(self._clock.city())
        if not told.cells and not self._counted:
            return []
        self._counted = bool(told.cells)
        return [BusMessage(keys.map_counts_channel(self._console), _encode(told))]
