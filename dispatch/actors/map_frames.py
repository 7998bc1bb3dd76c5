"""The live map: where every car is, published cell by cell on the bus. Soft: lost frames are replaced by the next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import structlog

from dispatch.actors.fix_desk import Position
from dispatch.actors.late_bus import Publisher
from dispatch.clock import Clock
from dispatch.geo.cells import Cell, cell_name, cells_of
from dispatch.messages import MapFrame
from dispatch.store import keys
from dispatch.store.bus import BusUnavailableError, Message

log = structlog.get_logger()

RESOLUTION: Final = 7
FRAME_S: Final = 1.0
SNAPSHOT_EVERY: Final = 5
"""Every fifth frame holds all cars of the cell, for consoles that have just come."""

_encode = msgspec.msgpack.Encoder().encode


class MapFrames:
    """Publishes the cars of one host once a second of wall time."""

    def __init__(
        self, bus: Publisher, clock: Clock, moved: Callable[[], list[Position]], everyone: Callable[[], list[Position]]
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._moved = moved
        self._everyone = everyone
        self._cell_of: dict[str, Cell] = {}
        self._down = False

    async def run(self) -> None:
        """Publish for ever."""
        count = 0
        while True:
            await asyncio.sleep(FRAME_S)
            count += 1
            moved = self._moved()
            try:
                await self._publish(self._everyone() if count % SNAPSHOT_EVERY == 0 else moved)
                self._down = False
            except BusUnavailableError as error:
                if not self._down:
                    log.warning("the map stands still: no bus", error=str(error))
                self._down = True

    async def _publish(self, positions: Sequence[Position]) -> None:
        if not positions:
            return
        at = self._clock.city()
        found = cells_of([p.lat for p in positions], [p.lng for p in positions], RESOLUTION)
        frames: dict[Cell, list[tuple[str, str, float, float, float | None, float]]] = {}
        for position, cell in zip(positions, found, strict=True):
            row = (position.vehicle, position.state, position.lat, position.lng, position.heading, position.at)
            frames.setdefault(cell, []).append(row)
            before = self._cell_of.get(position.vehicle)
            if before is not None and before != cell:
                frames.setdefault(before, []).append((position.vehicle, "elsewhere", *row[2:]))
            self._cell_of[position.vehicle] = cell
        messages = []
        for cell, cars in frames.items():
            name = cell_name(cell)
            messages.append(Message(keys.map_channel(name), _encode(MapFrame(name, at, cars))))
        await self._bus.publish_many(messages)
