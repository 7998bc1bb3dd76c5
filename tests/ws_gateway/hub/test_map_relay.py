"""How frames of the map get from the bus to the consoles."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable

import msgspec
import pytest

from dispatch.api.fields import CellFrame
from dispatch.api.server_messages import MapFrames
from tests.ws_gateway.conftest import eventually
from ws_gateway.hub import map_relay
from ws_gateway.hub.map_relay import MapRelay
from ws_gateway.ports import MapCountsNotice, MapFrameNotice

C1, C2 = "872830828ffffff", "87283082affffff"


def frame(cell: str = C1, *, host: str = "vehicle-0", whole: bool = False, at: float = 1.0) -> MapFrameNotice:
    """A frame whose time tells it apart."""
    return MapFrameNotice(cell, host, msgspec.msgpack.encode(CellFrame(cell, host, at, whole, b"")))


class QuietBus:
    """Remembers what is listened to; ``kept`` are the whole frames that hosts have put."""

    def __init__(self) -> None:
        self.cells: set[str] = set()
        self.counts = False
        self.kept: list[MapFrameNotice] = []

    async def watch(self, cells: Iterable[str]) -> None:
        self.cells.update(cells)

    async def unwatch(self, cells: Iterable[str]) -> None:
        self.cells.difference_update(cells)

    async def full_frames(self, cells: Iterable[str]) -> list[MapFrameNotice]:
        wanted = set(cells)
        return [notice for notice in self.kept if notice.cell in wanted]

    async def watch_counts(self) -> None:
        self.counts = True

    async def unwatch_counts(self) -> None:
        self.counts = False


class Screen:
    """A console; ``reads`` says whether it keeps up."""

    def __init__(self) -> None:
        self.watches: tuple[str, ...] = ()
        self.watches_counts = False
        self.reads = True
        self.heard: list[tuple[bytes, str]] = []

    def has_unsent_map(self) -> bool:
        return not self.reads

    def relay(self, message: bytes, slot: str) -> None:
        self.heard.append((message, slot))

    def frames(self) -> list[list[tuple[str, float]]]:
        """Cell and time of the frames of each message."""
        messages = [msgspec.msgpack.decode(message, type=MapFrames) for message, slot in self.heard if slot == "map"]
        return [[(each.cell, each.at) for each in message.frames] for message in messages]


class Stage:
    """A relay whose jobs run at once."""

    def __init__(self) -> None:
        self.bus = QuietBus()
        self.relay = MapRelay(self.bus, self._aside)
        self._jobs: set[asyncio.Future[None]] = set()

    def _aside(self, job: Awaitable[None]) -> None:
        self._jobs.add(asyncio.ensure_future(job))

    async def watch(self, screen: Screen, *cells: str, counts: bool = False) -> None:
        self.relay.watch(screen, cells, counts=counts)
        await asyncio.gather(*self._jobs)
        self._jobs.clear()


async def settle() -> None:
    """Let frames that are gathered go out: without a delay that takes some turns of the event loop."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_relay, "JOIN_S", 0.0)


async def test_frames_that_come_together_go_out_together() -> None:
    """One message for what comes in a moment, of the watched cells only; consoles with one view share its bytes."""
    stage, one, two, other = Stage(), Screen(), Screen(), Screen()
    await stage.watch(one, C1, C2)
    await stage.watch(two, C1, C2)
    await stage.watch(other, C2)
    for notice in (frame(C1), frame(C2), frame(C1, host="vehicle-1", at=2.0)):
        stage.relay.relay_frame(notice)
    await eventually(lambda: one.heard and two.heard and other.heard)
    assert one.frames() == [[(C1, 1.0), (C2, 1.0), (C1, 2.0)]]
    assert other.frames() == [[(C2, 1.0)]]
    assert one.heard[0][0] is two.heard[0][0]


async def test_a_console_that_does_not_keep_up_loses_nothing() -> None:
    """Its frames wait; a whole frame takes the place of what waited of that cell and host, and of nothing else."""
    stage, slow = Stage(), Screen()
    await stage.watch(slow, C1)
    slow.reads = False
    for at in (1.0, 2.0):
        stage.relay.relay_frame(frame(at=at))
    stage.relay.relay_frame(frame(host="vehicle-1", at=2.5))
    await settle()
    stage.relay.relay_frame(frame(whole=True, at=3.0))
    stage.relay.relay_frame(frame(at=4.0))
    assert slow.heard == []
    slow.reads = True
    await eventually(lambda: slow.heard)
    assert slow.frames() == [[(C1, 3.0), (C1, 4.0), (C1, 2.5)]]


async def test_hosts_that_share_a_name_keep_their_frames() -> None:
    """Where each vehicle is a host, a whole frame of one does not take another's place."""
    stage, screen = Stage(), Screen()
    await stage.watch(screen, C1)
    for host, at in (("vehicle/V1", 1.0), ("vehicle/V2", 2.0), ("vehicle/V1", 3.0)):
        body = frame(host=host, whole=True, at=at).frame
        stage.relay.relay_frame(MapFrameNotice(C1, "vehicle-3", body))
    await eventually(lambda: screen.heard)
    assert screen.frames() == [[(C1, 2.0), (C1, 3.0)]]


async def test_a_new_cell_is_told_whole_at_once() -> None:
    """From what is kept on the bus; cells that were watched before are not told again."""
    stage, screen = Stage(), Screen()
    stage.bus.kept = [frame(C1, whole=True), frame(C2, whole=True, at=2.0)]
    await stage.watch(screen, C1)
    await eventually(lambda: screen.heard)
    await stage.watch(screen, C1, C2)
    await eventually(lambda: len(screen.heard) > 1)
    assert screen.frames() == [[(C1, 1.0)], [(C2, 2.0)]]


async def test_what_nobody_watches_is_not_listened_to() -> None:
    """Cells and counts are left with their last watcher, and nothing of it remains."""
    stage, one, two = Stage(), Screen(), Screen()
    await stage.watch(one, C1, C2, counts=True)
    await stage.watch(two, C2)
    assert (stage.bus.cells, stage.bus.counts) == ({C1, C2}, True)
    stage.relay.relay_frame(frame(C1))
    stage.relay.remove_console(one)
    await stage.watch(two)
    assert (stage.bus.cells, stage.bus.counts) == (set(), False)
    assert stage.relay.entries == 0
    await settle()
    assert one.heard == []


async def test_a_console_that_pans_to_and_fro() -> None:
    """Is listened for where it looks in the end, however its wishes overtake one another."""
    stage, screen = Stage(), Screen()
    for cells in ((C1,), (C2,), (C1,), (C2,), (C1,)):
        stage.relay.watch(screen, cells, counts=False)
    await stage.watch(screen, C1)
    assert stage.bus.cells == {C1}


async def test_counts_reach_those_who_asked() -> None:
    """Each host's counts in a slot of their own."""
    stage, one, two = Stage(), Screen(), Screen()
    await stage.watch(one, counts=True)
    await stage.watch(two, C1)
    stage.relay.relay_counts(MapCountsNotice("vehicle-0", b"counts"))
    assert one.heard == [(b"counts", "map_counts vehicle-0")]
    assert two.heard == []


async def test_a_halted_map_passes_nothing_on_and_comes_back_whole() -> None:
    """Frames and counts meanwhile are lost; then each console gets its cells as hosts keep them."""
    stage, screen = Stage(), Screen()
    await stage.watch(screen, C1, counts=True)
    stage.relay.relay_frame(frame(at=1.0))
    stage.relay.halt()
    stage.relay.relay_frame(frame(at=2.0))
    stage.relay.relay_counts(MapCountsNotice("vehicle-0", b"counts"))
    await settle()
    assert screen.heard == []
    stage.bus.kept = [frame(whole=True, at=3.0)]
    stage.relay.resume()
    stage.relay.relay_frame(frame(at=4.0))

    def told() -> list[tuple[str, float]]:
        return [each for message in screen.frames() for each in message]

    await eventually(lambda: (C1, 4.0) in told())
    assert told() == [(C1, 3.0), (C1, 4.0)]
