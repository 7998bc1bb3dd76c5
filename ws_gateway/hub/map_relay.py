"""Relays the live map's frames from the bus to the consoles that watch their cells.

Rule 1. Frames that arrive within ``JOIN_S`` leave as one message, joined from their bytes; consoles with the same view
        share it.
Rule 2. A console with an unsent map message gets no further one: its frames wait here, and a full frame replaces the
        waiting frames of its cell and host. No position is lost, and the console lags by at most one round.
Rule 3. For a newly watched cell, the console gets the full frames that hosts store on the bus at once.
Rule 4. While the relay is halted, no frame is sent; on resumption every console gets its cells in full.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, Protocol

from dispatch.api.live_map.cell_codec import head_of, joined
from ws_gateway.ports import MapBus, MapCountsNotice, MapFrameNotice

JOIN_S: Final = 0.05
"""Wall seconds for which frames are gathered."""
MAP_SLOT: Final = "map"


class MapConsole(Protocol):
    """A connection that watches the map."""

    watches: tuple[str, ...]
    watches_counts: bool

    def has_unsent_map(self) -> bool: ...
    def relay(self, message: bytes, slot: str) -> None: ...


class MapRelay:
    """Watchers by cell, and waiting frames by console. ``run_in_background`` starts a job without waiting for it."""

    def __init__(self, bus: MapBus, run_in_background: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        self._bus = bus
        self._run_in_background = run_in_background
        self._watchers: dict[str, dict[MapConsole, None]] = {}
        self._counting: dict[MapConsole, None] = {}
        self._waiting: dict[MapConsole, dict[tuple[str, str], list[bytes]]] = {}
        self._flush_at: asyncio.TimerHandle | None = None
        self._switching = asyncio.Lock()
        self.halted = False

    def halt(self) -> None:
        self.halted = True
        self._waiting.clear()

    def resume(self) -> None:
        """Start with full cells, because frames were dropped while halted."""
        self.halted = False
        consoles = dict.fromkeys(each for watching in self._watchers.values() for each in watching)
        for console in consoles:
            self._run_in_background(self._send_full(console, console.watches))

    @property
    def entries(self) -> int:
        return len(self._watchers) + len(self._counting) + len(self._waiting)

    def watch(self, console: MapConsole, cells: tuple[str, ...], *, counts: bool) -> None:
        """Replaces the cells that the console watched before."""
        before, console.watches = console.watches, cells
        new = [cell for cell in cells if cell not in before]
        for cell in cells:
            self._watchers.setdefault(cell, {})[console] = None
        for cell in set(before).difference(cells):
            del self._watchers[cell][console]
        gone = [cell for cell in before if not self._watchers[cell]]
        for cell in gone:
            del self._watchers[cell]
        self._drop_unwatched(console, cells)
        self._run_in_background(self._switch(console, gone, cells, new))
        self._watch_counts(console, counts=counts)

    def remove_console(self, console: MapConsole) -> None:
        if console.watches or console.watches_counts:
            self.watch(console, (), counts=False)

    def _drop_unwatched(self, console: MapConsole, cells: tuple[str, ...]) -> None:
        waiting = self._waiting.pop(console, {})
        kept = {key: frames for key, frames in waiting.items() if key[0] in cells}
        if kept:
            self._waiting[console] = kept

    async def _switch(self, console: MapConsole, gone: list[str], cells: Sequence[str], new: list[str]) -> None:
        """Subscribe before fetching the full frames, so that none is missed. Runs one at a time, with the cells that
        are watched by then."""
        async with self._switching:
            await self._bus.unwatch([cell for cell in gone if cell not in self._watchers])
            await self._bus.watch([cell for cell in cells if cell in self._watchers])
        await self._send_full(console, new)

    async def _send_full(self, console: MapConsole, cells: Sequence[str]) -> None:
        for notice in await self._bus.full_frames(cells):
            self._add(console, notice, whole=True, first=True)
        self._flush_soon()

    def _watch_counts(self, console: MapConsole, *, counts: bool) -> None:
        console.watches_counts = counts
        watched = bool(self._counting)
        if counts:
            self._counting[console] = None
        else:
            self._counting.pop(console, None)
        if bool(self._counting) != watched:
            self._run_in_background(self._bus.unwatch_counts() if watched else self._bus.watch_counts())

    def relay_counts(self, notice: MapCountsNotice) -> None:
        for console in () if self.halted else list(self._counting):
            console.relay(notice.message, f"map_counts {notice.host}")

    def relay_frame(self, notice: MapFrameNotice) -> None:
        consoles = self._watchers.get(notice.cell)
        if not consoles or self.halted:
            return
        whole = head_of(notice.frame).whole
        for console in consoles:
            self._add(console, notice, whole=whole)
        self._flush_soon()

    def _add(self, console: MapConsole, notice: MapFrameNotice, *, whole: bool, first: bool = False) -> None:
        if self.halted or notice.cell not in console.watches:
            return  # it looks elsewhere by now
        waiting = self._waiting.setdefault(console, {})
        frames = waiting.setdefault((notice.cell, notice.host), [])
        if first:
            frames.insert(0, notice.frame)  # what came meanwhile is newer
            return
        if whole and frames:
            host = head_of(notice.frame).host  # hosts of one vehicle each share a name on the bus
            frames[:] = [frame for frame in frames if head_of(frame).host != host]
        frames.append(notice.frame)

    def _flush_soon(self) -> None:
        if self._flush_at is None and self._waiting:
            self._flush_at = asyncio.get_running_loop().call_later(JOIN_S, self._flush)

    def _flush(self) -> None:
        self._flush_at = None
        messages: dict[tuple[bytes, ...], bytes] = {}
        for console in list(self._waiting):
            if console.has_unsent_map():
                continue
            frames = tuple(frame for each in self._waiting.pop(console).values() for frame in each)
            message = messages.get(frames)
            if message is None:
                message = messages[frames] = joined(frames)
            console.relay(message, MAP_SLOT)
        self._flush_soon()
