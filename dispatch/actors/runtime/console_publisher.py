"""Publishes changed trips and alarms of a host to all consoles. A console that was offline reads the journal.

For a slow reader the bus keeps only the latest message of a channel. Each frame therefore repeats the last alarms;
readers identify an alarm by name and time.
"""

import asyncio
from collections import deque
from typing import Final

import msgspec
import structlog

from dispatch.actors.runtime.lazy_start import Publisher
from dispatch.api.fields import TripView
from dispatch.api.server_messages import Alarm, TripNotice
from dispatch.store.bus import BusMessage, BusUnavailableError
from dispatch.store.buses import keys

log = structlog.get_logger()

FRAME_S: Final = 0.25
ALARMS_REPEATED: Final = 20


class ConsoleFrame(msgspec.Struct, frozen=True, array_like=True):
    """One frame: trips that changed since the last one, and the latest alarms."""

    trips: list[TripNotice]
    alarms: list[Alarm]


class ConsolePublisher:
    """Publishes the frames of one host."""

    def __init__(self, bus: Publisher, host: str) -> None:
        self._bus = bus
        self._channel = keys.console_channel(host)
        self._trips: dict[str, TripView] = {}
        self._alarms: deque[Alarm] = deque(maxlen=ALARMS_REPEATED)
        self._changed = asyncio.Event()

    def trip(self, view: TripView) -> None:
        self._trips[view.trip] = view
        self._changed.set()

    def alarm(self, alarm: Alarm) -> None:
        self._alarms.append(alarm)
        self._changed.set()

    async def run(self) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(FRAME_S)
            self._changed.clear()
            frame = ConsoleFrame([TripNotice(view) for view in self._trips.values()], list(self._alarms))
            self._trips.clear()
            try:
                await self._bus.publish_many([BusMessage(self._channel, msgspec.msgpack.encode(frame))])
            except BusUnavailableError as error:
                log.debug("console frame lost: Redis unavailable", error=str(error))
